"""Users with all that belongs to them: chosen, described, deleted."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from sqlalchemy import Connection

from mlcore.base.errors import BadInput
from mlcore.lists.model import Membership, User
from mlcore.mail.address import key_of
from mlcore.store import memberships, people, users
from mlcore.store.people import KnownAddress
from mlcore.store.sql import chunks

AT_ONCE = 500
"""Users described from one set of statements."""


class UserRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One user. memberships: his own and those of his addresses, in order of list and role; domains: the mail
    hosts of those he owns."""

    user: User
    addresses: tuple[KnownAddress, ...]
    memberships: tuple[Membership, ...]
    domains: tuple[str, ...]

    @property
    def name(self) -> str:
        """What a person calls the user by: an address, else the UUID."""
        if self.user.preferred_address:
            return self.user.preferred_address
        return self.addresses[0].address if self.addresses else self.user.user_id

    @property
    def is_in_charge(self) -> bool:
        """Whether somebody has made this user owner of a domain or of the server."""
        return bool(self.domains) or self.user.is_server_owner


def chosen(
    conn: Connection, addresses: Sequence[str] = (), *, without_subscriptions: bool = False
) -> list[User]:
    """The users who have one of `addresses` (any spelling), in that order; without addresses all, in order of
    creation. without_subscriptions: only those who have no membership in any role, neither by themselves nor
    by an address. Raises BadInput for an address that is none, or is no user's."""
    if not addresses:
        return users.without_memberships(conn) if without_subscriptions else users.all(conn)
    found: dict[str, User] = {}
    for address in addresses:
        key_of(address)
        user = users.of_address(conn, address)
        if user is None:
            raise BadInput(f"No such user: {address}", "`mlcore users` shows those there are")
        found[user.user_id] = user
    if without_subscriptions:
        return [one.user for one in records(conn, found.values()) if not one.memberships]
    return list(found.values())


def records(conn: Connection, of: Iterable[User]) -> Iterator[UserRecord]:
    """What belongs to each of these users, in their order; read as it is asked for."""
    for chunk in chunks(of, AT_ONCE):
        ids = [user.user_id for user in chunk]
        addresses = people.addresses_of(conn, ids)
        domains = people.domains_of(conn, ids)
        by_user: dict[str, list[Membership]] = {}
        for membership in memberships.memberships_of_users(conn, ids):
            by_user.setdefault(membership.user_id, []).append(membership)
        for user in chunk:
            yield UserRecord(
                user=user,
                addresses=tuple(addresses.get(user.user_id, ())),
                memberships=tuple(by_user.get(user.user_id, ())),
                domains=tuple(domains.get(user.user_id, ())),
            )


def remove(
    conn: Connection, user_ids: Iterable[str], *, without_subscriptions: bool = False
) -> tuple[list[UserRecord], list[UserRecord]]:
    """Deletes these users with their addresses and memberships; (deleted, kept), each as they were.

    Nobody is told. Kept is who owns a domain or the server: that has to be taken away first. Who is gone
    already is in neither; nor is, with without_subscriptions, who has a membership by now."""
    present = [user for user_id in user_ids if (user := users.get(conn, user_id)) is not None]
    deleted: list[UserRecord] = []
    kept: list[UserRecord] = []
    for record in list(records(conn, present)):
        if without_subscriptions and record.memberships:
            continue
        if record.is_in_charge:
            kept.append(record)
            continue
        users.remove(conn, record.user.user_id)
        deleted.append(record)
    return deleted, kept
