"""Addresses: one takes the place of another, with all that hangs on it."""

from sqlalchemy import Connection

from mlcore.actions.members import reads_itself
from mlcore.base.errors import BadInput
from mlcore.lists.bans import BanTest
from mlcore.lists.model import Role
from mlcore.mail.address import BadAddress, key_of, parse
from mlcore.store import addresses, bans, lists, memberships


def change_address(connection: Connection, old: str, new: str) -> None:
    """Writes `new` in the place of `old`: memberships, user, and whether it is verified stay. A change of
    case alone is one too.

    Raises BadInput: `old` is not known here, `new` is no address, the same one, one that is known here
    already, one that is banned from a list that `old` has a role on, or one that such a list reads itself."""
    known = addresses.get(connection, old)
    if known is None:
        raise BadInput(f"Address {old} not found.")
    try:
        parsed = parse(new.strip())
    except BadAddress as error:
        raise BadInput(f"Address {new} is not a valid email address.") from error
    if str(parsed) == known.address:
        raise BadInput("Addresses are not different.  Nothing to change.")
    if parsed.key != key_of(known.address):
        if addresses.get(connection, str(parsed)) is not None:
            raise BadInput(f"Address {new} already exists; can't change.")
        _refuse_unwelcome(connection, old, str(parsed))
    addresses.rename(connection, old, str(parsed))


def _refuse_unwelcome(connection: Connection, old: str, new: str) -> None:
    """What could not be added to the lists of `old` must not get there by a change either."""
    key = key_of(new)
    for one in memberships.memberships_of_address(connection, old):
        policy = lists.get(connection, one.list_id)
        if policy is None or one.role is Role.NONMEMBER:
            continue
        if BanTest(bans.for_list(connection, one.list_id))(key):
            raise BadInput(
                f"Address {new} is banned from {one.list_id}", "remove the ban or the membership first"
            )
        if reads_itself(connection, policy, key):
            raise BadInput(f"Address {new} is one that a list reads itself", "it can be no member")
