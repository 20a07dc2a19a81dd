"""Text of strangers and of settings made fit for one line of a log, a row or a notice (P9, P27)."""

from typing import Final

from mlcore.mail import words

_ESCAPES: Final = str.maketrans(
    {chr(code): f"\\x{code:02x}" for code in (*range(0x20), 0x7F)}
    | {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}
)


def one_line(text: str, limit: int) -> str:
    """`text` on one line, without control characters, ends stripped, at most `limit` characters."""
    # Cut before and after: a text of a mebibyte is not scanned for the sake of its first 255 characters.
    return words.one_line(text[: 2 * limit]).strip()[:limit]


def escaped(text: str, limit: int) -> str:
    r"""The first `limit` characters of `text` as printable ASCII; others as `\n`, `\x1b`, `\u3042`.

    Nothing vanishes, so a reader sees what was there. At most 10 · `limit` characters."""
    return text[:limit].translate(_ESCAPES).encode("ascii", "backslashreplace").decode("ascii")
