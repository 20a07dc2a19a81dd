"""Text of strangers made fit for a terminal (P9): control characters are shown, not carried out."""

from typing import IO, Final

from mlcore.cli.streams import is_utf8

_CONTROLS: Final = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
_DIRECTIONS: Final = {code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
"""Explicit changes of the direction of writing (Unicode UAX 9): they make a line say something else."""
_SEPARATORS: Final = {0x2028: "\\u2028", 0x2029: "\\u2029"}
_LINE: Final = _CONTROLS | _DIRECTIONS | _SEPARATORS | {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t"}
_IN_JSON: Final = {code: f"\\u{code:04x}" for code in _LINE if code >= 0x7F}
"""Below that JSON has escapes of its own, and line feeds between its values."""
_LINES: Final = {code: text for code, text in _LINE.items() if chr(code) not in "\n\t"}


def line(text: str, limit: int = 0) -> str:
    r"""`text` on one line, without anything that steers a terminal: escapes like `\n`, `\x1b`, `\udcff`.

    limit: characters of `text` after which it is cut, with `…` to show it; 0: never."""
    cut = f"{text[:limit]}…" if limit and len(text) > limit else text
    return _encodable(cut.translate(_LINE))


def lines(text: str) -> str:
    """As `line`, but line feeds and tabs stay."""
    return _encodable(text.translate(_LINES))


def json_text(value: object, stream: IO[str], *, indent: int | None = None) -> str:
    """`value` as JSON for `stream`: characters as they are where it takes them all and no terminal is
    steered by them, others as escapes. A lone surrogate, which JSON should not have (RFC 7493 2.1), is ?."""
    import json

    text = json.dumps(value, ensure_ascii=not is_utf8(stream), indent=indent)
    return text.translate(_IN_JSON).encode("utf-8", "replace").decode("utf-8")


def _encodable(text: str) -> str:
    """Lone surrogates, which no encoding has, become escapes."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
