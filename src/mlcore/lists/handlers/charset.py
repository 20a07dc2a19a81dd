"""In which charset text is added to a header field: who can read the author should be able to read it."""

import re
from base64 import b64encode
from typing import Final

from mlcore.mail import charsets

_LABEL: Final = re.compile(rb"=\?([!-)+->@-~]{1,64})(?:\*[A-Za-z0-9-]{0,64})?\?[BbQq]\?")
_UTF_8: Final = "utf-8"
_LONGEST_WORD: Final = 75


def label(raw: bytes) -> str:
    """The charset of the first encoded word (RFC 2047) in a raw field body, lower case; empty: there is none,
    or one that is not known."""
    found = _LABEL.search(raw)
    name = found[1].decode("ascii").lower() if found else ""
    return name if charsets.codec_of(name) else ""


def chosen(text: str, *wanted: str) -> str:
    """The first of `wanted` that can hold `text`, else UTF-8. An empty or unknown one holds nothing."""
    return next((charset for charset in wanted if charsets.encode(text, charset) is not None), _UTF_8)


def words(text: str, charset: str, *, first_column: int) -> bytes:
    """`text`, with the blanks at its ends, as encoded words (RFC 2047 5 (3), base64) on lines of their own.
    first_column: octets, some ten at most, already on the first line.

    charset: one that can hold it (`chosen`); for text of one line, and some hundred characters at most."""
    codec = charsets.codec_of(charset) or _UTF_8
    room = (_LONGEST_WORD - first_column - len(f"=?{charset}?b??=")) // 4 * 3
    found: list[bytes] = []
    piece = b""
    start = 0
    for end in range(1, len(text) + 1):
        # Coded anew from its first character, so that each word begins and ends in the ASCII state.
        longer = text[start:end].encode(codec)
        if len(longer) > room:
            found.append(piece)
            start = end - 1
            longer = text[start:end].encode(codec)
        piece = longer
    found.append(piece)
    head = f"=?{charset}?b?".encode()
    return b"\r\n ".join([head + b64encode(data) + b"?=" for data in found])
