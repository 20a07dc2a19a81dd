"""Lists: making one, removing one, and finding the one a person means."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from sqlalchemy import Connection

from mlcore.base.errors import BadInput
from mlcore.lists import styles
from mlcore.lists.addressing import PURPOSES
from mlcore.lists.languages import is_language
from mlcore.lists.model import Domain, ListPolicy, Role
from mlcore.mail.address import Address, BadAddress, key_of, parse
from mlcore.store import lists

NAME_SIGNS: Final = "[-_.0-9a-z]"
"""What a name may be made of where nobody says otherwise."""
LONGEST_NAME: Final = 64 - max(len(f"-{name}") for name in PURPOSES)
"""So that each of the list's addresses fits into the 64 octets of a local part (RFC 5321 4.5.3.1.1)."""

_SUB_ADDRESSES: Final = tuple(f"-{name}" for name in PURPOSES)
_EVER: Final = re.compile(r"[-_.+=!$*{}~0-9a-z]+")
"""No configuration allows more: / ends the name of a file, Postfix takes % for a route
(allow_percent_hack)."""


def create(
    connection: Connection,
    address: str,
    *,
    owners: Sequence[str] = (),
    language: str = "en",
    style: str = styles.LEGACY_DEFAULT.name,
    make_domain: bool = True,
    site_owner: str = "",
    names: str | re.Pattern[str] = NAME_SIGNS,
    delimiter: str = "+",
    reserved: Collection[str] = (),
    notify: bool = False,
    now: float,
) -> ListPolicy:
    """Makes the list that posts to `address` (made lower case), with the settings of `style`.

    owners: `a@b` or `Name <a@b>`; they become owners, not members, and with `notify` hear of it. make_domain:
    a domain that is missing is made. site_owner: an address that no list may have, since notices about lists
    go there. names: class of a regular expression for the signs of a name, which never may hold `delimiter`;
    reserved: names that addresses of the site have (`lists.addressing.SiteNames`). now: Unix seconds. Raises
    BadInput: an address that cannot be a list's, a list that exists, a domain that is missing, a language
    or style that is unknown, owners that are no addresses or are banned."""
    # 40 ms that all who only find or show lists are spared
    from mlcore.actions import admins  # noqa: PLC0415  (see above)
    from mlcore.store import domains, notices  # noqa: PLC0415  (see above)

    if not is_language(language):
        raise BadInput(f"Invalid language code: {language}")
    styles.style(style)
    name, host = _name_and_host(address, site_owner, names, delimiter)
    if name in reserved:
        raise BadInput(f"Illegal list name: {address}", f"{name}@{host} is an address of the site itself")
    wanted = admins.people(owners, Role.OWNER, "Illegal owner addresses")
    domain = domains.find(connection, host)
    if domain is not None and domain.mail_host != host:
        raise BadInput(
            f"Illegal list name: {address}",
            f"{host} is the alias domain of {domain.mail_host}: write {name}@{domain.mail_host}",
        )
    policy = styles.new_policy(style, name, host, language=language)
    if lists.get(connection, policy.list_id) is not None:
        raise BadInput(f"List already exists: {policy.posting_address}")
    _refuse_sub_address(connection, policy)
    if make_domain and domain is None:
        domains.create(connection, Domain(mail_host=host), now)
    lists.create(connection, policy, now, style=style)
    admins.install(connection, policy, wanted, now)
    if notify:
        people = [(owner.address, owner.display_name) for owner in wanted]
        notices.queue(connection, "new-list", policy.list_id, people, now)
    return policy


def remove(connection: Connection, policy: ListPolicy) -> bool:
    """Removes the list with everything in the database that belongs to it; False if it is gone already.
    Archives stay, and so do the files of held posts, which the server deals with."""
    return lists.remove(connection, policy.list_id)


def find(connection: Connection, spec: str) -> ListPolicy:
    """The list that `spec`, a posting address or a List-ID in any case, names. Raises BadInput."""
    spec = spec.strip()
    if "@" in spec:
        found = lists.find(connection, spec)
    else:
        # octets of the command line that were no UTF-8 are nothing that a database can be asked
        found = lists.get(connection, spec.lower()) if spec.isascii() else None
    if found is None:
        raise BadInput(f"No such list: {spec}")
    return found


def matching(
    connection: Connection, domains: Iterable[str] = (), *, advertised: bool = False
) -> list[ListPolicy]:
    """All lists, or those whose mail host is one of `domains` (any case), sorted by List-ID; advertised: only
    those that are."""
    hosts = {_host(domain) for domain in domains}
    found = [
        policy
        for policy in lists.all(connection)
        if (not hosts or policy.mail_host in hosts) and (policy.advertised or not advertised)
    ]
    return sorted(found, key=lambda policy: policy.list_id)


def _host(text: str) -> str:
    """The domain as lists have it; what is none names no list."""
    try:
        return key_of(f"x@{text.strip()}").rpartition("@")[2]
    except BadAddress:
        return text


def _name_and_host(
    text: str, site_owner: str, names: str | re.Pattern[str], delimiter: str
) -> tuple[str, str]:
    try:
        address = parse(text.strip())
    except BadAddress as error:
        raise BadInput(f"Illegal list name: {text}", error.remedy) from error
    name, _, host = address.key.rpartition("@")
    wrong = _wrong_with(name, address, names if isinstance(names, str) else names.pattern, delimiter)
    if wrong:
        raise BadInput(f"Illegal list name: {text}", wrong)
    if site_owner and address.key == parse(site_owner).key:
        raise BadInput(f"Illegal list name: {text}", "this is site_owner, which must not be a list")
    return name, host


def _wrong_with(name: str, address: Address, signs: str, delimiter: str) -> str:
    """What a list cannot be called; empty: it can."""
    if address.domain.startswith("["):
        return "write a domain behind the @"
    if delimiter and delimiter in name:
        return f"{delimiter} divides a name from what is behind it ([mta] verp_delimiter)"
    if not re.fullmatch(f"(?:{signs})+", name) or not _EVER.fullmatch(name):
        return f"use only {signs} before the @"
    if "!" in name:
        return "Postfix takes ! for a route where the domain is local (swap_bangpath)"
    if name.startswith("-"):
        return "programs take what begins with - for an option"
    if len(name) > LONGEST_NAME:
        return f"write at most {LONGEST_NAME} characters before the @"
    return ""


def _refuse_sub_address(connection: Connection, policy: ListPolicy) -> None:
    """`ant-owner@` cannot be a list beside `ant@`: mail to it would have two meanings."""
    name = policy.list_name
    others = [f"{name}{suffix}" for suffix in _SUB_ADDRESSES]
    others += [name.removesuffix(suffix) for suffix in _SUB_ADDRESSES if name.endswith(suffix)]
    for other in lists.taken(connection, policy.mail_host, others):
        raise BadInput(
            f"Illegal list name: {policy.posting_address}",
            f"{other}@{policy.mail_host} is a list, and one would be an address of the other",
        )
