"""Lists: making one, and finding the one a person means."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, get_args

from sqlalchemy import Connection

from mlcore.base.errors import BadInput
from mlcore.lists.directory import Purpose
from mlcore.lists.model import ListPolicy, Member, Role
from mlcore.mail.address import Address, BadAddress, parse, parse_line
from mlcore.store import lists, members

_NAME: Final = re.compile(r"[-_.0-9a-z]{1,64}")
_SUB_ADDRESSES: Final = tuple(
    f"-{name}" for name in (*get_args(Purpose), "subscribe", "unsubscribe") if name != "post"
)


def create(
    connection: Connection,
    address: str,
    *,
    owners: Sequence[str] = (),
    language: str = "en",
    site_owner: str = "",
    now: float,
) -> ListPolicy:
    """Makes the list that posts to `address` (made lower case), with the defaults of a discussion list.

    owners: `a@b` or `Name <a@b>`; they become owners, not members. site_owner: an address that no list may
    have, since notices about lists go there. now: Unix seconds. Raises BadInput: an address that cannot be
    a list's, a list that exists, owners that are no addresses."""
    policy = _policy(_posting_address(address, site_owner), language)
    if lists.find(connection, policy.posting_address) is not None:
        raise BadInput(f"List already exists: {policy.posting_address}")
    _refuse_sub_address(connection, policy)
    wanted = _owners(owners)
    lists.create(connection, policy, now)
    members.add_many(connection, policy.list_id, wanted, now)
    return policy


def find(connection: Connection, spec: str) -> ListPolicy:
    """The list that `spec`, a posting address or a List-ID in any case, names. Raises BadInput."""
    found = lists.find(connection, spec) if "@" in spec else lists.get(connection, spec.lower())
    if found is None:
        raise BadInput(f"No such list: {spec}")
    return found


def matching(connection: Connection, domains: Iterable[str] = ()) -> list[ListPolicy]:
    """All lists, or those whose mail host is one of `domains` (any case), sorted by List-ID."""
    hosts = {domain.lower() for domain in domains}
    found = [policy for policy in lists.all(connection) if not hosts or policy.mail_host in hosts]
    return sorted(found, key=lambda policy: policy.list_id)


def _posting_address(text: str, site_owner: str) -> str:
    try:
        address = parse(text.strip())
    except BadAddress as error:
        raise BadInput(f"Illegal list name: {text}", error.remedy) from error
    key = address.key
    name = key.rpartition("@")[0]
    if not _NAME.fullmatch(name) or address.domain.startswith("["):
        raise BadInput(
            f"Illegal list name: {text}",
            "use letters a-z, digits, - _ . before the @, and a domain behind it",
        )
    if site_owner and key == parse(site_owner).key:
        raise BadInput(f"Illegal list name: {text}", "this is site_owner, which must not be a list")
    return key


def _policy(address: str, language: str) -> ListPolicy:
    list_name, _, mail_host = address.rpartition("@")
    display_name = list_name.capitalize()
    return ListPolicy(
        list_id=f"{list_name}.{mail_host}",
        list_name=list_name,
        mail_host=mail_host,
        display_name=display_name,
        subject_prefix=f"[{display_name}] ",
        preferred_language=language,
    )


def _refuse_sub_address(connection: Connection, policy: ListPolicy) -> None:
    """`ant-owner@` cannot be a list beside `ant@`: mail to it would have two meanings."""
    for suffix in _SUB_ADDRESSES:
        others = [f"{policy.list_name}{suffix}"]
        if policy.list_name.endswith(suffix):
            others.append(policy.list_name.removesuffix(suffix))
        for other in others:
            address = f"{other}@{policy.mail_host}"
            if other and lists.find(connection, address) is not None:
                raise BadInput(
                    f"Illegal list name: {policy.posting_address}",
                    f"{address} is a list, and one would be an address of the other",
                )


def _owners(texts: Sequence[str]) -> list[Member]:
    found: list[tuple[str, Address]] = []
    illegal = []
    for text in texts:
        try:
            found.append(parse_line(text))
        except BadAddress:
            illegal.append(text)
    if illegal:
        raise BadInput(f"Illegal owner addresses: {', '.join(illegal)}")
    return [Member(address=str(address), display_name=name, role=Role.OWNER) for name, address in found]
