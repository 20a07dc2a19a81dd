"""A message on its way through rules and handlers: header fields, body, and whom it goes to."""

from dataclasses import dataclass, field, replace
from typing import Self

from mlcore.mail import fields as header
from mlcore.mail import mime
from mlcore.mail.fields import Fields
from mlcore.mail.mime import Part
from mlcore.mail.slots import Slot


@dataclass(frozen=True, slots=True)
class Draft:
    """One message being decided and rendered.

    fields: the header section. body: octets behind the empty line; a handler that has no business with it
    passes on the very same object, so that it stays identical from its first octet (P8). recipients:
    addresses in order, each once; empty until the second pass has chosen them. topics: names of those that
    the message belongs to. slots: places of personal content, of which `at` counts from the start of the body
    until the last handler counts them anew. kept: the message as archives and digests get it; None: neither
    does."""

    fields: Fields
    body: bytes
    recipients: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    slots: tuple[Slot, ...] = ()
    kept: "Draft | None" = None
    _parsed: list[Part] = field(default_factory=list, compare=False, repr=False)

    @classmethod
    def post(cls, octets: bytes) -> Self:
        """The draft of a message as it arrived. octets: normalised (CRLF line ends, no NUL)."""
        return cls(*header.split(octets))

    def part(self) -> Part:
        """The message taken apart (RFC 2045, 2046), once for each body and header. Raises mime.TooComplex."""
        if not self._parsed:
            self._parsed.append(mime.parse(self.fields, self.body))
        return self._parsed[0]

    def with_fields(self, fields: Fields) -> "Draft":
        """The same message under another header section; this very draft if nothing changed."""
        return (
            self
            if fields is self.fields
            else Draft(fields, self.body, self.recipients, self.topics, self.slots, self.kept)
        )

    def with_part(self, part: Part, slots: tuple[Slot, ...] = ()) -> "Draft":
        """The message that `part` is: its fields and its body, with personal content at `slots`."""
        return Draft(part.fields, part.body, self.recipients, self.topics, slots, self.kept)

    def with_slots(self, slots: tuple[Slot, ...]) -> "Draft":
        """The same message with personal content at these places."""
        return replace(self, slots=slots)

    def with_recipients(self, recipients: tuple[str, ...]) -> "Draft":
        """The same message for these addresses (each once, in order)."""
        return replace(self, recipients=recipients)

    def with_topics(self, topics: tuple[str, ...]) -> "Draft":
        """The same message, known to belong to these topics."""
        return replace(self, topics=topics)

    def with_kept(self, kept: "Draft | None") -> "Draft":
        """The same message, of which archives and digests get `kept`."""
        return replace(self, kept=kept)

    def octets(self) -> bytes:
        """The whole message (RFC 5322): header section, empty line, body."""
        return header.join(self.fields, self.body)
