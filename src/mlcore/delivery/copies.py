"""From rendered octets to a message that nobody edits any more.

Only this module makes a `SealedMessage`, and a transport takes nothing else: what is sealed stays sealed."""

from collections.abc import Sequence
from typing import Final, Protocol

from mlcore.base.errors import MlcoreError
from mlcore.delivery.plan import has_own_sender
from mlcore.delivery.transport import SealedMessage
from mlcore.lists import insertions, unsubscribe
from mlcore.mail.address import BadAddress
from mlcore.mail.envelope import Rendered
from mlcore.mail.lines import is_clean
from mlcore.mail.verp import Senders
from mlcore.spool.entry import Entry

_BOUNCES: Final = "-bounces"


class UncleanMessage(MlcoreError):
    """Rendered octets hold a bare CR, a bare LF or NUL: a defect here, nothing to send (P4)."""


class Sealer(Protocol):
    """Signs a whole message (ARC, DKIM)."""

    def seal(self, octets: bytes) -> bytes:
        """`octets` with header fields put before them; not one octet of `octets` changes."""
        ...


class NoSeal:
    """Signs nothing."""

    def seal(self, octets: bytes) -> bytes:
        """`octets`, the same object."""
        return octets


class Copies:
    """The copies of one entry under way: one for all its recipients, or with slots one for each."""

    def __init__(
        self,
        name: str,
        rendered: Rendered,
        entry: Entry,
        sealer: Sealer,
        *,
        key: bytes,
        now: float,
        delimiter: str = "+",
    ) -> None:
        """name: of the entry; key: of the site, at least 16 octets; now: Unix seconds; delimiter: between a
        list's address and what is appended to it. Raises UncleanMessage for octets that must not be sent
        (P4), and for slots that lie nowhere in them."""
        octets = entry.octets
        if not is_clean(octets):
            raise UncleanMessage(f"{name} holds a bare CR, a bare LF or NUL")
        self.personal = bool(rendered.slots)
        self._name = name
        self._rendered = rendered
        self._entry = entry
        self._sealer = sealer
        self._shared: SealedMessage | None = None
        self._senders = _senders(rendered, key, now, delimiter)
        token = unsubscribe.maker(key, rendered.list_id, now)
        self._places = insertions.places(rendered.slots, smtputf8=rendered.smtputf8, token=token)
        self._octets = _cut(name, octets, [place.at for place in self._places])

    def shared(self) -> SealedMessage:
        """The one copy for all; of a message with slots, what they have in common. Sealed once."""
        if self._shared is None:
            rendered = self._rendered
            self._shared = SealedMessage(
                octets=self._sealer.seal(self._entry.octets),
                eight_bit=rendered.eight_bit,
                utf8_header=rendered.smtputf8,
            )
        return self._shared

    def of(self, number: int) -> SealedMessage:
        """The copy of the recipient with this number. Raises UncleanMessage (P4)."""
        if not self.personal:
            return self.shared()
        entry, rendered = self._entry, self._rendered
        address, stored = entry.addresses[number], entry.slots.get(number, {})
        eight_bit, utf8_header = rendered.eight_bit, rendered.smtputf8
        pieces = self._octets.copy()
        for index, place in enumerate(self._places):
            piece = place.insert(address, stored)
            if not is_clean(piece):
                raise UncleanMessage(f"{self._name} would hold a bare CR, a bare LF or NUL for {number}")
            if not piece.isascii():
                eight_bit = eight_bit or place.in_body
                utf8_header = utf8_header or not place.in_body
            pieces[2 * index + 1] = piece
        return SealedMessage(self._sealer.seal(b"".join(pieces)), eight_bit, utf8_header)

    def sender(self, number: int) -> str:
        """The envelope sender of the copy of this recipient: the shared one, or where it is his turn one of
        his own with a tag (`mail.verp`). Of each Nth, others have their turn with the next post."""
        rendered = self._rendered
        if self._senders is None or not has_own_sender(rendered.verp, rendered.number or 0, number):
            return rendered.reverse_path
        try:
            return self._senders.of(self._entry.addresses[number])
        except BadAddress:  # of an entry that somebody has made by hand
            return rendered.reverse_path


def _senders(rendered: Rendered, key: bytes, now: float, delimiter: str) -> Senders | None:
    """None: all go out under the shared one, since none other is wanted, or since it is none of a list."""
    local_part, _, host = rendered.reverse_path.rpartition("@")
    list_name = local_part.removesuffix(_BOUNCES)
    if rendered.verp < 1 or not list_name or list_name == local_part:
        return None
    return Senders(list_name, host, key=key, now=now, delimiter=delimiter)


def _cut(name: str, octets: bytes, places: Sequence[int]) -> list[bytes]:
    """The pieces between the places, with an empty one for each of these."""
    pieces: list[bytes] = []
    start = 0
    for at in places:
        if not start <= at <= len(octets) or octets[max(at - 1, 0) : at + 1] == b"\r\n":
            raise UncleanMessage(f"{name} has slots out of order or within a line end")
        pieces += (octets[start:at], b"")
        start = at
    return [*pieces, octets[start:]]
