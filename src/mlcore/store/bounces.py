"""Failures of deliveries as rows: what came of each, the scores of members, probes, the reports themselves.

What a failure means is decided by `lists.bounces`; `actions.bounces` brings both together."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select, update

from mlcore.lists.bounces import FAILURES, BounceState
from mlcore.lists.model import DeliveryMode, DeliveryStatus, Role
from mlcore.store.effective import DISPLAY_NAME, JOINED, OF_LIST, effective
from mlcore.store.failures import DeliveryFailure
from mlcore.store.schema import (
    addresses,
    bounce_events,
    bounce_reports,
    delivery_failures,
    lists,
    members,
    post_numbers,
    probes,
    users,
)
from mlcore.store.sql import chunks, insertion

KEPT_OCTETS: Final = 65_536
"""Of a report."""
CHUNK: Final = 500
"""Addresses asked about in one statement."""
_DAY_S: Final = 86_400.0


class BounceEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One failure and what came of it: a row of `bounce_events`. cause, number: which recipient of which
    spool entry; source: smtp, report, probe, complaint; effect: of `lists.bounces.Effect`; score: after it;
    at: Unix seconds."""

    cause: str
    number: int = 0
    list_id: str
    address: str
    address_key: str
    source: str
    format: str = ""
    proof: bool = False
    code: str = ""
    diagnostic: str = ""
    message_id: str = ""
    effect: str
    score: int = 0
    at: float


class BounceMember(msgspec.Struct, frozen=True, kw_only=True):
    """A member as failures concern him. row, list_row: primary keys; address: where his mail goes, key: of
    it; last_bounce_post: `post_id` of the list when the last failure was counted, None: never; post_id: of
    the list now, the number of its next post."""

    row: int
    list_row: int
    address: str
    key: str
    display_name: str
    last_bounce_post: int | None
    post_id: int
    state: BounceState


class Probe(msgspec.Struct, frozen=True):
    """One that is under way. event: `bounce_events.id` that it follows, the identity of its token."""

    row: int
    list_id: str
    address_key: str
    event: int


_FIELDS: Final = BounceEvent.__struct_fields__
_LARGEST_CODE: Final = 16
_KNOWN = select(bounce_events.c.id).where(bounce_events.c.cause == bindparam("b_cause")).limit(1)
_REPORT = insertion(bounce_reports)
_EVENTS = (
    select(*(bounce_events.c[name] for name in _FIELDS))
    .where(bounce_events.c.address_key == bindparam("b_key"))
    .order_by(bounce_events.c.id)
)
_SAME_KEYS = select(addresses.c.id).where(addresses.c.address_key.in_(bindparam("b_keys", expanding=True)))
_EXPLICIT = members.c.address.in_(_SAME_KEYS)
_PREFERRED = members.c.user.in_(select(users.c.id).where(users.c.preferred_address.in_(_SAME_KEYS)))
_KEY = select(addresses.c.id).where(addresses.c.address_key == bindparam("b_key")).scalar_subquery()
_PROBING = exists().where(
    probes.c.list == members.c.list,
    probes.c.address_key == addresses.c.address_key,
    probes.c.expires_at > bindparam("b_now"),
)
_MEMBER = select(
    members.c.id,
    members.c.list,
    addresses.c.address,
    addresses.c.address_key,
    DISPLAY_NAME,
    members.c.last_bounce_post,
    lists.c.post_id,
    members.c.bounce_score,
    members.c.last_bounce_at,
    effective("delivery_status"),
    effective("delivery_mode"),
    _PROBING,
).select_from(JOINED)
_IS_MEMBER = (OF_LIST, members.c.role == Role.MEMBER.value)
_BY_ADDRESS = _MEMBER.where(*_IS_MEMBER, members.c.address == _KEY)
_BY_USER = _MEMBER.where(
    *_IS_MEMBER, members.c.user.in_(select(users.c.id).where(users.c.preferred_address == _KEY))
)
_KEYS = tuple(
    select(addresses.c.address_key).select_from(JOINED).where(*_IS_MEMBER, where)
    for where in (_EXPLICIT, _PREFERRED)
)
_RECENT_POSTS = (
    select(func.count())
    .select_from(post_numbers)
    .where(post_numbers.c.taken_at > bindparam("b_since"), post_numbers.c.list == bindparam("b_list"))
)
_REPORTS_SINCE = (
    select(func.count())
    .select_from(bounce_events)
    .where(
        bounce_events.c.address_key == bindparam("b_key"),
        bounce_events.c.list_id == bindparam("b_list_id"),
        bounce_events.c.at >= bindparam("b_since"),
        bounce_events.c.effect.in_(sorted(FAILURES)),
    )
)
_FAILED = (
    update(members)
    .where(members.c.id == bindparam("b_row"))
    .values(bounce_score=bindparam("b_score"), last_bounce_at=bindparam("b_now"))
)
_COUNTED = _FAILED.values(last_bounce_post=bindparam("b_post"))
_DISABLE = (
    update(members)
    .where(members.c.id == bindparam("b_row"))
    .values(delivery_status=DeliveryStatus.BY_BOUNCES.value, warnings_sent=0, last_warning_at=None)
)
_RAISE = (
    update(lists).where(lists.c.id == bindparam("b_list")).values(roster_version=lists.c.roster_version + 1)
)
_PROBE = select(probes.c.id, lists.c.list_id, probes.c.address_key, probes.c.event).select_from(
    probes.join(lists, probes.c.list == lists.c.id)
)
_LIVE = probes.c.expires_at > bindparam("b_now")
_BY_TOKEN = _PROBE.where(probes.c.token_hash == bindparam("b_token_hash"), _LIVE)
_OF_MEMBER = _PROBE.where(OF_LIST, probes.c.address_key == bindparam("b_key"), _LIVE)
_END_PROBES = delete(probes).where(
    probes.c.list == bindparam("b_list"), probes.c.address_key == bindparam("b_key")
)
_OVER = (
    select(probes.c.id, probes.c.list, lists.c.list_id, probes.c.address_key)
    .select_from(probes.join(lists, probes.c.list == lists.c.id))
    .where(probes.c.expires_at <= bindparam("b_now"))
    .order_by(probes.c.id)
    .limit(bindparam("b_limit"))
)
_FORGIVE = update(members).where(members.c.id.in_(bindparam("b_rows", expanding=True))).values(bounce_score=0)
_FAILURE = tuple(delivery_failures.c[name] for name in DeliveryFailure.__struct_fields__)
_UNJUDGED = (
    select(*_FAILURE)
    .where(delivery_failures.c.judged.is_(False))
    .order_by(delivery_failures.c.at, delivery_failures.c.entry, delivery_failures.c.number)
    .limit(bindparam("b_limit"))
)
_JUDGED = (
    update(delivery_failures)
    .where(
        delivery_failures.c.entry == bindparam("b_entry"), delivery_failures.c.number == bindparam("b_number")
    )
    .values(judged=True)
)
_OLD_EVENTS = select(bounce_events.c.id).where(bounce_events.c.at <= bindparam("b_before"))
_OLD_REPORTS = select(bounce_reports.c.cause).where(bounce_reports.c.at <= bindparam("b_before"))
_PURGE_EVENTS = delete(bounce_events).where(
    bounce_events.c.id.in_(_OLD_EVENTS.order_by(bounce_events.c.at).limit(bindparam("b_limit")))
)
_PURGE_REPORTS = delete(bounce_reports).where(
    bounce_reports.c.cause.in_(_OLD_REPORTS.order_by(bounce_reports.c.at).limit(bindparam("b_limit")))
)
_OLD_FAILURE = delivery_failures.c.judged.is_(True), delivery_failures.c.at <= bindparam("b_before")
_PURGE_UNTIL = select(delivery_failures.c.at).where(*_OLD_FAILURE).order_by(delivery_failures.c.at).limit(1)
_PURGE_FAILURES = delete(delivery_failures).where(*_OLD_FAILURE)


# -- events and reports ------------------------------------------------------------------------------------


def is_known(conn: Connection, cause: str) -> bool:
    """Whether anything came of this spool entry before: the step is done again."""
    return conn.execute(_KNOWN, {"b_cause": cause}).first() is not None


def add_event(conn: Connection, event: BounceEvent) -> int:
    """Writes it down; the number of its row. One (cause, number) is written once: IntegrityError."""
    values = {name: getattr(event, name) for name in _FIELDS} | {"code": event.code[:_LARGEST_CODE]}
    made = conn.execute(insert(bounce_events), values).inserted_primary_key
    assert made is not None
    row: int = made[0]
    return row


def events(conn: Connection, address_key: str, *, list_id: str = "") -> list[BounceEvent]:
    """Those of one address (`mail.address.key_of`), on all lists or one, in the order in which they came."""
    statement = _EVENTS.where(bounce_events.c.list_id == list_id) if list_id else _EVENTS
    return [BounceEvent(**row) for row in conn.execute(statement, {"b_key": address_key}).mappings()]


def keep_report(conn: Connection, cause: str, octets: bytes, now: float) -> None:
    """Keeps the beginning of a report, `KEPT_OCTETS` at the most, to be shown; one that is known stays as it
    is."""
    conn.execute(_REPORT, {"cause": cause, "octets": octets[:KEPT_OCTETS], "at": now})


def report(conn: Connection, cause: str) -> bytes | None:
    """What is kept of a report; None: nothing (any more)."""
    found: bytes | None = conn.execute(
        select(bounce_reports.c.octets).where(bounce_reports.c.cause == cause)
    ).scalar()
    return None if found is None else bytes(found)


# -- members -----------------------------------------------------------------------------------------------


def member(conn: Connection, list_id: str, address_key: str, now: float) -> BounceMember | None:
    """The membership (role member) by which this address gets posts: its own, else that of the user who
    prefers it. now: Unix seconds, for probes."""
    values = {"b_list_id": list_id, "b_key": address_key, "b_now": now}
    for statement in (_BY_ADDRESS, _BY_USER):
        row = conn.execute(statement, values).first()
        if row is not None:
            return _member(tuple(row))
    return None


def which_are_members(conn: Connection, list_id: str, keys: Iterable[str]) -> frozenset[str]:
    """Those of `keys` (`mail.address.key_of`) that get posts as members, also where that is switched off."""
    return frozenset(
        row[0]
        for chunk in chunks(keys, CHUNK)
        for statement in _KEYS
        for row in conn.execute(statement, {"b_list_id": list_id, "b_keys": chunk})
    )


def arrived(conn: Connection, list_id: str, known: BounceMember, now: float) -> int:
    """How many posts seem to have reached this member since his last failure; negative and 0: none.

    Those that were sent since it was counted, without those of the last 24 hours (their failures may be on
    their way), and one less for each failure of that last day: failures that take days to come back leave a
    list with as many posts whose failures are still to come. 0 where it is not known."""
    last = known.state.last_bounce_at
    if last is None or known.last_bounce_post is None:
        return 0
    sent = known.post_id - known.last_bounce_post
    if sent <= 0:
        return 0
    values = {"b_key": known.key, "b_list_id": list_id, "b_since": last - last % _DAY_S}
    sent -= conn.execute(_REPORTS_SINCE, values).scalar_one()
    if sent <= 0:
        return 0
    late = conn.execute(_RECENT_POSTS, {"b_list": known.list_row, "b_since": now - _DAY_S}).scalar_one()
    return sent - int(late)


def note_failure(conn: Connection, known: BounceMember, score: int, now: float, *, counted: bool) -> None:
    """This was his last failure, and his score is so much. counted: it added to the score; arrivals are
    counted from now on."""
    values: dict[str, Any] = {"b_row": known.row, "b_score": score, "b_now": now}
    if counted:
        conn.execute(_COUNTED, {**values, "b_post": known.post_id})
    else:
        conn.execute(_FAILED, values)


def disable(conn: Connection, known: BounceMember) -> None:
    """He gets no more posts (`by_bounces`) and no warning yet, and a probe is needed no more."""
    conn.execute(_DISABLE, {"b_row": known.row})
    conn.execute(_RAISE, {"b_list": known.list_row})
    end_probes(conn, known.list_row, known.key)


# -- probes ------------------------------------------------------------------------------------------------


def add_probe(
    conn: Connection, known: BounceMember, token_hash: str, event: int, now: float, *, life_s: float
) -> None:
    """A probe is on its way to this member; those before it are over. event: `add_event` of what it
    follows."""
    end_probes(conn, known.list_row, known.key)
    values = {
        "token_hash": token_hash,
        "list": known.list_row,
        "address_key": known.key,
        "event": event,
        "created_at": now,
        "expires_at": now + life_s,
    }
    conn.execute(insert(probes), values)


def live_probe(conn: Connection, list_id: str, address_key: str, now: float) -> Probe | None:
    """The probe that is under way to this member."""
    row = conn.execute(_OF_MEMBER, {"b_list_id": list_id, "b_key": address_key, "b_now": now}).first()
    return None if row is None else Probe(*row)


def probe_by_hash(conn: Connection, token_hash: str, now: float) -> Probe | None:
    """The live probe whose token has this hash (`lists.tokens.token_hash`); the token is still to be
    compared."""
    row = conn.execute(_BY_TOKEN, {"b_token_hash": token_hash, "b_now": now}).first()
    return None if row is None else Probe(*row)


def end_probes(conn: Connection, list_row: int, address_key: str) -> None:
    """What comes back of probes to this member means nothing any more."""
    conn.execute(_END_PROBES, {"b_list": list_row, "b_key": address_key})


def expire_probes(conn: Connection, now: float, limit: int) -> list[tuple[str, str]]:
    """Ends the probes whose time is over, at most `limit`: nothing came back, so they have arrived, and the
    scores of those members begin anew. (list_id, address_key) of each."""
    over = conn.execute(_OVER, {"b_now": now, "b_limit": limit}).all()
    for row, _, list_id, key in over:
        found = [
            one[0]
            for statement in (_BY_ADDRESS, _BY_USER)
            for one in conn.execute(statement, {"b_list_id": list_id, "b_key": key, "b_now": now})
        ]
        if found:
            conn.execute(_FORGIVE, {"b_rows": found})
        conn.execute(delete(probes).where(probes.c.id == row))
    return [(list_id, key) for _, _, list_id, key in over]


# -- failures that delivery saw ----------------------------------------------------------------------------


def unjudged(conn: Connection, limit: int) -> list[DeliveryFailure]:
    """The oldest that no score has taken into account."""
    return [DeliveryFailure(**row) for row in conn.execute(_UNJUDGED, {"b_limit": limit}).mappings()]


def mark_judged(conn: Connection, failures: Sequence[DeliveryFailure]) -> None:
    """They are taken into account now."""
    values = [{"b_entry": one.entry, "b_number": one.number} for one in failures]
    if values:
        conn.execute(_JUDGED, values)


# -- what is too old ---------------------------------------------------------------------------------------


def purge_events(conn: Connection, before: float, limit: int) -> int:
    """Forgets the oldest events of `before` (Unix seconds) and earlier; how many."""
    return conn.execute(_PURGE_EVENTS, {"b_before": before, "b_limit": limit}).rowcount


def purge_reports(conn: Connection, before: float, limit: int) -> int:
    """The same of reports."""
    return conn.execute(_PURGE_REPORTS, {"b_before": before, "b_limit": limit}).rowcount


def purge_failures(conn: Connection, before: float, limit: int) -> int:
    """The same of failures that delivery saw and that were judged; more than `limit` where they are of the
    same moment."""
    last = conn.execute(_PURGE_UNTIL.offset(limit - 1), {"b_before": before}).scalar()
    return conn.execute(_PURGE_FAILURES, {"b_before": before if last is None else last}).rowcount


def _member(row: Sequence[Any]) -> BounceMember:
    key, list_row, address, address_key, name, last_post, post_id, score, last, status, mode, probing = row
    return BounceMember(
        row=key,
        list_row=list_row,
        address=address,
        key=address_key,
        display_name=name,
        last_bounce_post=last_post,
        post_id=post_id,
        state=BounceState(
            score=score,
            last_bounce_at=last,
            status=DeliveryStatus(status),
            regular=mode == DeliveryMode.REGULAR.value and status == DeliveryStatus.ENABLED.value,
            probing=bool(probing),
        ),
    )
