"""What the clock does about moderation: held posts that nobody wants expire, moderators are reminded of what
waits, and authors get no more answers a day than a person can read."""

from collections import Counter
from collections.abc import Iterable
from typing import Final, Literal

import msgspec
from sqlalchemy import Connection

from mlcore.actions import consented, quotas
from mlcore.lists.model import ListPolicy
from mlcore.lists.notices.waiting import MOST
from mlcore.lists.subscriptions import mailbox_key
from mlcore.store import automatic, held, lists, notices, reminders, requests
from mlcore.store.held import HeldPost
from mlcore.store.requests import Request

DAY_S: Final = 86_400.0
EXPIRED_AT_ONCE: Final = 200
"""Posts of one list discarded in one transaction."""
_LAST: Final = " last"
"""Behind the key of a mailbox that was told that there are no more answers; no address has a blank there."""

Answer = Literal["yes", "last", "no"]

_SAID: Final[tuple[tuple[str, Answer], ...]] = (("", "yes"), (_LAST, "last"))


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """What of one list waits for a moderator: held posts, then requests to join, then to leave, of each the
    oldest `MOST` (`lists.notices.waiting`). count: of all that waits."""

    policy: ListPolicy
    count: int
    posts: tuple[HeldPost, ...] = ()
    joining: tuple[Request, ...] = ()
    leaving: tuple[Request, ...] = ()


def allow_answer(conn: Connection, key: str, cause: str, list_id: str, most: int, now: float) -> Answer:
    """Whether one more automatic answer about a post may go to the address `key` (`mail.address.key_of`), and
    notes it; last: only that there are no more today, and then none follows for 24 hours.

    All answers within 24 hours count, for whatever spelling of the mailbox: those of one list, or where
    nobody has verified the address those of all lists, as whoever writes in its name would else have a day's
    worth out of each. All strangers together have a limit too (`quotas.may_answer_strangers`). cause: the
    spool entry, asked about again after a crash it counts once, and is answered as before; most: 0: no limit;
    now: Unix seconds. Raises NoSuchList."""
    if most <= 0:
        return "yes"
    mailbox, since = mailbox_key(key), now - DAY_S
    for noted, answer in _SAID:
        if automatic.is_noted(conn, mailbox + noted, "hold", cause):
            return answer
    is_known = consented.is_verified(conn, key)
    where = list_id if is_known else None
    # What is not answered is not noted: a flood must not keep the mailbox silent for ever.
    if automatic.count(conn, mailbox + _LAST, "hold", since, list_id=where):
        return "no"
    if not is_known and not quotas.may_answer_strangers(conn, list_id, "hold", now):
        return "no"
    if automatic.count(conn, mailbox, "hold", since, list_id=where) < most:
        automatic.note(conn, mailbox, "hold", cause, list_id, now)
        return "yes"
    automatic.note(conn, mailbox + _LAST, "hold", cause, list_id, now)
    return "last"


def expire(conn: Connection, now: float) -> list[HeldPost]:
    """Decides to discard posts that were held for longer than max_days_to_hold of their list; which they are.
    At most some hundred of a list: call it again while there are any. now: Unix seconds."""
    found: list[HeldPost] = []
    for one in held.waiting(conn):
        policy = lists.get(conn, one.list_id)
        if policy is None or policy.max_days_to_hold <= 0:
            continue
        before = now - policy.max_days_to_hold * DAY_S
        if one.oldest < before:
            old = held.matching(conn, list_id=one.list_id, held_before=before, most=EXPIRED_AT_ONCE)
            found += [post for post in old if held.decide(conn, post.spool, post.entry, "discard", now)]
    return found


def with_something(conn: Connection, now: float) -> list[str]:
    """The List-IDs of lists where something waits for a moderator, sorted. now: Unix seconds; requests that
    have expired by then are none."""
    return sorted(_counts(conn, now))


def pending(conn: Connection, now: float, policies: Iterable[ListPolicy] | None = None) -> list[Pending]:
    """What waits for the moderators of these lists (None: of all); those where nothing does are left out.
    now: as in `with_something`."""
    counts = _counts(conn, now)
    if policies is None:
        known = [lists.get(conn, list_id) for list_id in sorted(counts)]
        policies = [policy for policy in known if policy is not None]
    return [
        _of_list(conn, policy, counts[policy.list_id], now) for policy in policies if policy.list_id in counts
    ]


def due(conn: Connection, now: float, every_s: float) -> list[str]:
    """The List-IDs of lists where something waits and the last reminder is `every_s` seconds old. now: Unix
    seconds."""
    last = reminders.last(conn)
    return [
        list_id
        for list_id in with_something(conn, now)
        if list_id not in last or last[list_id] + every_s <= now
    ]


def remind(conn: Connection, now: float, every_s: float) -> list[str]:
    """Queues a reminder for each list that is due; their List-IDs. now: Unix seconds."""
    found = due(conn, now, every_s)
    notify(conn, found, now)
    return found


def notify(conn: Connection, list_ids: Iterable[str], now: float) -> None:
    """Queues a reminder for each of these lists, which counts as any other. What it tells is looked up when
    it is sent; where one waits already there is no second one. now: Unix seconds. Raises NoSuchList."""
    for list_id in list_ids:
        if not reminders.is_queued(conn, list_id):
            notices.queue(conn, "pending", list_id, [("", "")], now)
        reminders.note(conn, list_id, now)


def _counts(conn: Connection, now: float) -> Counter[str]:
    """How much waits for a moderator, by List-ID: counted by the database, as a flood may have left a million
    rows."""
    found = Counter({one.list_id: one.count for one in held.waiting(conn)})
    for list_id, kinds in requests.waiting(conn, "moderator", now).items():
        found[list_id] += sum(kinds.values())
    return found


def _of_list(conn: Connection, policy: ListPolicy, count: int, now: float) -> Pending:
    def asked(kind: requests.Kind) -> tuple[Request, ...]:
        return tuple(requests.rows(conn, policy.list_id, kind=kind, owner="moderator", now=now, most=MOST))

    return Pending(
        policy=policy,
        count=count,
        posts=tuple(held.matching(conn, list_id=policy.list_id, most=MOST)),
        joining=asked("subscription"),
        leaving=asked("unsubscription"),
    )
