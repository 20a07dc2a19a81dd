"""Text in header fields: encoded words (RFC 2047), raw UTF-8 (RFC 6532), folding (RFC 5322 2.2.3).

Whatever comes in gives some text, on one line; whatever goes out is ASCII, and no text can add a line
that is not a continuation (P9)."""

import functools
import re
from base64 import b64encode
from binascii import a2b_base64, a2b_qp
from typing import Final

from mlcore.mail import charsets

_LINE: Final = 78
_LINE_WITH_WORDS: Final = 76
"""Octets of a line that holds an encoded word (RFC 2047 2)."""
_LONGEST_WORD: Final = 75
_LEAST_ROOM: Final = 40
"""Octets that hold the frame of an encoded word of every charset and one character."""
_OFTEN: Final = 300
_LONGEST_TOKEN: Final = 900
"""A longer one would come near the 998 octets of a line (RFC 5322 2.1.1) and is encoded to be folded."""

# The text may hold "?" though it must not; the bound keeps many false starts from a scan to the end each.
_ENCODED_WORD: Final = re.compile(
    r"=\?([!-)+->@-~]{1,64})(?:\*[A-Za-z0-9-]{0,64})?\?([BbQq])\?([\t ->@-~]*(?:\?(?!=)[\t ->@-~]*){0,4})\?="
)
_FOLD: Final = re.compile(r"\r\n(?=[ \t])")
_BREAKS: Final = re.compile(r"[\t-\r\x85\u2028\u2029]+")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_SURROGATES: Final = re.compile(r"[\ud800-\udfff]")
_NO_BASE64: Final = re.compile(r"[^A-Za-z0-9+/]+")
_TOKEN: Final = re.compile(r" *[^ ]+")
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_QUOTED: Final = re.compile(r'["\\]')

# RFC 2047 5 (3): what may stand for itself even in a phrase.
_SAFE: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_Q: Final = tuple("_" if o == 0x20 else chr(o) if o in _SAFE else f"={o:02X}" for o in range(256))
_SAFE_OR_SPACE: Final = bytes([*_SAFE, 0x20])


def one_line(text: str) -> str:
    """`text` without control characters; a run of line breaks or tabs becomes a blank, a surrogate U+FFFD."""
    if text.isprintable():
        return text
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub("", _BREAKS.sub(" ", text)))


def decode(octets: bytes | str) -> str:
    """The text of a field body: unfolded, encoded words and charsets decoded, on one line. Never raises.

    Blanks between two encoded words are no text (RFC 2047 6.2). Neighbours of one charset are joined as
    octets first: some writers cut a character in two."""
    return _decoded(octets) if len(octets) <= _OFTEN else _decode(octets)


@functools.lru_cache(maxsize=256)
def _decoded(octets: bytes | str) -> str:
    """The same for short ones: a dozen rules and handlers ask for the Subject of one post."""
    return _decode(octets)


def _decode(octets: bytes | str) -> str:
    text = octets if isinstance(octets, str) else charsets.guess(octets)
    if "\n" in text:
        text = _FOLD.sub("", text)
    if "=?" in text:
        text = _decode_words(text)
    return one_line(text)


def _decode_words(text: str) -> str:
    parts: list[str] = []
    label = ""
    pending: list[bytes] = []
    end = 0
    for word in _ENCODED_WORD.finditer(text):
        gap = text[end : word.start()]
        gap_is_text = bool(gap) and not (pending and not gap.strip(" \t\r\n"))
        if pending and (gap_is_text or word[1].lower() != label):
            parts.append(charsets.decode(b"".join(pending), label))
            pending = []
        if gap_is_text:
            parts.append(gap)
        label = word[1].lower()
        pending.append(_base64(word[3]) if word[2] in "Bb" else a2b_qp(word[3], header=True))
        end = word.end()
    if pending:
        parts.append(charsets.decode(b"".join(pending), label))
    parts.append(text[end:])
    return "".join(parts)


def _base64(text: str) -> bytes:
    """What can be read of base64 that may hold foreign characters or lack its padding."""
    digits = _NO_BASE64.sub("", text)
    if len(digits) % 4 == 1:
        digits = digits[:-1]
    return a2b_base64(digits + "=" * (-len(digits) % 4))


def encode(text: str, *, charset: str = "utf-8", first_column: int) -> bytes:
    """`text` as an unstructured field body, ASCII and folded; first_column: octets already on its first line.

    ASCII stands as it is and is folded at blanks only. What is not ASCII goes into encoded words of at most
    75 octets, in `charset` where that can hold it, else in UTF-8; lines hold 78 octets, and 76 beside encoded
    words, where a fold can do it. Control characters are dropped (P9), and blanks at both ends. `decode`
    gives the text back."""
    text = one_line(text).strip(" ")
    if first_column + len(text) <= _LINE and text.isascii() and "=?" not in text:
        return text.encode("ascii")
    tokens = _TOKEN.findall(text)
    special = [number for number, token in enumerate(tokens) if _must_be_encoded(token)]
    if not special:
        return _fold(tokens, first_column)[0].encode("ascii")
    start, stop = special[0], special[-1] + 1
    before, column = _fold(tokens[:start], first_column)
    within = "".join(tokens[start:stop])
    bare = within.lstrip(" ")
    words, column = _Coder(bare, charset).words(column, gap=within[: len(within) - len(bare)])
    after, column = _fold(tokens[stop:], column, _LINE_WITH_WORDS)
    return (before + words + after).encode("ascii")


def phrase(text: str, charset: str = "utf-8", *, first_column: int = 0) -> bytes:
    """`text` as a display-name (RFC 5322 3.2.5): atoms, else a quoted-string, else encoded words.

    ASCII, folded like `encode`; empty for an empty name."""
    text = one_line(text).strip(" ")
    if not text:
        return b""
    if text.isascii() and "=?" not in text:
        if not _ATOMS.fullmatch(text):
            text = '"' + _QUOTED.sub(r"\\\g<0>", text) + '"'
        tokens = _TOKEN.findall(text)
        if max(map(len, tokens)) <= _LONGEST_TOKEN:
            return _fold(tokens, first_column)[0].encode("ascii")
    return _Coder(text, charset).words(first_column, gap="")[0].encode("ascii")


def _must_be_encoded(token: str) -> bool:
    """Also an ASCII token that a reader would take for an encoded word."""
    return not token.isascii() or "=?" in token or len(token) > _LONGEST_TOKEN


def with_address(phrase: bytes, address: bytes, *, first_column: int) -> bytes:
    """A display-name and what stands behind it in angle brackets, on a line of its own if it has to be."""
    last = phrase.rpartition(b"\r\n")[2]
    column = len(last) + (first_column if last == phrase else 0)
    limit = _LINE_WITH_WORDS if b"=?" in last else _LINE
    fold = b"\r\n" if column + len(address) + 2 > limit else b""  # a blank, and a comma that may follow
    return phrase + fold + b" " + address


def _fold(tokens: list[str], column: int, limit: int = _LINE) -> tuple[str, int]:
    """The tokens (each but the first begins with a blank) on lines of `limit` octets; the column then."""
    parts: list[str] = []
    for token in tokens:
        if column + len(token) > limit and token[0] == " ":
            parts.append("\r\n")
            column = 0
        parts.append(token)
        column += len(token)
    return "".join(parts), column


class _Coder:
    """Writes one text as encoded words of one charset and one encoding."""

    def __init__(self, text: str, charset: str) -> None:
        self._text = text
        codec = charsets.codec_of(charset)
        data = _representable(text, codec)
        if codec is None or data is None:
            charset, codec = "utf-8", "utf-8"
            data = text.encode()
        self._codec = codec
        # A word of ISO-2022-JP holds escapes: always B (RFC 1468). Otherwise Q, unless it is much longer:
        # it can be read as it stands.
        q_size = len(data) + 2 * len(data.translate(None, _SAFE_OR_SPACE))
        self._is_q = not codec.startswith("iso2022") and q_size * 2 <= (len(data) + 2) // 3 * 4 * 3
        self._frame = f"=?{charset.lower()}?{'q' if self._is_q else 'b'}?"

    def words(self, column: int, *, gap: str) -> tuple[str, int]:
        """The words with folds between them, and the column after the last. gap: blanks before the first."""
        parts: list[str] = []
        position = 0
        while position < len(self._text):
            if _LINE_WITH_WORDS - column - len(gap) < _LEAST_ROOM:
                gap = gap or " "
                parts.append("\r\n")
                column = 0
            column += len(gap)
            size, word = self._longest(
                position, min(_LONGEST_WORD, max(_LEAST_ROOM, _LINE_WITH_WORDS - column))
            )
            parts += (gap, word)
            column += len(word)
            position += size
            gap = " "
        return "".join(parts), column

    def _longest(self, position: int, room: int) -> tuple[int, str]:
        """The most characters from `position` on that fit into a word of `room` octets, and that word."""
        size, word = 1, self._word(self._text[position : position + 1])
        too_many = min(len(self._text) - position, room) + 1
        while too_many - size > 1:
            middle = (size + too_many) // 2
            longer = self._word(self._text[position : position + middle])
            if len(longer) <= room:
                size, word = middle, longer
            else:
                too_many = middle
        return size, word

    def _word(self, text: str) -> str:
        """One encoded word; coded by itself, so that it starts and ends in the ASCII state."""
        data = text.encode(self._codec)
        coded = "".join([_Q[octet] for octet in data]) if self._is_q else b64encode(data).decode("ascii")
        return f"{self._frame}{coded}?="


def _representable(text: str, codec: str | None) -> bytes | None:
    """The octets of `text` if a reader gets the same text back (Shift_JIS, for one, loses the yen sign)."""
    if codec is None or codec.startswith(("utf_16", "utf_32")):
        return None
    try:
        data = text.encode(codec)
        return data if data.decode(codec) == text else None
    except UnicodeError:
        return None
