"""Who joins and leaves in a test, and what is sent because of it."""

from sqlalchemy import Connection, select

from mlcore.actions.members import Person
from mlcore.actions.subscriptions import Office
from mlcore.lists.model import ListPolicy
from mlcore.lists.subscriptions import Lives
from mlcore.mail.address import parse_line
from mlcore.store import requests
from mlcore.store.requests import Kind, Request
from mlcore.store.schema import notices

KEY = bytes(range(32))
DAY_S = 86_400.0


def office(*, most: int = 3, invite_only: bool = False) -> Office:
    """With the lives of the default configuration."""
    return Office(KEY, Lives(confirmations_per_day=most), invite_only=invite_only)


def person(line: str) -> Person:
    """Whom `Name <a@b>` or `a@b` names."""
    name, address = parse_line(line)
    return Person(0, name, str(address), address.key)


def sent(conn: Connection) -> list[str]:
    """Kind and address of each notice that was queued since this was asked last, as `welcome a@b`."""
    rows = conn.execute(select(notices.c.kind, notices.c.address).order_by(notices.c.id)).all()
    conn.execute(notices.delete())
    return [f"{row.kind} {row.address}" for row in rows]


def open_request(conn: Connection, policy: ListPolicy, address: str, kind: Kind = "subscription") -> Request:
    """What is open for an address."""
    found = requests.get(conn, policy.list_id, person(address).key, kind)
    assert found is not None
    return found
