"""Domains: rows in, `lists.model.Domain` out. Every change raises the generation, since the lists that a
cache knows are found at their domain or its alias."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from mlcore.base.errors import BadInput
from mlcore.lists.model import Domain, User
from mlcore.mail.address import BadAddress, key_of
from mlcore.store import generation, users
from mlcore.store.schema import domain_owners, domains
from mlcore.store.schema import users as user_table
from mlcore.store.sql import insertion

_COLUMNS = (domains.c.mail_host, domains.c.description, domains.c.alias_domain, domains.c.base_url)
_ALL = select(*_COLUMNS)
_BY_HOST = _ALL.where(domains.c.mail_host == bindparam("b_host"))
_BY_EITHER = _ALL.where(
    or_(domains.c.mail_host == bindparam("b_host"), domains.c.alias_domain == bindparam("b_host"))
)
_ROW = select(domains.c.id).where(domains.c.mail_host == bindparam("b_host"))
_OWNERS = (
    users.SELECT.join(domain_owners, domain_owners.c.user == user_table.c.id)
    .join(domains, domains.c.id == domain_owners.c.domain)
    .where(domains.c.mail_host == bindparam("b_host"))
    .order_by(user_table.c.id)
)
_ADD_OWNER = insertion(domain_owners, leave_out=frozenset())


class NoSuchDomain(BadInput):
    """There is no such domain (any more)."""

    def __init__(self, mail_host: str) -> None:
        super().__init__(f"Undefined domain: {mail_host}", "`mlcore domains` shows those there are")


def canonical(host: str) -> str:
    """A domain as it is stored and compared: lower case, A-labels. Raises BadInput for what is none; an
    address literal is none."""
    try:
        domain = key_of(f"x@{host}").rpartition("@")[2]
    except BadAddress as error:
        raise BadInput(f"not a domain: {host!r}", "write lists.example.com") from error
    if domain.startswith("["):
        raise BadInput(f"not a domain: {host!r}", "write lists.example.com")
    return domain


def create(conn: Connection, domain: Domain, now: float) -> Domain:
    """Adds a domain, and gives it as it is stored. now: Unix seconds.

    Raises BadInput when it exists, or one of its two names is another domain's mail host or alias."""
    domain = _checked(conn, domain, None)
    conn.execute(insert(domains), {**_values(domain), "created_at": now})
    generation.raise_(conn)
    return domain


def change(conn: Connection, domain: Domain) -> Domain:
    """Gives the domain of this mail host the other values, and gives it as it is stored.

    Raises NoSuchDomain, or BadInput when the alias is another domain's mail host or alias."""
    row = _row(conn, domain.mail_host)
    domain = _checked(conn, domain, canonical(domain.mail_host))
    conn.execute(update(domains).where(domains.c.id == row).values(_values(domain)))
    generation.raise_(conn)
    return domain


def remove(conn: Connection, mail_host: str) -> bool:
    """Removes the domain with all its lists. False when there is none."""
    gone = conn.execute(delete(domains).where(domains.c.mail_host == _asked(mail_host))).rowcount > 0
    if gone:
        generation.raise_(conn)
    return gone


def get(conn: Connection, mail_host: str) -> Domain | None:
    """The domain with this mail host; None also for what is no domain."""
    row = conn.execute(_BY_HOST, {"b_host": _asked(mail_host)}).one_or_none()
    return None if row is None else _value(row)


def find(conn: Connection, host: str) -> Domain | None:
    """The domain whose mail arrives at `host`: its mail host, or its alias."""
    row = conn.execute(_BY_EITHER, {"b_host": _asked(host)}).one_or_none()
    return None if row is None else _value(row)


def all(conn: Connection) -> list[Domain]:  # noqa: A001  (read as `domains.all`)
    """Every domain, sorted by mail host (not by the database: it may sort as a language does)."""
    return sorted((_value(row) for row in conn.execute(_ALL)), key=lambda domain: domain.mail_host)


def owners(conn: Connection, mail_host: str) -> list[User]:
    """Who owns the domain, by creation; nobody if there is no such domain."""
    return [users.of_row(row) for row in conn.execute(_OWNERS, {"b_host": _asked(mail_host)})]


def add_owner(conn: Connection, mail_host: str, user_id: str) -> None:
    """Makes the user with this UUID an owner, if he is none. Raises NoSuchDomain, NoSuchUser."""
    row = _row(conn, mail_host)
    user: int | None = conn.execute(select(user_table.c.id).where(user_table.c.user_uuid == user_id)).scalar()
    if user is None:
        raise users.NoSuchUser(user_id)
    conn.execute(_ADD_OWNER, {"domain": row, "user": user})
    generation.raise_(conn)


def clear_owners(conn: Connection, mail_host: str) -> None:
    """Nobody owns the domain any more. Raises NoSuchDomain."""
    conn.execute(delete(domain_owners).where(domain_owners.c.domain == _row(conn, mail_host)))
    generation.raise_(conn)


def _checked(conn: Connection, domain: Domain, known_as: str | None) -> Domain:
    """The domain with canonical names that no other one has. known_as: the mail host of the one it is."""
    mail_host = canonical(domain.mail_host)
    alias = canonical(domain.alias_domain) if domain.alias_domain else ""
    if alias == mail_host:
        raise BadInput(f"{alias} is the domain itself", "an alias domain is another one")
    for name in filter(None, (mail_host, alias)):
        taken = find(conn, name)
        if taken is not None and taken.mail_host != known_as:
            what = (
                "exists already" if taken.mail_host == name else f"is the alias domain of {taken.mail_host}"
            )
            raise BadInput(f"the domain {name} {what}", "choose another one")
    return replace(domain, mail_host=mail_host, alias_domain=alias)


def _asked(host: str) -> str:
    """Canonical, or empty: then nothing is found."""
    try:
        return canonical(host)
    except BadInput:
        return ""


def _row(conn: Connection, mail_host: str) -> int:
    row: int | None = conn.execute(_ROW, {"b_host": _asked(mail_host)}).scalar()
    if row is None:
        raise NoSuchDomain(mail_host)
    return row


def _values(domain: Domain) -> dict[str, Any]:
    return {
        "mail_host": domain.mail_host,
        "description": domain.description,
        "alias_domain": domain.alias_domain or None,  # NULL: any number of domains has none
        "base_url": domain.base_url,
    }


def _value(row: Sequence[Any]) -> Domain:
    mail_host, description, alias_domain, base_url = row
    return Domain(
        mail_host=mail_host, description=description, alias_domain=alias_domain or "", base_url=base_url
    )
