"""Members of a list: added, removed and matched from lines that a person wrote, and chosen for a listing.

Long work is done in parts of `CHUNK`, one transaction each, so that nobody else waits for the write lock for
long; whoever is told about it is queued in the same transaction."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection

from mlcore.actions import digests
from mlcore.lists.addressing import candidates
from mlcore.lists.bans import BanTest
from mlcore.lists.model import DeliveryMode, DeliveryStatus, ListPolicy, Member, Membership, Role
from mlcore.mail.address import BadAddress, key_of, parse_line
from mlcore.store import bans, lists, members, memberships, notices, requests
from mlcore.store.sql import chunks

CHUNK = 2_000
"""Lines or memberships of one transaction."""


class Person(msgspec.Struct, frozen=True):
    """Whom a line names. number: of the line, counted from 1, 0 if there was none; key: of the address
    (`mail.address.key_of`)."""

    number: int
    name: str
    address: str
    key: str

    @property
    def shown(self) -> str:
        """`Name <a@b>` or `a@b`."""
        return f"{self.name} <{self.address}>" if self.name else self.address


class BadLine(msgspec.Struct, frozen=True):
    """A line that names no mailbox. number: as in `Person`; text: without its line end; reason: one line."""

    number: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Lines:
    """What some lines say, in their order."""

    people: tuple[Person, ...]
    bad: tuple[BadLine, ...]


@dataclass(frozen=True, slots=True)
class Added:
    """What became of the people; each part in their order. of_lists: addresses that a list reads itself."""

    added: tuple[Member, ...]
    already: tuple[Member, ...]
    banned: tuple[Person, ...]
    of_lists: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Removed:
    """What became of the people; missing: those who had no such membership."""

    removed: tuple[Membership, ...]
    missing: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """Between a list and the people who are to be its members. to_add and to_remove: sorted by address."""

    to_add: tuple[Person, ...]
    to_remove: tuple[Person, ...]
    banned: tuple[Person, ...]
    of_lists: tuple[Person, ...]


def read(lines: Iterable[str], *, numbered: bool = True) -> Iterator[Lines]:
    """The mailboxes in `lines`, `a@b` or `Name <a@b>` each, `CHUNK` lines at a time; blank lines and those
    that begin with # are only counted, bad ones reported. A file is never whole in memory."""
    number = 0
    for chunk in chunks(lines, CHUNK):
        people: list[Person] = []
        bad: list[BadLine] = []
        for line in chunk:
            number += 1
            text = (line.removeprefix("\ufeff") if number == 1 else line).strip()
            if not text or text.startswith("#"):
                continue
            place = number if numbered else 0
            try:
                name, address = parse_line(text)
                people.append(Person(place, name, str(address), address.key))
            except BadAddress as error:
                bad.append(BadLine(place, text, str(error)))
        yield Lines(tuple(people), tuple(bad))


def add(
    connection: Connection,
    policy: ListPolicy,
    people: Iterable[Person],
    *,
    mode: DeliveryMode = DeliveryMode.REGULAR,
    status: DeliveryStatus = DeliveryStatus.ENABLED,
    welcome: bool | None = None,
    notify: bool | None = None,
    now: float,
) -> Added:
    """Makes members of `people`, whose addresses count as theirs from now on; at most some `CHUNK` of them.

    Nobody who is banned, and no address that a list reads itself: the posting address and the sub-addresses
    of this list, and of other lists those that a program reads. Who was a nonmember is none any more, and
    what was open of his own wish to join is done. welcome, notify: whether the new members, or the
    administrators, are told; None: as the list has it. now: Unix seconds. Raises NoSuchList."""
    allowed, banned, of_lists = sort_out(connection, policy, people)
    wanted = [
        Member(address=one.address, display_name=one.name, delivery_mode=mode, delivery_status=status)
        for one in allowed
    ]
    added, already = members.add_many(connection, policy.list_id, wanted, now, verified=True)
    told = [(one.address, one.display_name) for one in added]
    became_members(connection, policy, told, welcome=welcome, notify=notify, now=now)
    return Added(tuple(added), tuple(already), tuple(banned), tuple(of_lists))


def became_members(
    connection: Connection,
    policy: ListPolicy,
    people: Sequence[tuple[str, str]],
    *,
    welcome: bool | None = None,
    notify: bool | None = None,
    now: float,
) -> None:
    """What follows when people, (address, display name), have become members: see `add`."""
    addresses = [address for address, _ in people]
    if list(memberships.all_memberships(connection, list_id=policy.list_id, role=Role.NONMEMBER, most=1)):
        members.remove_many(connection, policy.list_id, addresses, role=Role.NONMEMBER)
    requests.remove_of(connection, policy.list_id, "subscription", map(key_of, addresses))
    if policy.send_welcome_message if welcome is None else welcome:
        notices.queue(connection, "welcome", policy.list_id, people, now)
    if policy.admin_notify_mchanges if notify is None else notify:
        notices.queue(connection, "admin-subscribe", policy.list_id, people, now)


def remove(
    connection: Connection,
    policy: ListPolicy,
    people: Iterable[Person],
    *,
    goodbye: bool | None = None,
    notify: bool | None = None,
    now: float,
) -> Removed:
    """Ends the memberships that the addresses of `people` have in this list as members, whatever the policy
    for leaving is. goodbye, notify: as welcome and notify of `add`."""
    wanted = tuple(people)
    found = memberships.on_list(connection, policy.list_id, Role.MEMBER, (one.key for one in wanted))
    end(connection, found, goodbye=goodbye, notify=notify, now=now)
    return Removed(tuple(found), _missing(wanted, found))


def remove_everywhere(
    connection: Connection,
    people: Iterable[Person],
    *,
    goodbye: bool | None = None,
    notify: bool | None = None,
    now: float,
) -> Removed:
    """As `remove`, on all lists; missing: who is on none."""
    wanted = tuple(people)
    found = memberships.memberships_of_addresses(connection, (one.key for one in wanted), Role.MEMBER)
    end(connection, found, goodbye=goodbye, notify=notify, now=now)
    return Removed(tuple(found), _missing(wanted, found))


def remove_all(
    connection: Connection,
    policy: ListPolicy,
    *,
    goodbye: bool | None = None,
    notify: bool | None = None,
    now: float,
) -> int:
    """Ends the memberships of the first `CHUNK` members; how many there were, 0 if nobody is left."""
    found = list(
        memberships.all_memberships(connection, list_id=policy.list_id, role=Role.MEMBER, most=CHUNK)
    )
    end(connection, found, goodbye=goodbye, notify=notify, now=now)
    return len(found)


def end(
    connection: Connection,
    found: Iterable[Membership],
    *,
    goodbye: bool | None = None,
    notify: bool | None = None,
    now: float,
) -> None:
    """Ends memberships, of any lists and roles; only of those with role member anybody is told. What was open
    of a member's own wish to leave is done."""
    by_list: dict[str, dict[str, str]] = {}
    ids = []
    for one in found:
        ids.append(one.member_id)
        if one.role is Role.MEMBER and one.address:
            by_list.setdefault(one.list_id, {}).setdefault(one.address, one.display_name)
    memberships.remove(connection, ids)
    for list_id, names in by_list.items():
        told = names.items()
        policy = lists.get(connection, list_id)
        if policy is None:
            continue
        requests.remove_of(connection, list_id, "unsubscription", map(key_of, names))
        digests.left(connection, list_id, map(key_of, names))
        if policy.send_goodbye_message if goodbye is None else goodbye:
            notices.queue(connection, "goodbye", list_id, told, now)
        if policy.admin_notify_mchanges if notify is None else notify:
            notices.queue(connection, "admin-unsubscribe", list_id, told, now)


def difference(connection: Connection, policy: ListPolicy, people: Iterable[Person]) -> Difference:
    """What is to be done so that exactly `people` are the members; the first line for an address counts."""
    wanted: dict[str, Person] = {}
    for one in people:
        wanted.setdefault(one.key, one)
    present = {
        key_of(member.address): member for member in members.members(connection, policy.list_id, Role.MEMBER)
    }
    new, banned, of_lists = sort_out(
        connection, policy, (one for key, one in wanted.items() if key not in present)
    )
    gone = [
        Person(0, member.display_name, member.address, key)
        for key, member in present.items()
        if key not in wanted
    ]
    return Difference(
        tuple(sorted(new, key=_by_address)),
        tuple(sorted(gone, key=_by_address)),
        tuple(banned),
        tuple(of_lists),
    )


def sort_out(
    connection: Connection, policy: ListPolicy, people: Iterable[Person]
) -> tuple[list[Person], list[Person], list[Person]]:
    """Who may become a member, who is banned, and what a list reads itself; each part in the order of
    `people`."""
    is_banned = BanTest(bans.for_list(connection, policy.list_id))
    hosts = lists.hosts(connection)
    allowed: list[Person] = []
    banned: list[Person] = []
    of_lists: list[Person] = []
    for one in people:
        if is_banned(one.key):
            banned.append(one)
        elif one.key.rpartition("@")[2] in hosts and reads_itself(connection, policy, one.key):
            of_lists.append(one)
        else:
            allowed.append(one)
    return allowed, banned, of_lists


def reads_itself(connection: Connection, policy: ListPolicy, key: str) -> bool:
    """Whether mail to `key` would come back to this list, or be taken for a command or a bounce by another.

    Another list may be a member, and so may its owners."""
    for candidate in candidates(key):
        found = lists.find(connection, f"{candidate.list_name}@{candidate.mail_host}")
        if found is not None:
            return found.list_id == policy.list_id or candidate.purpose not in {"post", "owner"}
    return False


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


def _by_address(one: Person) -> str:
    return one.address.lower()


def _missing(wanted: Iterable[Person], found: Iterable[Membership]) -> tuple[Person, ...]:
    """Each address once."""
    seen = {key_of(one.address) for one in found if one.address}
    missing = []
    for one in wanted:
        if one.key not in seen:
            seen.add(one.key)
            missing.append(one)
    return tuple(missing)
