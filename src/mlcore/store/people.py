"""What belongs to many users or addresses at once, where a statement for each would take too long."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, bindparam, func, select

from mlcore.store.schema import addresses, domain_owners, domains, users
from mlcore.store.sql import chunks

CHUNK = 500
"""Users or addresses asked about in one statement."""


class KnownAddress(msgspec.Struct, frozen=True, kw_only=True):
    """An address of a user, as it is spelled. verified_at: Unix seconds; None: nobody has shown that it is
    his."""

    address: str
    display_name: str
    verified_at: float | None


_THESE = users.c.user_uuid.in_(bindparam("b_users", expanding=True))
_ADDRESSES = (
    select(users.c.user_uuid, addresses.c.address, addresses.c.display_name, addresses.c.verified_at)
    .select_from(addresses.join(users, addresses.c.user == users.c.id))
    .where(_THESE)
    .order_by(addresses.c.id)
)
_DOMAINS = (
    select(users.c.user_uuid, domains.c.mail_host)
    .select_from(
        domain_owners.join(users, domain_owners.c.user == users.c.id).join(
            domains, domain_owners.c.domain == domains.c.id
        )
    )
    .where(_THESE)
)
_LANGUAGES = (
    select(addresses.c.address_key, func.coalesce(addresses.c.preferred_language, users.c.preferred_language))
    .select_from(addresses.outerjoin(users, addresses.c.user == users.c.id))
    .where(addresses.c.address_key.in_(bindparam("b_keys", expanding=True)))
)


def addresses_of(conn: Connection, user_ids: Iterable[str]) -> dict[str, list[KnownAddress]]:
    """The addresses of each of these users (UUIDs), oldest first; who has none is left out."""
    found: dict[str, list[KnownAddress]] = {}
    for chunk in chunks(user_ids, CHUNK):
        for user_id, address, display_name, verified_at in conn.execute(_ADDRESSES, {"b_users": chunk}):
            found.setdefault(user_id, []).append(
                KnownAddress(address=address, display_name=display_name, verified_at=verified_at)
            )
    return found


def domains_of(conn: Connection, user_ids: Iterable[str]) -> dict[str, list[str]]:
    """The mail hosts of the domains that each of these users (UUIDs) owns, sorted; who owns none is left
    out."""
    found: dict[str, list[str]] = {}
    for chunk in chunks(user_ids, CHUNK):
        for user_id, mail_host in conn.execute(_DOMAINS, {"b_users": chunk}):
            found.setdefault(user_id, []).append(mail_host)
    return {user_id: sorted(hosts) for user_id, hosts in found.items()}


def languages_of(conn: Connection, keys: Iterable[str]) -> dict[str, str]:
    """The language that each of these addresses (`mail.address.key_of`) wants: its own choice, else that of
    its user; who has chosen none is left out."""
    return {
        key: language
        for chunk in chunks(keys, CHUNK)
        for key, language in conn.execute(_LANGUAGES, {"b_keys": chunk})
        if language
    }
