"""Bans: who may have no role on a list, or on any list of the site."""

from collections.abc import Sequence

from sqlalchemy import Connection

from mlcore.actions.admins import Outcome
from mlcore.base.errors import BadInput
from mlcore.lists.bans import valid_pattern
from mlcore.lists.model import Ban
from mlcore.store import bans


def shown(connection: Connection, list_id: str = "") -> list[Ban]:
    """Those of the list, or of the site where `list_id` is empty, sorted by pattern."""
    return sorted(bans.all(connection, list_id), key=lambda ban: ban.pattern)


def add(connection: Connection, patterns: Sequence[str], list_id: str = "", *, now: float) -> Outcome:
    """Bans these addresses and `^regex` patterns; memberships that there are stay. now: Unix seconds. Raises
    BadInput for the first that is neither."""
    done: list[str] = []
    idle: list[str] = []
    for pattern in patterns:
        added = bans.add(connection, pattern, list_id, now=now)
        (done if added else idle).append(valid_pattern(pattern))
    return Outcome(tuple(done), tuple(idle))


def remove(connection: Connection, patterns: Sequence[str], list_id: str = "") -> None:
    """Lifts these bans. Raises BadInput with those that there are not."""
    absent = [pattern for pattern in patterns if not bans.remove(connection, valid_pattern(pattern), list_id)]
    if absent:
        where = list_id or "the site"
        raise BadInput(f"no ban of {where}: {', '.join(absent)}", "`mlcore bans list` shows those there are")
