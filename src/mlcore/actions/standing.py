"""What becomes of the posts of single people: members, and others that a list knows."""

from collections.abc import Sequence

from msgspec import UNSET, UnsetType
from sqlalchemy import Connection

from mlcore.base.errors import BadInput
from mlcore.lists.model import Action, ListPolicy, Membership, Role
from mlcore.mail.address import BadAddress, key_of
from mlcore.store import memberships


def of(connection: Connection, policy: ListPolicy, addresses: Sequence[str]) -> list[Membership]:
    """For each address, in order, what counts for its posts: the membership with role member, else that as
    nonmember. Raises BadInput for an address that is none, or is neither on this list."""
    return [_of_one(connection, policy, address) for address in addresses]


def change(
    connection: Connection,
    policy: ListPolicy,
    addresses: Sequence[str],
    *,
    action: Action | UnsetType | None = UNSET,
    restricted: bool | None = None,
) -> list[Membership]:
    """What they are afterwards. action: what becomes of their posts, None: what the list says for all; left
    out: as it was. restricted: whether they only read. Raises as `of`, and BadInput where somebody who is no
    member is to be restricted."""
    found = of(connection, policy, addresses)
    for one in found:
        if restricted is not None and one.role is not Role.MEMBER:
            raise BadInput(f"{one.address} is no member", "only members can be restricted; use --action")
    for one in found:
        memberships.change(connection, one.member_id, moderation_action=action, restricted=restricted)
    return of(connection, policy, addresses)


def _of_one(connection: Connection, policy: ListPolicy, address: str) -> Membership:
    try:
        key = key_of(address)
    except BadAddress as error:
        raise BadInput(f"{address} is no address", "write name@example.com") from error
    for role in (Role.MEMBER, Role.NONMEMBER):
        found = memberships.on_list(connection, policy.list_id, role, [key])
        if found:
            return found[0]
    raise BadInput(f"{address} is not known to {policy.list_id}", "`mlcore members --role any` shows who is")
