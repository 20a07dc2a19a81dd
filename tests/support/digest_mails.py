"""Posts for digests, digests composed of them, and digests taken apart as a reader's program does: what
writes posts and reads digests is Python's own, not what is tested."""

import binascii
from base64 import b64encode
from collections.abc import Mapping, Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from string import ascii_letters, digits
from typing import Any, Final

from mlcore.config.settings import DigestSettings
from mlcore.lists.digests import compose
from mlcore.lists.digests.model import Issue, Item
from mlcore.lists.digests.posts import Post, taken_apart
from mlcore.lists.model import ListPolicy
from mlcore.texts.texts import Texts
from support.posts import ENTRY, NOW, PLAIN, SITE, policy
from support.texts import texts

ISSUE: Final = Issue(volume=3, number=12, made_at=NOW)
KEPT: Final = DigestSettings().mime_digest_keep_headers
SHOWN: Final = DigestSettings().plain_digest_keep_headers
JAPANESE: Final[Mapping[str, Any]] = {
    "display_name": "蟻の会",
    "preferred_language": "ja",
    "charset": "iso-2022-jp",
}
"""Settings of a list that speaks Japanese as it was written before UTF-8."""
SEVENTY: Final = "-" * 70
THIRTY: Final = "-" * 30
"""The lines before the first message of a plain digest, and between two (RFC 1153)."""

_LONGEST_WORD: Final = 75
"""Characters of an encoded word (RFC 2047 2)."""
_SAFE: Final = (ascii_letters + digits).encode()


def item(octets: bytes = PLAIN) -> Item:
    """A post that waits for a digest."""
    return Item(number=7, octets=octets, arrived_at=NOW)


def mail(*lines: str | bytes, body: bytes = b"Shall we?\r\n") -> Item:
    """A post of these header lines (without CRLF) and no others."""
    octets = b"".join((line.encode() if isinstance(line, str) else line) + b"\r\n" for line in lines)
    return item(octets + b"\r\n" + body)


def post(*lines: str | bytes, body: bytes = b"Shall we?\r\n") -> Post:
    """The same, taken apart: the first of its digest."""
    return taken_apart([mail(*lines, body=body)])[0]


def coded(text: str, charset: str, encoding: str) -> bytes:
    """A body of this text, which has LF line ends, in a codec of Python's and a transfer encoding (RFC 2045
    6); CRLF line ends."""
    octets = text.replace("\n", "\r\n").encode(charset)
    if encoding == "base64":
        lines = [b64encode(octets[start : start + 57]) + b"\r\n" for start in range(0, len(octets), 57)]
        return b"".join(lines)
    if encoding == "quoted-printable":
        return binascii.b2a_qp(octets)
    # Not all that is called 7bit is: mailers write 8-bit text under that label too.
    assert encoding in ("7bit", "8bit")
    return octets


def header_line(name: str, text: str, charset: str, coding: str = "b") -> bytes:
    """A field without its last CRLF. coding: `b` or `q`, in as many encoded words (RFC 2047) as it needs,
    which are folded; empty: the octets as they are, as some mailers wrote them."""
    if not coding:
        return f"{name}: ".encode() + text.encode(charset)
    words: list[bytes] = []
    while text:
        # A word holds whole characters, and begins and ends in ASCII.
        fitting = len(text)
        while len(_word(text[:fitting], charset, coding)) > _LONGEST_WORD:
            fitting -= 1
        words.append(_word(text[:fitting], charset, coding))
        text = text[fitting:]
    return f"{name}: ".encode() + b"\r\n ".join(words)


def _word(text: str, charset: str, coding: str) -> bytes:
    octets = text.encode(charset)
    inside = b64encode(octets) if coding == "b" else b"".join(map(_quoted, octets))
    return b"=?%b?%b?%b?=" % (charset.encode(), coding.encode(), inside)


def _quoted(octet: int) -> bytes:
    """Letters and digits as they are, which is safe wherever the word stands (RFC 2047 5)."""
    return b"%c" % octet if b"%c" % octet in _SAFE else b"=%02X" % octet


def mime(
    *items: Item,
    about: ListPolicy | None = None,
    words: Texts | None = None,
    root: str = ENTRY,
    keep: Sequence[str] = KEPT,
) -> bytes:
    """The digest as MIME. about: the list, else that of `policy()`; words: all that can be said, else what is
    packaged."""
    return compose.mime(
        about or policy(), SITE, words or texts(), ISSUE, items, root=root, now=NOW, keep=keep, base_url=""
    )


def plain(
    *items: Item,
    about: ListPolicy | None = None,
    words: Texts | None = None,
    root: str = ENTRY,
    keep: Sequence[str] = SHOWN,
) -> bytes:
    """The digest as plain text, otherwise as `mime`."""
    return compose.plain(
        about or policy(), SITE, words or texts(), ISSUE, items, root=root, now=NOW, keep=keep, base_url=""
    )


def read(octets: bytes) -> EmailMessage:
    """As a mail program takes it apart; it must find nothing wrong with what is ours, whatever the posts in
    it are."""
    found = message_from_bytes(octets, policy=default)
    assert [part.defects for part in _ours(found) if part.defects] == []
    return found


def _ours(part: Any) -> list[Any]:
    """The part and those in it, but nothing of what stands in a post."""
    if part.get_content_maintype() != "multipart":
        return [part]
    return [part, *[inner for child in part.iter_parts() for inner in _ours(child)]]


def texts_of(octets: bytes) -> dict[str, str]:
    """The texts around the posts of a MIME digest, by their descriptions, in their order."""
    found = [part for part in _ours(read(octets)) if part.get_content_type() == "text/plain"]
    described = {str(part["Content-Description"]): said(part) for part in found}
    assert len(described) == len(found)
    return described


def enclosed(octets: bytes) -> list[EmailMessage]:
    """The posts in a MIME digest."""
    (digest,) = [part for part in _ours(read(octets)) if part.get_content_type() == "multipart/digest"]
    parts = list(digest.iter_parts())
    assert {part.get_content_type() for part in parts} == {"message/rfc822"}
    return [part.get_content() for part in parts]


def said(message: EmailMessage) -> str:
    """The text of a message, or of a part, that is nothing but text; LF line ends. Every octet must be one of
    the charset that it names."""
    assert message.get_content_type() == "text/plain"
    text: str = message.get_content(errors="strict")
    return text.replace("\r\n", "\n")


def burst(text: str) -> tuple[str, list[str], str]:
    """A plain digest, taken apart as RFC 1153 says: what stands before the messages, the messages (the footer
    is one too), and the line at the end with the one below it."""
    before, found, behind = text.replace("\r\n", "\n").partition(f"\n\n{SEVENTY}\n\n")
    assert found
    *messages, end = behind.split(f"\n\n{THIRTY}\n\n")
    return before, messages, end
