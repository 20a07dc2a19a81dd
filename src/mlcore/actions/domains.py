"""Domains: those whose mail comes here."""

from collections import Counter
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from mlcore.base.errors import BadInput
from mlcore.lists.model import Domain, User
from mlcore.mail.address import BadAddress, parse_line
from mlcore.store import domains, lists, users


class DomainView(msgspec.Struct, frozen=True, kw_only=True):
    """A domain as it is shown. owners: an address of each; lists: how many there are."""

    domain: Domain
    owners: tuple[str, ...] = ()
    lists: int = 0


def find(connection: Connection, text: str) -> Domain:
    """The domain with this mail host. Raises BadInput."""
    found = domains.get(connection, text)
    if found is None:
        raise BadInput(f"No such domain: {text}")
    return found


def shown(connection: Connection) -> list[DomainView]:
    """All of them, sorted by mail host."""
    counts = Counter(mail_host for _, mail_host in lists.names(connection))
    return [
        DomainView(
            domain=domain,
            owners=tuple(
                _address(connection, owner) for owner in domains.owners(connection, domain.mail_host)
            ),
            lists=counts[domain.mail_host],
        )
        for domain in domains.all(connection)
    ]


def create(connection: Connection, domain: Domain, *, owners: Sequence[str] = (), now: float) -> Domain:
    """Makes the domain; as it is then, its names in the form that mail is compared with. owners: `a@b` or
    `Name <a@b>`. now: Unix seconds. Raises BadInput: a domain that exists, an alias domain that is in use,
    owners that are no addresses."""
    _check(domain)
    made = domains.create(connection, domain, now)
    _own(connection, made, owners, now)
    return made


def change(
    connection: Connection, domain: Domain, *, owners: Sequence[str] | None = None, now: float
) -> Domain:
    """Gives the domain of this mail host these values, and other owners unless `owners` is None. now: Unix
    seconds. Raises BadInput as `create` does, and for a domain that there is not."""
    _check(domain)
    changed = domains.change(connection, domain)
    if owners is not None:
        domains.clear_owners(connection, changed.mail_host)
        _own(connection, changed, owners, now)
    return changed


def remove(connection: Connection, domain: Domain, *, with_lists: bool = False) -> int:
    """Removes the domain; how many lists went with it. Raises BadInput if there are any and not
    `with_lists`."""
    count = sum(mail_host == domain.mail_host for _, mail_host in lists.names(connection))
    if count and not with_lists:
        raise BadInput(
            f"{domain.mail_host} has {count} {'list' if count == 1 else 'lists'}",
            "remove them first, or write --with-lists",
        )
    domains.remove(connection, domain.mail_host)
    return count


def _check(domain: Domain) -> None:
    for text in (domain.description, domain.base_url):
        if not text.isprintable():
            raise BadInput(f"This value must be a single line: {text!r:.80}")


def _own(connection: Connection, domain: Domain, owners: Sequence[str], now: float) -> None:
    illegal = []
    for text in owners:
        try:
            name, address = parse_line(text)
        except BadAddress:
            illegal.append(text)
            continue
        user = users.ensure(connection, str(address), name, now)
        domains.add_owner(connection, domain.mail_host, user.user_id)
    if illegal:
        raise BadInput(f"Illegal owner addresses: {', '.join(illegal)}")


def _address(connection: Connection, owner: User) -> str:
    """How to write to this person; the name or the id of one without addresses."""
    known = owner.preferred_address or next(
        (one.address for one in users.addresses_of(connection, owner.user_id)), ""
    )
    return known or owner.display_name or owner.user_id
