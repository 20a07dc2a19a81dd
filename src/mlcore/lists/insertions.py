"""What stands in the slots of a rendered message for one recipient (`mail.slots`), as octets.

Everything that is the same for all copies is made once, so that a copy costs some microseconds."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from mlcore.lists import personal, unsubscribe
from mlcore.lists.personal import Stored
from mlcore.lists.plain_body import as_flowed
from mlcore.mail import charsets, transfer, words
from mlcore.mail.address import BadAddress, key_of
from mlcore.mail.slots import Slot

Insert = Callable[[str, Stored], bytes]
"""Address of a copy, slot values of its recipient -> octets."""
Make = Callable[[str], str]

_COPY: Final = b"X-Mailman-Copy: yes\r\n"
_TO: Final = len("To: ")
_FEW: Final = 64
"""Octets that are encoded again with each copy rather than kept encoded."""


class Place(NamedTuple):
    """One place of a message. at: octets before it; in_body: whether it is behind the header section."""

    at: int
    in_body: bool
    insert: Insert


def places(slots: Sequence[Slot], *, smtputf8: bool, token: Make) -> tuple[Place, ...]:
    """Where something is inserted, in order. smtputf8: whether the header section may hold raw UTF-8; token:
    that of an address key (`unsubscribe.maker`)."""
    return tuple(_places(slots, smtputf8=smtputf8, token=token))


def _places(slots: Sequence[Slot], *, smtputf8: bool, token: Make) -> Iterator[Place]:
    # What base64 has at one place is one run of octets: what it looks like depends on all that is before.
    for (at, kind, is_base64), together in groupby(
        slots, lambda one: (one.at, one.kind, one.encoding == "base64")
    ):
        if kind == "text" and is_base64:
            yield Place(at, in_body=True, insert=_base64(list(together)))
            continue
        for slot in together:
            if kind == "text":
                yield Place(at, in_body=True, insert=_text(slot))
            elif kind == "unsubscribe":
                yield Place(at, in_body=False, insert=_unsubscribe(slot, token))
            elif kind == "to":
                yield Place(at, in_body=False, insert=_to(slot, smtputf8=smtputf8))
            else:
                yield Place(at, in_body=False, insert=_copy)


def _copy(_address: str, stored: Stored) -> bytes:
    return _COPY if stored.get("copy") else b""


def _unsubscribe(slot: Slot, token: Make) -> Insert:
    def insert(address: str, _stored: Stored) -> bytes:
        try:
            key = key_of(address)
        except BadAddress:  # of an entry that somebody has made by hand
            key = ""
        return unsubscribe.filled(slot.text, address, token(key))

    return insert


def _to(slot: Slot, *, smtputf8: bool) -> Insert:
    """`name <address>` (RFC 5322 3.4); the shared field for an address that cannot stand in this header."""

    def insert(address: str, stored: Stored) -> bytes:
        shown = words.one_line(address)
        if not (smtputf8 or shown.isascii()):
            return slot.before
        name = personal.name_of(stored)
        spelt = shown.encode()
        if not name:
            return b"To: %b\r\n" % spelt
        phrase = words.phrase(name, first_column=_TO)
        return b"To: %b\r\n" % words.with_address(phrase, b"<" + spelt + b">", first_column=_TO)

    return insert


def _octets(slot: Slot) -> Insert:
    """The text of a copy in the charset of its slot, without transfer encoding; nothing where the text has
    nothing to see."""
    fill = personal.filler(slot.text)
    codec = charsets.codec_of(slot.charset) or "utf-8"
    is_flowed = slot.flowed

    def insert(address: str, stored: Stored) -> bytes:
        text = fill(address, stored)
        if not text:
            return b""
        if is_flowed:
            text = as_flowed(text)
        # Every value was seen to fit when the post was rendered.
        return f"{text}\n".replace("\n", "\r\n").encode(codec, "replace")

    return insert


def _text(slot: Slot) -> Insert:
    octets, before, after = _octets(slot), slot.before, slot.after
    if slot.encoding != "quoted-printable":
        return lambda address, stored: b"%b%b%b" % (before, octets(address, stored), after)

    def quoted(address: str, stored: Stored) -> bytes:
        return transfer.encode(before + octets(address, stored) + after, "quoted-printable")

    return quoted


def _base64(slots: Sequence[Slot]) -> Insert:
    runs = [(_octets(slot), slot.before, _Carried(slot.after)) for slot in slots]

    def insert(address: str, stored: Stored) -> bytes:
        coded: list[bytes] = []
        pending = b""
        for octets, before, after in runs:
            pending += before + octets(address, stored)
            pending = after.behind(pending, coded)
        coded.append(transfer.encode(pending, "base64"))
        return b"".join(coded)

    return insert


class _Carried:
    """Octets behind others that differ. In base64 they look one of three ways, by how many are before."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._coded: dict[int, tuple[bytes, bytes]] = {}

    def behind(self, pending: bytes, coded: list[bytes]) -> bytes:
        """Adds what is complete to `coded`; what is not is given back."""
        if len(self._octets) < _FEW:
            return pending + self._octets
        start = -len(pending) % 3
        coded.append(transfer.encode(pending + self._octets[:start], "base64"))
        if start not in self._coded:
            end = start + (len(self._octets) - start) // 3 * 3
            self._coded[start] = (transfer.encode(self._octets[start:end], "base64"), self._octets[end:])
        body, rest = self._coded[start]
        coded.append(body)
        return rest
