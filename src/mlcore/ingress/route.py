"""Which queue mail to a known address goes to, and the envelope it has there."""

from mlcore.lists.directory import Destination
from mlcore.mail.envelope import Arrived, Command, Envelope, Report


def route(
    destination: Destination, address: str, reverse_path: str, now: float, *, smtputf8: bool, peer: str
) -> tuple[str, Envelope]:
    """Queue name and envelope for one accepted recipient.

    address: as given at RCPT, spelling kept. reverse_path: empty for the null sender. now: Unix seconds.
    peer: who handed it over, for the record."""
    purpose = destination.purpose
    # Mail to the owner of the site belongs to no list, so it has no rules to go through.
    if purpose == "post" or (purpose == "owner" and destination.list_id):
        return "in", Arrived(
            list_id=destination.list_id,
            recipient=address,
            purpose=purpose,
            reverse_path=reverse_path,
            arrived_at=now,
            smtputf8=smtputf8,
            peer=peer,
        )
    if purpose == "bounces":
        return "bounces", Report(
            list_id=destination.list_id,
            recipient=address,
            detail=destination.detail,
            reverse_path=reverse_path,
            arrived_at=now,
            smtputf8=smtputf8,
            peer=peer,
        )
    return "command", Command(
        list_id=destination.list_id,
        recipient=address,
        command=purpose,
        detail=destination.detail,
        mail_host=destination.mail_host,
        reverse_path=reverse_path,
        arrived_at=now,
        smtputf8=smtputf8,
        peer=peer,
    )
