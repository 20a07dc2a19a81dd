"""From MAIL to the replies behind the final dot: who gets the message, and what each of them hears (P2)."""

from collections.abc import Sequence

from mlcore.base.errors import LocalTrouble
from mlcore.ingress.accept import reply_for
from mlcore.ingress.commands import Mail
from mlcore.ingress.route import route
from mlcore.ingress.services import Services
from mlcore.lists.directory import Destination
from mlcore.mail.reply import Reply
from mlcore.spool.entry import Entry, NewEntry


class Transaction:
    """One open transaction. A recipient that is named twice is two recipients: two entries, two replies."""

    __slots__ = ("_peer", "_services", "asked", "mail", "recipients")

    def __init__(self, services: Services, peer: str, mail: Mail) -> None:
        self.mail = mail
        self.recipients: list[tuple[str, Destination]] = []
        self.asked = False
        """Whether a recipient was named, accepted or not."""
        self._services = services
        self._peer = peer

    def entries(self, octets: bytes) -> list[NewEntry]:
        """One entry per recipient, in order; their names share a prefix, their octets are one object."""
        services, mail = self._services, self.mail
        now = services.clock.time()
        made = []
        for name, (address, destination) in zip(
            services.ids.group(len(self.recipients)), self.recipients, strict=True
        ):
            queue, envelope = route(
                destination, address, mail.reverse_path, now, smtputf8=mail.smtputf8, peer=self._peer
            )
            made.append(NewEntry(queue, name, Entry(envelope, (), octets)))
        return made

    def settle(self, entries: Sequence[NewEntry], results: Sequence[LocalTrouble | None]) -> list[Reply]:
        """The replies to what the acceptor said of each entry. Raises ValueError when it said too little."""
        if len(results) != len(entries):
            raise ValueError(f"{len(results)} results for {len(entries)} entries")
        return [
            self._settled(new, address, destination, trouble)
            for new, (address, destination), trouble in zip(entries, self.recipients, results, strict=True)
        ]

    def refuse(self, reply: Reply) -> list[Reply]:
        """The same reply for every recipient."""
        return [self._services.refused(reply, recipient=address) for address, _ in self.recipients]

    def _settled(
        self, new: NewEntry, address: str, destination: Destination, trouble: LocalTrouble | None
    ) -> Reply:
        services = self._services
        if trouble is not None:
            services.trouble("accept", trouble, self._peer)
            return services.refused(reply_for(trouble), recipient=address)
        services.log.info(
            "queued",
            queue_id=new.name,
            queue=new.queue,
            list_id=destination.list_id,
            size_bytes=len(new.entry.octets),
            reverse_path=self.mail.reverse_path,
            recipient=address,
        )
        return Reply(250, "2.0.0", f"Ok: queued as {new.name}")
