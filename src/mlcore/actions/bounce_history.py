"""What an administrator asks about failed deliveries to one address, and how he lets it begin anew."""

import msgspec
from sqlalchemy import Connection

from mlcore.base.errors import BadInput
from mlcore.mail.address import key_of
from mlcore.store import bounce_history, bounces, lists
from mlcore.store.bounce_history import Standing
from mlcore.store.bounces import BounceEvent


class History(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an address. standings: of its memberships, in order of list; events: oldest first."""

    address: str
    standings: tuple[Standing, ...]
    events: tuple[BounceEvent, ...]


def history(conn: Connection, address: str, list_id: str = "") -> History:
    """What is known of `address` (any spelling) on one list or all. Raises BadAddress."""
    key = key_of(address)
    return History(
        address=address,
        standings=tuple(bounce_history.standings(conn, key, list_id)),
        events=tuple(bounces.events(conn, key, list_id=list_id)),
    )


def reset(conn: Connection, address: str, list_id: str = "") -> History:
    """Forgets the scores and warnings of the memberships of `address` on one list or all, and enables
    delivery that bounces have disabled; a probe that is under way means nothing any more. How they stand
    then. The events stay. Raises BadAddress, and BadInput
    where there is no membership."""
    found = bounce_history.standings(conn, key_of(address), list_id)
    if not found:
        raise BadInput(f"{address} is no member", "`mlcore findmember` shows who is on which list")
    for one in found:
        bounce_history.reset(conn, one.member_id)
        bounces.end_probes(conn, lists.row_key(conn, one.list_id), key_of(one.address))
    return history(conn, address, list_id)
