"""Text put before and behind the text of a text/plain part, so that not one character of it is lost.

The author's octets stay as they are wherever that is possible: the additions are written in his charset
and his transfer encoding. Otherwise the whole text is written anew, and only if every octet of it can be
read."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from mlcore.lists.personal import Words
from mlcore.mail import charsets, lines, transfer
from mlcore.mail.mime import Part, made
from mlcore.mail.slots import Slot

Decorated = tuple[Part, tuple[Slot, ...]]
"""A part with its additions, and where those for each reader go: `at` counts from the start of its body."""

LARGEST: Final = 8 << 20
"""Octets of a body that is read as text. To write 60 MiB anew takes ten times as much memory, more than the
worker child has; what is larger is left alone, and the additions stand beside it."""
_LABEL_OF_ASCII: Final = "us-ascii"
_PGP: Final = "-----BEGIN PGP "
_STUFFED: Final = re.compile(r"^(?=[ >]|From )", re.MULTILINE)
_BLANKS_AT_END: Final = re.compile(r"(?<!^--)[ \t]++$", re.MULTILINE)
_ESCAPE: Final = re.compile(rb"\x1b(?:\([A-Z]|\$[@AB]|\$\([A-Z])")
_ASCII_ESCAPE: Final = b"\x1b(B"
_CARRIED: Final = 1 << 16
"""Octets of a text that is encoded anew with each copy: base64 joins it with what stands before it."""


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


@dataclass(frozen=True, slots=True)
class _Ends:
    """What is added, lines with CRLF. before, after: the same for everybody; header, footer: templates of
    what is personal instead; first, last: what is added at either end, of personal texts a sample."""

    before: str
    after: str
    header: str
    footer: str
    first: str
    last: str

    @property
    def is_personal(self) -> bool:
        return bool(self.header or self.footer)


@dataclass(frozen=True, slots=True)
class _Octets:
    """A text in one charset. before, after: octets around `middle` that are the same for everybody; escape:
    what has to stand before a personal footer; sample: with personal texts too."""

    label: str
    before: bytes
    middle: bytes
    after: bytes
    escape: bytes
    sample: bytes


def with_text(part: Part, header: str, footer: str, charsets_tried: Iterable[str]) -> Part | None:
    """`part` (text/plain) with `header` before and `footer` behind its text; None if that cannot be done
    without a risk for the text: an attachment, a charset that is unknown or wrong, damaged encoding, more
    than `LARGEST` octets.

    header, footer: lines with LF, without one at the end; empty: none. charsets_tried: where the part's own
    charset cannot hold them, these are tried, then UTF-8. format=flowed is obeyed (RFC 3676)."""
    found = with_words(part, Words(header), Words(footer), charsets_tried)
    return None if found is None else found[0]


def with_words(part: Part, header: Words, footer: Words, charsets_tried: Iterable[str]) -> Decorated | None:
    """The same; with slots for the texts that are personal, in an encoding that fits all of their copies."""
    content = _read(part)
    if content is None:
        return None
    ends = _ends(content, header, footer)
    return _added(content, ends) or _written_anew(content, ends, charsets_tried)


def as_flowed(text: str) -> str:
    """Lines that are fixed, and stuffed where they would mean something else (RFC 3676 4.2, 4.4)."""
    return _STUFFED.sub(" ", _BLANKS_AT_END.sub("", text)) if text else text


def _ends(content: _Text, header: Words, footer: Words) -> _Ends:
    gap = _gap(content) if footer.text else ""
    samples = [header.sample, footer.sample]
    if content.is_flowed:
        samples = [as_flowed(sample) for sample in samples]
    first = f"{samples[0]}\n".replace("\n", "\r\n") if header.text else ""
    last = f"{gap}{samples[1]}\n".replace("\n", "\r\n") if footer.text else ""
    return _Ends(
        before="" if header.is_personal else first,
        after="" if footer.is_personal else last,
        header=header.text if header.is_personal else "",
        footer=gap + footer.text if footer.is_personal else "",
        first=first,
        last=last,
    )


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


def _gap(content: _Text) -> str:
    """What has to stand between the text and what follows it on a line of its own. A last line that flows
    gets an empty line to flow into (RFC 3676 4.1)."""
    text = content.text
    end = "" if not text or text.endswith("\n") else "\n"
    last = text.rstrip("\r\n").rpartition("\n")[2]
    flows = content.is_flowed and last.endswith(" ") and last != "-- "
    return end + "\n" if flows else end


def _added(content: _Text, ends: _Ends) -> Decorated | None:
    """With the additions in the part's own charset; None: it cannot hold them."""
    first = charsets.encode(ends.first, content.label)
    last = charsets.encode(ends.last, content.label)
    if first is None or last is None:
        return None
    part = content.part
    escape = _back_to_ascii(content) if last else b""
    octets = _Octets(
        label=content.label,
        before=b"" if ends.header else first,
        middle=content.octets,
        after=b"" if ends.footer else escape + last,
        escape=escape,
        sample=first + content.octets + escape + last,
    )
    if part.encoding == "quoted-printable":
        before, after = (transfer.encode(added, part.encoding) for added in (octets.before, octets.after))
        body = before + part.body + (_end_of_soft_break(part.body) if last else b"") + after
    elif _fits(content, first + escape + last):
        body = octets.before + part.body + octets.after
    else:
        return _with_octets(content, octets, ends)
    slots = _slots(content, octets, ends, part.encoding, len(body), octets.escape)
    return made(part.fields, body), slots


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


def _written_anew(content: _Text, ends: _Ends, charsets_tried: Iterable[str]) -> Decorated | None:
    """The whole text in a charset that can hold everything; None where the octets themselves are signed, or
    a reader may know better than the label what they say."""
    if _PGP in content.text or charsets.is_doubtful(content.octets, content.text):
        return None
    whole = ends.first + content.text + ends.last
    for label in (*charsets_tried, "utf-8"):
        sample = charsets.encode(whole, label)
        if sample is not None:
            octets = _in_charset(content, ends, label.lower(), sample)
            kind = content.part.content_type.with_param("charset", label.lower())
            fields = content.part.fields.replace("Content-Type", kind.octets())
            return _with_octets(replace(content, part=content.part.with_fields(fields)), octets, ends)
    return None


def _in_charset(content: _Text, ends: _Ends, label: str, sample: bytes) -> _Octets:
    """The text in the charset `label`, which can hold it; of a text without personal additions all in one."""
    if not ends.is_personal:
        return _Octets(label, b"", sample, b"", b"", sample)
    codec = charsets.codec_of(label) or "utf-8"
    # Each begins and ends in the ASCII state.
    before, middle, after = (text.encode(codec) for text in (ends.before, content.text, ends.after))
    return _Octets(label, before, middle, after, b"", sample)


def _with_octets(content: _Text, octets: _Octets, ends: _Ends) -> Decorated | None:
    """The part with another text, in its transfer encoding if that can hold it, else in one that suits."""
    part, kept = content.part, content.part.encoding
    if kept == "base64" or (kept == "quoted-printable" and lines.is_clean(octets.sample)):
        encoding = kept
    else:
        encoding = transfer.suited(octets.sample)[1]
    if encoding == "base64" and ends.header and len(octets.middle) > _CARRIED:
        if not lines.is_clean(octets.sample):
            return None
        encoding = "quoted-printable"
    body, rest = _encoded(octets, ends, encoding)
    slots = _slots(content, octets, ends, encoding, len(body), rest + octets.escape)
    if encoding != (kept or "7bit"):
        part = part.with_fields(part.fields.replace("Content-Transfer-Encoding", encoding.encode()))
    return made(part.fields, body), slots


def _encoded(octets: _Octets, ends: _Ends, encoding: str) -> tuple[bytes, bytes]:
    """What is the same for everybody, and what of it is left for a personal footer to be encoded with. Behind
    a personal header nothing in base64 is the same for everybody."""
    whole = octets.before + octets.middle + octets.after
    if encoding != "base64" or not ends.is_personal:
        return transfer.encode(whole, encoding), b""
    if ends.header:
        return b"", b""
    aligned = len(whole) // 3 * 3
    return transfer.encode(whole[:aligned], encoding), whole[aligned:]


def _slots(
    content: _Text, octets: _Octets, ends: _Ends, encoding: str, end: int, before: bytes
) -> tuple[Slot, ...]:
    """Of the personal texts, in a body of `end` octets. before: octets that belong to the footer's."""
    common = Slot(
        at=0, kind="text", charset=octets.label, encoding=encoding or "7bit", flowed=content.is_flowed
    )
    found: list[Slot] = []
    if ends.header:
        carried = octets.middle + octets.after if encoding == "base64" else b""
        found.append(msgspec.structs.replace(common, text=ends.header, after=carried))
    if ends.footer:
        found.append(msgspec.structs.replace(common, at=end, text=ends.footer, before=before))
    return tuple(found)
