"""The way out for members whose address takes no mail: some warnings, then the end of the membership."""

from typing import Literal

import msgspec
from sqlalchemy import Connection

from mlcore.actions import members
from mlcore.lists import warnings
from mlcore.lists.model import ListPolicy, Role
from mlcore.mail.address import key_of
from mlcore.store import disabled, lists, memberships, notices
from mlcore.store.disabled import Disabled


class Done(msgspec.Struct, frozen=True):
    """What became of one member. warnings: sent so far."""

    address: str
    effect: Literal["warned", "removed"]
    warnings: int


class Portion(msgspec.Struct, frozen=True):
    """What one transaction did. last: row after which to go on; None: nobody is left."""

    done: tuple[Done, ...]
    last: int | None


def go_on(conn: Connection, list_id: str, after: int, most: int, now: float) -> Portion:
    """Warns or removes those members of a list whom bounces have disabled and who are due (`lists.warnings`),
    at most `most` of those behind row `after`: counters, memberships and notices in one transaction. Done
    again at once it does nothing. now: Unix seconds."""
    policy = lists.get(conn, list_id)
    if policy is None or not policy.process_bounces:
        return Portion((), None)
    found = disabled.due(conn, list_id, warnings.due_before(policy, now), after, most)
    to_warn = [one for one in found if warnings.next_step(policy, one.warnings_sent) == "warn"]
    to_remove = [one for one in found if warnings.next_step(policy, one.warnings_sent) == "remove"]
    _warn(conn, policy, to_warn, now)
    _remove(conn, policy, to_remove, now)
    done = [
        *(Done(one.address, "warned", one.warnings_sent + 1) for one in to_warn),
        *(Done(one.address, "removed", one.warnings_sent) for one in to_remove),
    ]
    return Portion(tuple(done), found[-1].row if len(found) == most else None)


def _warn(conn: Connection, policy: ListPolicy, found: list[Disabled], now: float) -> None:
    disabled.warned(conn, found, now)
    notices.queue(conn, "bounce-warning", policy.list_id, _people(found), now)


def _remove(conn: Connection, policy: ListPolicy, found: list[Disabled], now: float) -> None:
    """The person hears of it in any case: it was not he who has left. Owners are told by the mail about
    bounces, or by the one about changes, as the list has it."""
    ids = {one.member_id for one in found}
    keys = [key_of(one.address) for one in found if one.address]
    ended = [
        one for one in memberships.on_list(conn, policy.list_id, Role.MEMBER, keys) if one.member_id in ids
    ]
    for one in found:
        nowhere = None if one.address else memberships.membership(conn, one.member_id)
        ended += [] if nowhere is None else [nowhere]
    by_bounces = policy.bounce_notify_owner_on_removal
    members.end(conn, ended, goodbye=True, notify=False if by_bounces else None, now=now)
    if by_bounces:
        notices.queue(conn, "bounce-removal", policy.list_id, _people(found), now)


def _people(found: list[Disabled]) -> list[tuple[str, str]]:
    return [(one.address, one.display_name) for one in found if one.address]
