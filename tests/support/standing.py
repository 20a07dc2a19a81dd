"""Roles alone, out of what the store says of senders."""

from collections.abc import Sequence

from sqlalchemy import Connection

from mlcore.lists.model import Role, Roster
from mlcore.store import standings


def roles_of(conn: Connection, list_id: str, keys: Sequence[str]) -> frozenset[Role]:
    """Those of the first of `keys` that is anything to the list."""
    found = standings.of_senders(conn, list_id, keys)
    return next((found[key].roles for key in keys if key in found), frozenset())


def roles_in(roster: Roster | None, keys: Sequence[str]) -> frozenset[Role]:
    """The same from memory."""
    assert roster is not None
    return next((roster.standings[key].roles for key in keys if key in roster.standings), frozenset())
