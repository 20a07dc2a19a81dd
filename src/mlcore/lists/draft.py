"""A message on its way through rules and handlers: header fields, body, and whom it goes to."""

from dataclasses import dataclass
from typing import Self

from mlcore.mail import fields as header
from mlcore.mail.fields import Fields


@dataclass(frozen=True, slots=True)
class Draft:
    """One message being decided and rendered.

    fields: the header section. body: octets behind the empty line; a handler that has no business with it
    passes on the very same object, so that it stays identical from its first octet (P8). recipients:
    addresses in order, each once; empty until the second pass has chosen them."""

    fields: Fields
    body: bytes
    recipients: tuple[str, ...] = ()

    @classmethod
    def post(cls, octets: bytes) -> Self:
        """The draft of a message as it arrived. octets: normalised (CRLF line ends, no NUL)."""
        return cls(*header.split(octets))

    def with_fields(self, fields: Fields) -> "Draft":
        """The same message under another header section; this very draft if nothing changed."""
        return self if fields is self.fields else Draft(fields, self.body, self.recipients)

    def with_recipients(self, recipients: tuple[str, ...]) -> "Draft":
        """The same message for these addresses (each once, in order)."""
        return Draft(self.fields, self.body, recipients)

    def octets(self) -> bytes:
        """The whole message (RFC 5322): header section, empty line, body."""
        return header.join(self.fields, self.body)
