"""Who is subscribed to what, found by a piece of an address."""

from collections.abc import Collection, Iterator
from typing import Final

import regex
from sqlalchemy import Connection

from mlcore.base.errors import BadInput
from mlcore.lists.model import Membership, Role
from mlcore.store import memberships

TIMEOUT_S: Final = 0.05
"""For one address: a pattern that needs longer is one that never ends."""

_ROLES: Final = tuple(Role)


def memberships_matching(
    connection: Connection, pattern: str, roles: Collection[Role] = _ROLES
) -> list[Membership]:
    """The memberships, in one of `roles`, of every user one of whose addresses `pattern` is found in, and of
    such addresses that belong to no user; sorted by address, list and role.

    pattern: a regular expression, without regard to case. Raises BadInput: none, or one that takes too
    long."""
    users: dict[str, None] = {}
    strangers: list[str] = []
    for key, user_id in _matching(connection, pattern):
        if user_id:
            users[user_id] = None
        else:
            strangers.append(key)
    found = memberships.memberships_of_users(connection, users)
    found += memberships.memberships_of_addresses(connection, strangers)
    return sorted((one for one in found if one.role in roles), key=_order)


def _matching(connection: Connection, pattern: str) -> Iterator[tuple[str, str]]:
    """Key and user of the addresses that match."""
    try:
        search = regex.compile(pattern, regex.IGNORECASE).search
    except regex.error as error:
        raise BadInput(f"Invalid pattern: {pattern}", f"{error}") from error
    try:
        for address, key, user_id in memberships.known_addresses(connection):
            if search(address, timeout=TIMEOUT_S) is not None:
                yield key, user_id
    except TimeoutError as error:
        raise BadInput(f"Invalid pattern: {pattern}", "it takes too long; write a simpler one") from error


def _order(one: Membership) -> tuple[str, str, int]:
    return one.address.lower(), one.list_id, _ROLES.index(one.role)
