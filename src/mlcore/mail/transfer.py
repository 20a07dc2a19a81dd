"""Content-Transfer-Encoding (RFC 2045 6): undone whatever came, made so that no next hop needs 8BITMIME."""

import binascii
import contextlib
import re
from base64 import encodebytes
from binascii import a2b_base64, a2b_qp, b2a_qp
from typing import Final

from mlcore.mail import charsets, lines

_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NO_DIGIT: Final = bytes(set(range(256)) - set(_BASE64) - set(b"="))
_UU_BEGIN: Final = re.compile(rb"(?:\A|\n)begin [0-7]{3,4} [^\n]*\n")
_LONG_LINE: Final = re.compile(rb"(?:\A|[\r\n])[^\r\n]{999}")  # from the start of a line only: linear
_PLAIN_ENCODINGS: Final = frozenset({"", "7bit", "8bit", "binary"})


def decode(octets: bytes, encoding: str) -> bytes:
    """`octets` without the transfer encoding of this name (lower case); as they are for one that changes
    nothing or that nobody knows. What cannot be read is left out; base64 ends at its padding. Never
    raises."""
    if encoding == "base64":
        return _decoded_base64(octets)
    if encoding == "quoted-printable":
        return a2b_qp(octets)
    if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        return _decoded_uu(octets)
    return octets


def is_clean(octets: bytes, encoding: str) -> bool:
    """Whether every reader gets the same out of `octets`: nothing is left out, nothing stands behind the
    end, and the encoding is one of RFC 2045."""
    if encoding == "base64":
        digits = b"".join(octets.split())
        return not digits.translate(None, _BASE64 + b"=") and len(digits) % 4 == 0 and _is_padded(digits)
    if encoding == "quoted-printable":
        return octets.isascii()
    return encoding in _PLAIN_ENCODINGS


def encode(octets: bytes, encoding: str) -> bytes:
    """`octets` (text with CRLF line ends) in base64 or quoted-printable, lines of at most 76; as they are
    for any other encoding."""
    if encoding == "base64":
        return encodebytes(octets).replace(b"\n", b"\r\n")
    if encoding == "quoted-printable":
        return _encoded_qp(octets)
    return octets


def encode_text(text: str, charset: str) -> tuple[bytes, str, str]:
    """Body octets, charset label and transfer encoding of `text`: never 8bit, CRLF line ends.

    charset: used if it can hold the text so that a reader gets the same back, else UTF-8. ASCII is labelled
    as such whatever the charset. See `suited` for the encoding."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    octets, label = (text.encode(), "us-ascii") if text.isascii() else in_charset(text, charset)
    body, encoding = suited(octets)
    return body, label, encoding


def in_charset(text: str, charset: str) -> tuple[bytes, str]:
    """The octets of `text` and the label of their charset: `charset` in lower case, or utf-8 where it cannot
    hold the text or is not known."""
    octets = charsets.encode(text, charset)
    if octets is None:
        return text.encode("utf-8", "replace"), "utf-8"
    return octets, charset.lower()


def suited(octets: bytes) -> tuple[bytes, str]:
    """`octets` of a text as 7bit where they fit (ASCII, ISO-2022-JP), else quoted-printable or base64; and
    which of these it is."""
    if fits_7bit(octets):
        return octets, "7bit"
    base64 = encode(octets, "base64")
    quoted = encode(octets, "quoted-printable")
    # Of two that are about as long a person prefers the one that can be read as it stands.
    readable = lines.is_clean(octets) and len(quoted) * 4 <= len(base64) * 5
    return (quoted, "quoted-printable") if readable else (base64, "base64")


def fits_7bit(octets: bytes) -> bool:
    """Whether it may go as it is (RFC 2045 2.7): ASCII in lines of at most 998, without NUL."""
    return octets.isascii() and lines.is_clean(octets) and not has_long_line(octets)


def has_long_line(octets: bytes) -> bool:
    """Whether there is a line of more octets than SMTP carries (RFC 5321 4.5.3.1.6)."""
    return _LONG_LINE.search(octets) is not None


def _decoded_base64(octets: bytes) -> bytes:
    digits = octets.translate(None, _NO_DIGIT).lstrip(b"=").partition(b"=")[0]
    if len(digits) % 4 == 1:
        digits = digits[:-1]
    return a2b_base64(digits + b"=" * (-len(digits) % 4))


def _is_padded(digits: bytes) -> bool:
    """Whether `=` stands at the end alone, at most twice."""
    return b"=" not in digits[:-2] and not (digits[-2:-1] == b"=" != digits[-1:])


def _decoded_uu(octets: bytes) -> bytes:
    """What stands between `begin` and `end` (uuencode of POSIX); a line that cannot be read is left out."""
    begin = _UU_BEGIN.search(octets)
    if begin is None:
        return octets
    parts: list[bytes] = []
    for line in octets[begin.end() :].splitlines():
        if line.strip() == b"end":
            break
        with contextlib.suppress(binascii.Error):
            parts.append(binascii.a2b_uu(line))
    return b"".join(parts)


def _encoded_qp(octets: bytes) -> bytes:
    """Lines stay lines; a blank at the end of one is coded (RFC 2045 6.7 (3))."""
    return b2a_qp(octets.replace(b"\r\n", b"\n"), istext=True).replace(b"\n", b"\r\n")
