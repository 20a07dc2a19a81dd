"""Digests: posts are collected, issues are made of them, and who takes none any more gets what has gathered.

An issue is made in one transaction with the numbers of its list and the name under which it will go out; the
server hands it over to the spool afterwards, once (`runners.issues`). So a command makes issues without a
server as well."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from sqlalchemy import Connection

from mlcore.lists.digests import volumes
from mlcore.lists.model import DeliveryMode, DeliveryStatus, ListPolicy, Membership, Role
from mlcore.mail.address import key_of
from mlcore.store import digests, lists, members, memberships
from mlcore.store.digests import DigestPost, StoredIssue
from mlcore.store.members import DigestRecipients

DAY_S: Final = 86_400.0
_KIB: Final = 1_024


class Number(NamedTuple):
    """What an issue is called. volume, number: from 1 on."""

    volume: int
    number: int


class Collected(NamedTuple):
    """What became of a post. is_new: whether it was not taken before; issue: what was made because enough has
    gathered now."""

    is_new: bool
    issue: StoredIssue | None = None


class Content(NamedTuple):
    """What an issue is made of. last_ones: address keys of those who get their last digest with it, or would
    if they were members still."""

    posts: list[DigestPost]
    recipients: DigestRecipients
    last_ones: tuple[str, ...]


def collect(conn: Connection, policy: ListPolicy, post: DigestPost, entry: str, now: float) -> Collected:
    """Takes a post, once for its entry, and makes an issue if digest_size_threshold is reached. entry: a
    fresh root id, for that issue; now: Unix seconds. Raises NoSuchList."""
    is_new = digests.keep(conn, policy.list_id, post)
    limit = policy.digest_size_threshold * _KIB
    if limit <= 0 or digests.size(conn, policy.list_id) < limit:
        return Collected(is_new)
    return Collected(is_new, send(conn, policy, entry, now))


def send(conn: Connection, policy: ListPolicy, entry: str, now: float) -> StoredIssue | None:
    """An issue of what waits, however little it is; None: nothing does. What does not fit into it
    (`store.digests.MOST_OCTETS`, `MOST_ITEMS`) waits on: call it again, with another `entry`, a fresh root
    id. now: Unix seconds. Raises NoSuchList."""
    taken = digests.unsent(conn, policy.list_id)
    if not taken:
        return None
    volume, number = next_number(conn, policy)
    issue = digests.make(conn, policy.list_id, volume, number, entry, taken, now)
    bump(conn, policy, now)
    return issue


def send_due(
    conn: Connection, wanted: Iterable[tuple[ListPolicy, str]], now: float
) -> list[tuple[StoredIssue, bool]]:
    """The issues of the day of some lists, each with a fresh root id: of those with digest_send_periodic that
    have had none since the day began (UTC), and where something waits from before. With each whether more
    waits than fitted into it. now: Unix seconds. Raises NoSuchList."""
    made = [
        send(conn, policy, entry, now)
        for policy, entry in wanted
        if digests.is_due(conn, policy.list_id, _day(now))
    ]
    return [(issue, bool(digests.unsent(conn, issue.list_id))) for issue in made if issue is not None]


def due(conn: Connection, now: float) -> list[str]:
    """The List-IDs of lists whose issue of the day is due. now: Unix seconds."""
    return digests.due(conn, _day(now))


def next_number(conn: Connection, policy: ListPolicy) -> Number:
    """What the next issue will be called. Raises NoSuchList."""
    state = lists.state(conn, policy.list_id)
    return Number(state.volume, state.next_digest_number)


def following(conn: Connection, policy: ListPolicy, now: float) -> Number:
    """What comes after the next issue if that is made `now` (Unix seconds): the next number, or the first of
    a new volume where digest_volume_frequency says so. Raises NoSuchList."""
    state = lists.state(conn, policy.list_id)
    frequency, last = policy.digest_volume_frequency, state.digest_last_sent_at
    return Number(*volumes.next_issue(frequency, last, state.volume, state.next_digest_number, now))


def bump(conn: Connection, policy: ListPolicy, now: float) -> Number:
    """The next issue is called what `following` says, as if there had been one `now`. Raises NoSuchList."""
    number = following(conn, policy, now)
    digests.set_number(conn, policy.list_id, *number, now)
    return number


def content(conn: Connection, issue: StoredIssue) -> Content:
    """The posts of an issue that is not handed over, and whom it goes to as things stand."""
    last_ones = digests.last_ones(conn, issue.list_id)
    recipients = members.digest_recipients(conn, issue.list_id, last_ones)
    return Content(digests.posts_of(conn, issue.key), recipients, tuple(last_ones))


def stopped(conn: Connection, before: Membership) -> bool:
    """Called after a membership got other preferences: who took digests and takes none now gets what has
    gathered as his last one, since he has seen nothing of it; whether there is anything. before: the
    membership as it was. Whoever has no address or no delivery gets none."""
    mode = before.effective.delivery_mode
    if (
        before.role is not Role.MEMBER
        or not before.address
        or mode in {None, DeliveryMode.REGULAR}
        or before.effective.delivery_status is not DeliveryStatus.ENABLED
    ):
        return False
    after = memberships.membership(conn, before.member_id)
    if after is None or after.effective.delivery_mode is not DeliveryMode.REGULAR:
        return False
    assert mode is not None
    return digests.remember_last(conn, before.list_id, before.address, key_of(before.address), mode)


def left(conn: Connection, list_id: str, keys: Iterable[str]) -> None:
    """These addresses (keys) are no members of the list any more: they get no last digest. Raises
    NoSuchList."""
    digests.forget_last(conn, list_id, keys)


def _day(now: float) -> float:
    """When the day of `now` began, in UTC."""
    return now - now % DAY_S
