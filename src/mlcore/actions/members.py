"""Members of a list: added from lines that a person wrote, and chosen for a listing."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from mlcore.lists.model import DeliveryMode, DeliveryStatus, Member, Role
from mlcore.mail.address import BadAddress, parse_line
from mlcore.store import members


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that names no mailbox. number: counted from 1; text: without its line end; reason: one line."""

    number: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Added:
    """What became of the lines; each part in their order."""

    added: tuple[Member, ...]
    already: tuple[Member, ...]
    bad: tuple[BadLine, ...]


def add(
    connection: Connection,
    list_id: str,
    lines: Iterable[str],
    *,
    mode: DeliveryMode = DeliveryMode.REGULAR,
    status: DeliveryStatus = DeliveryStatus.ENABLED,
    now: float,
) -> Added:
    """Makes members of the mailboxes in `lines`, `a@b` or `Name <a@b>` each; blank ones and those that begin
    with # are only counted. Bad lines are reported, not raised. now: Unix seconds. Raises NoSuchList."""
    bad: list[BadLine] = []
    # A generator: a file of 100,000 lines is never whole in memory.
    wanted = _parsed(lines, mode, status, bad)
    added, already = members.add_many(connection, list_id, wanted, now)
    return Added(tuple(added), tuple(already), tuple(bad))


def chosen(
    connection: Connection,
    list_id: str,
    roles: Iterable[Role],
    *,
    modes: Collection[DeliveryMode] = tuple(DeliveryMode),
    statuses: Collection[DeliveryStatus] = tuple(DeliveryStatus),
) -> list[Member]:
    """Those in any of `roles` with one of `modes` and of `statuses`, sorted by address; who has two of the
    roles is there twice."""
    found = [member for role in roles for member in members.members(connection, list_id, role)]
    found = [
        member for member in found if member.delivery_mode in modes and member.delivery_status in statuses
    ]
    return sorted(found, key=lambda member: member.address.lower())


def _parsed(
    lines: Iterable[str], mode: DeliveryMode, status: DeliveryStatus, bad: list[BadLine]
) -> Iterator[Member]:
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            name, address = parse_line(text)
        except BadAddress as error:
            bad.append(BadLine(number, text, str(error)))
            continue
        yield Member(address=str(address), display_name=name, delivery_mode=mode, delivery_status=status)
