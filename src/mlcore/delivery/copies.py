"""From rendered octets to a message that nobody edits any more.

Only this module makes a `SealedMessage`, and a transport takes nothing else: what is sealed stays sealed."""

from typing import Protocol

from mlcore.base.errors import MlcoreError
from mlcore.delivery.transport import SealedMessage
from mlcore.mail.envelope import Rendered
from mlcore.mail.lines import is_clean


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


def shared(rendered: Rendered, octets: bytes, sealer: Sealer) -> SealedMessage:
    """The one copy that every recipient of an entry gets. octets: the rendered message.

    Raises UncleanMessage for octets that must not be sent (P4)."""
    if not is_clean(octets):
        raise UncleanMessage("the rendered message holds a bare CR, a bare LF or NUL")
    return SealedMessage(
        octets=sealer.seal(octets), eight_bit=rendered.eight_bit, utf8_header=rendered.smtputf8
    )
