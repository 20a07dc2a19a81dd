"""The header section as octets: one field is read, added, replaced or removed, all others stay as they are.

Folding, white space before the colon, 8-bit and the order are kept, so that a signature over a field the
list does not touch still holds (P8). No value can add a field or end the header section (P9)."""

import re
from collections.abc import Callable
from typing import Final

from mlcore.mail import words

# Possessive throughout: no state is kept per line, and a header section of any shape takes linear time.
_FIELD: Final = re.compile(rb"[!-9;-~]++[ \t]*+:[^\r\n]*+(?:\r\n[ \t][^\r\n]*+)*(?:\r\n|\Z)")
_NAME: Final = re.compile(r"[!-9;-~]+")
_BREAK: Final = re.compile(rb"(\r\n)(?=[ \t]++[^ \t\r\n])|[\r\n]+")
_EDGE: Final = b" \t\r\n"


class Fields:
    """The fields of a header section in their order, each as its raw octets with the final CRLF. Immutable.

    Names are compared without regard to case. An edit gives a new value and parses nothing again."""

    __slots__ = ("_names", "_raw")

    def __init__(self, raw: tuple[bytes, ...] = ()) -> None:
        self._raw = raw
        self._names: tuple[str, ...] | None = None

    @property
    def raw(self) -> tuple[bytes, ...]:
        """The octets of each field: `Name: body CRLF`, as received."""
        return self._raw

    @property
    def size(self) -> int:
        """Octets of the whole section, without the empty line after it."""
        return sum(map(len, self._raw))

    def __len__(self) -> int:
        return len(self._raw)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fields) and self._raw == other._raw

    def __hash__(self) -> int:
        return hash(self._raw)

    def __repr__(self) -> str:
        return f"Fields({self._raw!r})"

    def octets(self) -> bytes:
        """The section without the empty line after it."""
        return b"".join(self._raw)

    def names(self) -> tuple[str, ...]:
        """The field names in lower case, in order; one per field, so a name may come twice."""
        if self._names is None:
            found = b"\n".join([raw[: raw.index(b":")].rstrip(b" \t") for raw in self._raw])
            self._names = tuple(found.lower().decode("latin-1").split("\n")) if self._raw else ()
        return self._names

    def all(self, name: str) -> tuple[bytes, ...]:
        """The raw body of each field `name`: folds kept, white space at both ends taken off."""
        key = name.lower()
        names = self.names()
        if key not in names:
            return ()
        return tuple([_body_of(raw) for found, raw in zip(names, self._raw, strict=True) if found == key])

    def first(self, name: str) -> bytes | None:
        """The raw body of the first field `name` (see `all`); None: there is none."""
        key, names = name.lower(), self.names()
        # Most fields that are asked for are not there: to look twice is cheaper than to catch an error.
        return _body_of(self._raw[names.index(key)]) if key in names else None

    def text(self, name: str) -> str | None:
        """The first field `name` as text on one line (`words.decode`); None: there is none. Never raises."""
        body = self.first(name)
        return None if body is None else words.decode(body)

    def beginning(self, name: str, most: int) -> str:
        """The text of the first `most` octets of the first field `name`; empty: there is none. Never raises.

        To decode a field of 256 KiB as a whole takes 0.1 s."""
        body = self.first(name) or b""
        end = most
        while len(body) > end and 0x80 <= body[end] < 0xC0 and end > most - 3:
            end -= 1  # a character of UTF-8 is not cut in two: that would make all of it another charset
        return words.decode(body[:end])

    def texts(self, name: str) -> tuple[str, ...]:
        """Each field `name` as text on one line."""
        return tuple(map(words.decode, self.all(name)))

    def remove(self, *names: str) -> "Fields":
        """Without any field of these names."""
        keys = {name.lower() for name in names}
        if keys.isdisjoint(self.names()):
            return self
        return _keep(self._raw, self.names(), lambda _, found: found not in keys)

    def prepend(self, name: str, value: str | bytes) -> "Fields":
        """With a field before all others. A `str` is encoded and folded; `bytes` are a folded field body.

        Raises ValueError if `name` is no field name (RFC 5322 2.2): names come from code, not from mail."""
        return _make((_line(name, value), *self._raw), (name.lower(), *self.names()))

    def below(self, above: "Fields") -> "Fields":
        """With all fields of `above` before these."""
        return _make((*above.raw, *self._raw), (*above.names(), *self.names()))

    def append(self, name: str, value: str | bytes) -> "Fields":
        """With a field after all others (see `prepend`)."""
        return _make((*self._raw, _line(name, value)), (*self.names(), name.lower()))

    def replace(self, name: str, value: str | bytes) -> "Fields":
        """With one field `name`: in the place of the first one, or at the end (see `prepend`)."""
        key = name.lower()
        names = self.names()
        if key not in names:
            return self.append(name, value)
        place = names.index(key)
        raw = (*self._raw[:place], _line(name, value), *self._raw[place + 1 :])
        if names.count(key) == 1:
            return _make(raw, names)
        return _keep(raw, names, lambda number, found: number == place or found != key)


def _make(raw: tuple[bytes, ...], names: tuple[str, ...]) -> Fields:
    fields = Fields(raw)
    fields._names = names  # noqa: SLF001  (known already: an edit does not parse)
    return fields


def _keep(raw: tuple[bytes, ...], names: tuple[str, ...], keep: Callable[[int, str], bool]) -> Fields:
    kept = [number for number, name in enumerate(names) if keep(number, name)]
    return _make(tuple([raw[number] for number in kept]), tuple([names[number] for number in kept]))


def split(octets: bytes) -> tuple[Fields, bytes]:
    """Header section and body of a message with clean line ends (`lines.normalise`).

    The section ends at the first empty line, which belongs to neither part, or before the first line that is
    neither a field nor a continuation: that line begins the body. A first line `From ` of an mbox is
    dropped. Without a body, b"". Linear in the size of the header section."""
    position = _start(octets)
    match = _FIELD.match
    raw: list[bytes] = []
    while found := match(octets, position):
        raw.append(found[0])
        position = found.end()
    if raw and not raw[-1].endswith(b"\r\n"):
        raw[-1] += b"\r\n"
    if octets.startswith(b"\r\n", position):
        position += 2
    return Fields(tuple(raw)), octets[position:]


def _start(octets: bytes) -> int:
    """Where the header section begins: behind the `From ` line that an mbox puts before it.

    `From : anne@example.org` is a field (RFC 5322 4.5.2)."""
    if not octets.startswith(b"From ") or _FIELD.match(octets):
        return 0
    end = octets.find(b"\r\n")
    return len(octets) if end < 0 else end + 2


def join(fields: Fields, body: bytes) -> bytes:
    """The message: header section, empty line, body. `join(*split(x)) == x` where x has its empty line."""
    return b"".join((*fields.raw, b"\r\n", body))


def header_size(octets: bytes) -> int:
    """Octets before the first empty line, without parsing: a bound to be checked before `split`."""
    if octets.startswith(b"\r\n"):
        return 0
    end = octets.find(b"\r\n\r\n")
    return len(octets) if end < 0 else end + 2


def _body_of(raw: bytes) -> bytes:
    return raw[raw.index(b":") + 1 :].strip(_EDGE)


def _line(name: str, value: str | bytes) -> bytes:
    """One field with its CRLF."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a field name: {name!r}")
    body = words.encode(value, first_column=len(name) + 2) if isinstance(value, str) else _safe(value)
    return b"%b: %b\r\n" % (name.encode("ascii"), body) if body else b"%b:\r\n" % name.encode("ascii")


def _safe(body: bytes) -> bytes:
    """`body` on lines that all continue the field: any other CR or LF becomes a blank, NUL goes (P4, P9).

    A line of white space alone is no continuation here: some readers take it for the end of the section."""
    if b"\0" in body:
        body = body.replace(b"\0", b"")
    if b"\r" in body or b"\n" in body:
        body = _BREAK.sub(lambda found: found[1] or b" ", body)
    return body.strip(_EDGE)
