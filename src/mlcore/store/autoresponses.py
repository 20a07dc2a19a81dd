"""When the list answered whom by itself for the last time."""

from sqlalchemy import Connection, Double, bindparam, delete, select, update

from mlcore.lists import autoresponse
from mlcore.lists.autoresponse import Kind
from mlcore.store.lists import row_key
from mlcore.store.schema import autoresponses, lists
from mlcore.store.sql import insertion

_THE_ONE = (
    autoresponses.c.list == bindparam("b_list"),
    autoresponses.c.address_key == bindparam("b_key"),
    autoresponses.c.kind == bindparam("b_kind"),
)
_LAST = select(autoresponses.c.cause, autoresponses.c.at).where(*_THE_ONE)
_INSERT = insertion(autoresponses)
_UPDATE = update(autoresponses).where(*_THE_ONE).values(cause=bindparam("b_cause"), at=bindparam("b_at"))
_GRACE = select(lists.c.autoresponse_grace_period).where(lists.c.id == autoresponses.c.list).scalar_subquery()
_PURGE = delete(autoresponses).where(autoresponses.c.at <= bindparam("b_before", type_=Double) - _GRACE)


def may_answer(
    conn: Connection, list_id: str, address_key: str, kind: Kind, cause: str, grace_s: int, now: float
) -> bool:
    """Whether the list may answer this address now, which then is noted.

    address_key: `mail.address.key_of`, or what stands for all spellings of a mailbox; cause: the spool entry
    that is answered: asked about again after a crash, the answer is the same; grace_s: seconds between two
    answers (`lists.autoresponse.is_due`); now: Unix seconds. Raises NoSuchList."""
    list_key = row_key(conn, list_id)
    values = {"b_list": list_key, "b_key": address_key, "b_kind": kind}
    last = conn.execute(_LAST, values).one_or_none()
    if last is None:
        row = {"list": list_key, "address_key": address_key, "kind": kind, "cause": cause, "at": now}
        return conn.execute(_INSERT, row).rowcount > 0
    if last.cause == cause:
        return True
    if not autoresponse.is_due(grace_s, last.at, now):
        return False
    conn.execute(_UPDATE, {**values, "b_cause": cause, "b_at": now})
    return True


def purge(conn: Connection, before: float) -> int:
    """Forgets answers whose grace was over at `before` (Unix seconds); how many there were."""
    return conn.execute(_PURGE, {"b_before": before}).rowcount
