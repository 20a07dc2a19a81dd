"""Parts and messages that mlcore writes (RFC 2045, 2046)."""

import re
from collections.abc import Sequence
from typing import Final

from mlcore.mail import transfer
from mlcore.mail.content_type import ContentType
from mlcore.mail.fields import Fields
from mlcore.mail.mime import Part, made

_NO_FIELDS: Final = Fields(())


def text(text: str, *, charset: str = "utf-8", subtype: str = "plain") -> Part:
    """A part text/`subtype` (`transfer.encode_text`): in `charset` if it can hold the text, else in UTF-8."""
    body, label, encoding = transfer.encode_text(text, charset)
    fields = _NO_FIELDS.append("Content-Type", ContentType("text", subtype, {"charset": label}).octets())
    return made(fields.append("Content-Transfer-Encoding", encoding.encode()), body)


def empty(*, charset: str, encoding: str) -> Part:
    """A part text/plain whose text is still missing."""
    fields = _NO_FIELDS.append("Content-Type", ContentType("text", "plain", {"charset": charset}).octets())
    return made(fields.append("Content-Transfer-Encoding", encoding.encode()), b"")


def in_base64(part: Part) -> Part:
    """The same content in base64, so that no line of it can be taken for a delimiter."""
    fields = part.fields.replace("Content-Transfer-Encoding", b"base64")
    return made(fields, transfer.encode(part.decoded(), "base64"))


def message(octets: bytes) -> Part:
    """A message as a part message/rfc822, its octets as they are; with 8-bit inside, that is said."""
    encoding = b"7bit" if transfer.fits_7bit(octets) else b"8bit"
    fields = _NO_FIELDS.append("Content-Type", b"message/rfc822")
    return made(fields.append("Content-Transfer-Encoding", encoding), octets)


def mixed(parts: Sequence[Part], *, boundary: str, subtype: str = "mixed") -> Part:
    """A part multipart/`subtype` of these parts (RFC 2046 5.1), with 8bit where one of them has 8-bit octets
    (RFC 2045 6.4). boundary: what `boundary` gives; it is extended until it occurs in none of the parts."""
    wholes = [part.octets() for part in parts]
    kind = ContentType("multipart", subtype, {"boundary": _free(boundary, wholes)})
    fields = _NO_FIELDS.append("Content-Type", kind.octets())
    if not all(map(bytes.isascii, wholes)):
        fields = fields.append("Content-Transfer-Encoding", b"8bit")
    return Part(fields, kind, tuple(parts), epilogue=b"\r\n")


def parted(fields: Fields) -> tuple[Fields, Fields]:
    """The fields about the content of a message (RFC 2045 3: `Content-…`), and all others."""
    pairs = list(zip(fields.names(), fields.raw, strict=True))
    content = tuple([raw for name, raw in pairs if name.startswith("content-")])
    others = tuple([raw for name, raw in pairs if not name.startswith("content-")])
    return Fields(content), Fields(others)


def boundary(root: str, number: int) -> str:
    """A boundary that derives from the root of a spool entry, so that a step made again gives the same one.
    number: tells those of one message apart."""
    return f"=_{root}.{number}"


def _free(boundary: str, wholes: Sequence[bytes]) -> str:
    """`boundary`, made longer than any that begins with it; one look at each part, whatever it holds."""
    taken = re.compile(re.escape(b"--" + boundary.encode()) + rb"_*")
    longest = max((len(found[0]) for whole in wholes for found in taken.finditer(whole)), default=0)
    return boundary + "_" * max(longest - len(boundary) - 1, 0)
