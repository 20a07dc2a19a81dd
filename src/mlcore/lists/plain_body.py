"""Text put before and behind the text of a text/plain part, so that not one character of it is lost.

The author's octets stay as they are wherever that is possible: the additions are written in his charset
and his transfer encoding. Otherwise the whole text is written anew, and only if every octet of it can be
read."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mlcore.mail import charsets, lines, transfer
from mlcore.mail.mime import Part, made

LARGEST: Final = 8 << 20
"""Octets of a body that is read as text. To write 60 MiB anew takes ten times as much memory, more than the
worker child has; what is larger is left alone, and the additions stand beside it."""
_LABEL_OF_ASCII: Final = "us-ascii"
_PGP: Final = "-----BEGIN PGP "
_STUFFED: Final = re.compile(r"^(?=[ >]|From )", re.MULTILINE)
_BLANKS_AT_END: Final = re.compile(r"(?<!^--)[ \t]++$", re.MULTILINE)
_ESCAPE: Final = re.compile(rb"\x1b(?:\([A-Z]|\$[@AB]|\$\([A-Z])")
_ASCII_ESCAPE: Final = b"\x1b(B"


@dataclass(frozen=True, slots=True)
class _Text:
    """A text/plain part that can be added to. octets: without transfer encoding; text: what they say."""

    part: Part
    label: str
    octets: bytes
    text: str

    @property
    def is_flowed(self) -> bool:
        return self.part.content_type.params.get("format", "").lower() == "flowed"


def with_text(part: Part, header: str, footer: str, charsets_tried: Iterable[str]) -> Part | None:
    """`part` (text/plain) with `header` before and `footer` behind its text; None if that cannot be done
    without a risk for the text: an attachment, a charset that is unknown or wrong, damaged encoding, more
    than `LARGEST` octets.

    header, footer: lines with LF, without one at the end; empty: none. charsets_tried: where the part's own
    charset cannot hold them, these are tried, then UTF-8. format=flowed is obeyed (RFC 3676)."""
    content = _read(part)
    if content is None:
        return None
    if content.is_flowed:
        header, footer = _as_flowed(header), _as_flowed(footer)
    before = f"{header}\n" if header else ""
    after = f"{_gap(content)}{footer}\n" if footer else ""
    before, after = before.replace("\n", "\r\n"), after.replace("\n", "\r\n")
    return _added(content, before, after) or _written_anew(content, before, after, charsets_tried)


def _read(part: Part) -> _Text | None:
    if part.type != "text/plain" or part.disposition == "attachment":
        return None
    body = part.body
    if len(body) > LARGEST or not transfer.is_clean(body, part.encoding):
        return None
    octets = transfer.decode(body, part.encoding)
    # What says something about the octets as a whole is no longer true of them.
    part = part.with_fields(part.fields.remove("content-md5", "content-length"))
    label = part.content_type.charset
    text = charsets.exactly(octets, label)
    return None if text is None else _Text(part, label or _LABEL_OF_ASCII, octets, text)


def _as_flowed(text: str) -> str:
    """Lines that are fixed, and stuffed where they would mean something else (RFC 3676 4.2, 4.4)."""
    return _STUFFED.sub(" ", _BLANKS_AT_END.sub("", text)) if text else text


def _gap(content: _Text) -> str:
    """What has to stand between the text and what follows it on a line of its own. A last line that flows
    gets an empty line to flow into (RFC 3676 4.1)."""
    text = content.text
    end = "" if not text or text.endswith("\n") else "\n"
    last = text.rstrip("\r\n").rpartition("\n")[2]
    flows = content.is_flowed and last.endswith(" ") and last != "-- "
    return end + "\n" if flows else end


def _added(content: _Text, before: str, after: str) -> Part | None:
    """With the additions in the part's own charset; None: it cannot hold them."""
    first = charsets.encode(before, content.label)
    last = charsets.encode(after, content.label)
    if first is None or last is None:
        return None
    part = content.part
    last = _back_to_ascii(content) + last if last else last
    is_quoted = part.encoding == "quoted-printable"
    if is_quoted or _fits(content, first + last):
        body = part.body
        if is_quoted:
            first, last = transfer.encode(first, part.encoding), transfer.encode(last, part.encoding)
            body += _end_of_soft_break(body) if last else b""
        return made(part.fields, first + body + last)
    return _with_octets(part, first + content.octets + last)


def _fits(content: _Text, added: bytes) -> bool:
    """Whether octets may stand beside those of the body as they are: not in base64, and no 8-bit where there
    was none."""
    if content.part.encoding == "base64" or transfer.has_long_line(added):
        return False
    return added.isascii() or not content.octets.isascii()


def _back_to_ascii(content: _Text) -> bytes:
    """The escape with which ISO-2022-JP has to end (RFC 1468), if the author left it out."""
    escapes = _ESCAPE.findall(content.octets) if content.label.lower().startswith("iso-2022") else []
    return _ASCII_ESCAPE if escapes and escapes[-1] not in {_ASCII_ESCAPE, b"\x1b(J"} else b""


def _end_of_soft_break(body: bytes) -> bytes:
    """Ends a last line of quoted-printable that says `=` and then nothing (RFC 2045 6.7 (5))."""
    return b"\r\n" if body.rstrip(b" \t").endswith(b"=") else b""


def _written_anew(content: _Text, before: str, after: str, charsets_tried: Iterable[str]) -> Part | None:
    """The whole text in a charset that can hold everything; None where the octets themselves are signed, or
    a reader may know better than the label what they say."""
    if _PGP in content.text or charsets.is_doubtful(content.octets, content.text):
        return None
    whole = before + content.text + after
    for label in (*charsets_tried, "utf-8"):
        octets = charsets.encode(whole, label)
        if octets is not None:
            kind = content.part.content_type.with_param("charset", label.lower())
            fields = content.part.fields.replace("Content-Type", kind.octets())
            return _with_octets(content.part.with_fields(fields), octets)
    return None


def _with_octets(part: Part, octets: bytes) -> Part:
    """The part with another text, in its transfer encoding if that can hold it, else in one that suits."""
    kept = part.encoding
    if kept == "base64" or (kept == "quoted-printable" and lines.is_clean(octets)):
        return made(part.fields, transfer.encode(octets, kept))
    body, encoding = transfer.suited(octets)
    if encoding == (kept or "7bit"):
        return made(part.fields, body)
    return made(part.fields.replace("Content-Transfer-Encoding", encoding.encode()), body)
