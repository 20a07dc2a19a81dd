"""Bounce events that delivery itself saw: what the peer said for good about one recipient of one entry."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection

from mlcore.store.schema import delivery_failures
from mlcore.store.sql import insertion

_INSERT = insertion(delivery_failures)


class DeliveryFailure(msgspec.Struct, frozen=True, kw_only=True):
    """One failed recipient. entry and number: which recipient of which spool entry; at: Unix seconds.

    code, enhanced, text: the reply; policy: a refusal of the content or of us, which does not count against
    the member."""

    entry: str
    number: int
    list_id: str
    address: str
    code: int
    enhanced: str
    text: str
    policy: bool
    at: float


def record(conn: Connection, failures: Iterable[DeliveryFailure]) -> None:
    """Writes them down; what is known by its entry and number stays as it is, so that a step may be
    repeated."""
    values = [
        {name: getattr(failure, name) for name in DeliveryFailure.__struct_fields__} | {"judged": False}
        for failure in failures
    ]
    if values:
        conn.execute(_INSERT, values)
