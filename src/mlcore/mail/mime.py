"""A message taken apart (RFC 2045, 2046), over its octets: what is not changed stays as it was received.

Parts hold no copies: each knows where it stands in the octets of the message, and cuts out what it is asked
for. A delimiter is a whole line; where two boundaries are alike the outer one counts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from mlcore.base.errors import MlcoreError
from mlcore.mail import charsets, content_type, transfer, words
from mlcore.mail.content_type import ContentType
from mlcore.mail.fields import Fields

MAX_DEPTH: Final = 100
"""Containers within each other, the message itself among them."""
MAX_PARTS: Final = 1_000
"""Parts in the message, containers among them, the message itself not."""
MAX_BOUNDARY: Final = 2_048
"""Octets; RFC 2046 5.1.1 allows 70."""

_FIELD: Final = re.compile(rb"[!-9;-~]++[ \t]*+:[^\r\n]*+(?:\r\n[ \t][^\r\n]*+)*(?:\r\n|\Z)")
_MBOX_LINE: Final = re.compile(rb">?From [^\r\n]*+\r\n")
_BIDI: Final = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_IDENTITY: Final = frozenset({"", "7bit", "8bit", "binary"})
_WITH_MESSAGE: Final = frozenset({"message/rfc822", "message/global"})


class TooComplex(MlcoreError):
    """A message with more or deeper parts, or a longer boundary, than the limits allow."""


class _Place(NamedTuple):
    """Where a part stands: in `octets` from `start` to `end`, its body from `body` on."""

    octets: bytes
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One part, or the whole message. fields: its header section; content_type: from that, otherwise what
    RFC 2045 5.2 says; children: of multipart/* and (one) of message/rfc822, none where those have transfer
    encodings or no boundary; preamble, epilogue: what stands before the first delimiter, with its line end,
    and behind the dashes of the last one (RFC 2046 5.1.1)."""

    fields: Fields
    content_type: ContentType
    children: tuple["Part", ...] = ()
    preamble: bytes = b""
    epilogue: bytes = b""
    _place: _Place | None = None
    """None: put together anew from preamble, children and epilogue."""
    _is_whole: bool = False
    """Whether `_place` holds the body alone, and the header section is `fields`."""

    @property
    def body(self) -> bytes:
        """The raw octets behind the empty line, still transfer-encoded. Cut out or joined at each call, but
        for a whole message, whose body is the very object that was parsed."""
        place = self._place
        if place is not None:
            return place.octets[place.body : place.end]
        pieces: list[bytes | memoryview] = []
        self._add_body(pieces)
        return b"".join(pieces)

    @property
    def type(self) -> str:
        """`text/plain`; lower case."""
        return self.content_type.name

    @property
    def maintype(self) -> str:
        """`text`."""
        return self.content_type.type

    @property
    def disposition(self) -> str:
        """`inline`, `attachment`, or empty; any other one is an attachment (RFC 2183 2.8)."""
        value = content_type.disposition(self.fields.first("content-disposition"))[0]
        return value if value in {"", "inline"} else "attachment"

    @property
    def filename(self) -> str:
        """The name of the file in it, decoded, without directories and characters that show nothing; empty:
        none."""
        return next(iter(self.filenames), "")

    @property
    def filenames(self) -> tuple[str, ...]:
        """All names of that file: of its dispositions, then of its types, each as `filename` has it."""
        dispositions = map(content_type.disposition, self.fields.all("content-disposition"))
        names = [params.get("filename", "") for _, params in dispositions]
        names += [kind.params.get("name", "") for kind in self.types]
        return tuple(filter(None, map(plain_name, names)))

    @property
    def types(self) -> tuple[ContentType, ...]:
        """What each Content-Type field says, first `content_type`: readers do not agree which of several
        counts."""
        others = self.fields.all("content-type")[1:]
        return (self.content_type, *map(content_type.parse, others))

    @property
    def encoding(self) -> str:
        """The transfer encoding, in lower case; empty: none is said."""
        return content_type.token(self.fields.first("content-transfer-encoding"))

    def decoded(self) -> bytes:
        """The body without its transfer encoding (`transfer.decode`)."""
        return transfer.decode(self.body, self.encoding)

    def text(self) -> str:
        """The decoded body as text with LF line ends, whatever its label (`charsets.read`), without a byte
        order mark."""
        text = charsets.read(self.decoded(), self.content_type.charset).removeprefix("\ufeff")
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def octets(self) -> bytes:
        """Header section, empty line and body: as received if nothing was changed."""
        pieces: list[bytes | memoryview] = []
        self._add(pieces)
        return b"".join(pieces)

    def walk(self, *, deep: bool = False) -> Iterator["Part"]:
        """This part and those below it, depth first. deep: those of attached messages too."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            if deep or part.maintype != "message":
                waiting.extend(reversed(part.children))

    def with_body(self, body: bytes) -> "Part":
        """The same fields over another body, which is not taken apart."""
        return Part(self.fields, self.content_type, _place=_Place(body, 0, 0, len(body)), _is_whole=True)

    def with_fields(self, fields: Fields) -> "Part":
        """The same body under other fields. Under another Content-Type it is not taken apart."""
        if fields is self.fields:
            return self
        said = fields.first("content-type")
        is_same = said == self.fields.first("content-type")
        if not is_same and content_type.parse(said) != self.content_type:
            return made(fields, self.body)
        place = self._place
        if place is not None:
            place = place._replace(start=place.body)
        return replace(self, fields=fields, _place=place, _is_whole=place is not None)

    def with_children(self, children: tuple["Part", ...]) -> "Part":
        """The same container with these parts, their octets as they are; this very part if none is another.

        Raises ValueError for a multipart without a boundary, no part at all, and a message/rfc822 that would
        hold other than one message."""
        if len(children) == len(self.children) and all(map(_is, children, self.children)):
            return self
        is_message = self.type in _WITH_MESSAGE
        if not children or (is_message and len(children) > 1):
            raise ValueError(f"{self.type} with {len(children)} parts")
        if not is_message and not self.content_type.boundary:
            raise ValueError(f"{self.type} without a boundary")
        return Part(self.fields, self.content_type, children, self.preamble, self.epilogue)

    def _add(self, pieces: list[bytes | memoryview]) -> None:
        """Adds the octets of the whole."""
        place = self._place
        if place is not None and not self._is_whole:
            pieces.append(memoryview(place.octets)[place.start : place.end])
            return
        pieces.extend(self.fields.raw)
        pieces.append(b"\r\n")
        self._add_body(pieces)

    def _add_body(self, pieces: list[bytes | memoryview]) -> None:
        """Adds the octets of the body; copies nothing."""
        place = self._place
        if place is not None:
            pieces.append(memoryview(place.octets)[place.body : place.end])
        elif self.type in _WITH_MESSAGE:
            self.children[0]._add(pieces)  # noqa: SLF001  (a part like this one)
        else:
            delimiter = b"--" + self.content_type.boundary
            pieces.append(self.preamble)
            for child in self.children:
                pieces.append(delimiter + b"\r\n")
                child._add(pieces)  # noqa: SLF001  (a part like this one)
                pieces.append(b"\r\n")
            pieces.append(delimiter + b"--")
            pieces.append(self.epilogue)


def made(fields: Fields, body: bytes) -> Part:
    """A part of these fields and this body, which is not taken apart."""
    kind = content_type.parse(fields.first("content-type"))
    return Part(fields, kind, _place=_Place(body, 0, 0, len(body)), _is_whole=True)


def parse(fields: Fields, body: bytes) -> Part:
    """The message of this header section and this body, with all its parts.

    body: normalised (CRLF line ends). Linear in its size. Raises TooComplex and nothing else."""
    kind = content_type.parse(fields.first("content-type"))
    if kind.type not in {"multipart", "message"}:
        return Part(fields, kind, _place=_Place(body, 0, 0, len(body)), _is_whole=True)
    return _Parser(body).whole(fields, kind)


def first_text(part: Part) -> Part | None:
    """The first text/plain that is no attachment and stands in no attached message; None: there is none."""
    for found in part.walk():
        if found.type == "text/plain" and found.disposition != "attachment":
            return found
    return None


def plain_name(name: str) -> str:
    """The name of a file without directories, controls, and marks of direction (which hide its end)."""
    plain = _BIDI.sub("", words.one_line(name)).replace("\\", "/")
    return plain.rpartition("/")[2].strip()


def _is(one: object, other: object) -> bool:
    return one is other


class _Delimiter(NamedTuple):
    """A line that ends a part. depth: of the container it belongs to; start: where it begins; end: behind its
    dashes or, where another part follows, behind its line end."""

    depth: int
    is_last: bool
    start: int
    end: int


class _Parser:
    """Goes through the octets once: each line that begins with `--` is looked up among open boundaries."""

    __slots__ = ("_depth", "_octets", "_open", "_parts")

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._open: dict[bytes, tuple[int, bool]] = {}
        self._depth = 0
        self._parts = 0

    def whole(self, fields: Fields, kind: ContentType) -> Part:
        """The message itself."""
        return self._content(fields, kind, 0, 0, is_whole=True)[0]

    def _part(self, start: int, default: ContentType) -> tuple[Part, _Delimiter | None]:
        """The part that begins at `start`, and the delimiter that ends it; None: the end of all."""
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise TooComplex(f"more than {MAX_PARTS} parts")
        fields, body = self._section(start)
        kind = content_type.parse(fields.first("content-type"), default)
        return self._content(fields, kind, start, body)

    def _section(self, position: int) -> tuple[Fields, int]:
        """Fields, and where the body begins. Unlike `fields.split` it ends before a delimiter, which may look
        like a field, and copies no body."""
        octets = self._octets
        mbox_line = _MBOX_LINE.match(octets, position)
        if mbox_line:
            position = mbox_line.end()
        raw: list[bytes] = []
        while found := _FIELD.match(octets, position):
            if found[0].startswith(b"--") and self._delimiter_at(position):
                break
            raw.append(found[0])
            position = found.end()
        if raw and not raw[-1].endswith(b"\r\n"):
            raw[-1] += b"\r\n"
        if octets.startswith(b"\r\n", position):
            position += 2
        return Fields(tuple(raw)), position

    def _content(
        self, fields: Fields, kind: ContentType, start: int, body: int, *, is_whole: bool = False
    ) -> tuple[Part, _Delimiter | None]:
        """The part with these fields, whose body begins at `body`."""
        children: tuple[Part, ...] = ()
        preamble = epilogue = b""
        boundary = kind.boundary if kind.type == "multipart" else b""
        encoding = content_type.token(fields.first("content-transfer-encoding"))
        if boundary:
            children, preamble, epilogue, delimiter = self._multipart(kind, boundary, body)
        elif kind.name in _WITH_MESSAGE and encoding in _IDENTITY:
            with_message, delimiter = self._inside(body)
            children = (with_message,)
        else:
            delimiter = self._next(body)
        end = len(self._octets) if delimiter is None else max(delimiter.start - 2, body)
        place = _Place(self._octets, start, body, end)
        return Part(fields, kind, children, preamble, epilogue, place, is_whole), delimiter

    def _inside(self, body: int) -> tuple[Part, _Delimiter | None]:
        """The message in a message/rfc822."""
        self._enter()
        result = self._part(body, content_type.PLAIN_TEXT)
        self._depth -= 1
        return result

    def _multipart(
        self, kind: ContentType, boundary: bytes, body: int
    ) -> tuple[tuple[Part, ...], bytes, bytes, _Delimiter | None]:
        """Children, preamble, epilogue, and the delimiter of an outer container that ends it."""
        self._enter()
        depth = self._depth
        own = self._opened(boundary, depth)
        default = content_type.MESSAGE if kind.subtype == "digest" else content_type.PLAIN_TEXT
        children: list[Part] = []
        delimiter = self._next(body)
        preamble = self._between(body, delimiter)
        while delimiter is not None and delimiter.depth == depth and not delimiter.is_last:
            child, delimiter = self._part(delimiter.end, default)
            children.append(child)
        for line in own:
            del self._open[line]
        self._depth -= 1
        epilogue = b""
        if delimiter is not None and delimiter.depth == depth:
            after = delimiter.end
            delimiter = self._next(after)
            epilogue = self._octets[after : self._end_before(after, delimiter)]
        return tuple(children), preamble, epilogue, delimiter

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TooComplex(f"parts nested deeper than {MAX_DEPTH}")

    def _opened(self, boundary: bytes, depth: int) -> list[bytes]:
        """The lines that now delimit, unless they are those of an outer container."""
        if len(boundary) > MAX_BOUNDARY:
            raise TooComplex(f"a boundary of more than {MAX_BOUNDARY} octets")
        lines = [(b"--" + boundary, False), (b"--" + boundary + b"--", True)]
        own = [(line, is_last) for line, is_last in lines if line not in self._open]
        self._open.update((line, (depth, is_last)) for line, is_last in own)
        return [line for line, _ in own]

    def _next(self, position: int) -> _Delimiter | None:
        """The first delimiter of any open container from `position` on, which is the start of a line."""
        if not self._open:
            return None
        if position == 0 and (found := self._delimiter_at(0)):
            return found
        at = max(position - 2, 0)
        while (at := self._octets.find(b"\r\n--", at)) >= 0:
            if found := self._delimiter_at(at + 2):
                return found
            at += 4
        return None

    def _delimiter_at(self, position: int) -> _Delimiter | None:
        """The delimiter that the line at `position` is, if it is one; blanks at its end are padding."""
        end = self._octets.find(b"\r\n", position)
        line_end = len(self._octets) if end < 0 else end
        line = self._octets[position:line_end].rstrip(b" \t")
        found = self._open.get(line)
        if found is None:
            return None
        depth, is_last = found
        return _Delimiter(
            depth,
            is_last,
            position,
            position + len(line) if is_last else min(line_end + 2, len(self._octets)),
        )

    def _between(self, start: int, delimiter: _Delimiter | None) -> bytes:
        return self._octets[start : None if delimiter is None else delimiter.start]

    def _end_before(self, start: int, delimiter: _Delimiter | None) -> int:
        return len(self._octets) if delimiter is None else max(delimiter.start - 2, start)
