"""Texts under URIs: where they are, and the last good ones of those that are fetched."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select, union, update

from mlcore.store import domains as domain_rows
from mlcore.store import generation
from mlcore.store.lists import row_key
from mlcore.store.schema import addresses, domains, lists, members, template_texts, templates, users
from mlcore.store.sql import chunks
from mlcore.texts.uris import SITE, Address, Place, Record

_CHUNK: Final = 500
_RECORDS = select(
    templates.c.name, templates.c.context, templates.c.uri, templates.c.username, templates.c.password
).order_by(templates.c.name, templates.c.context)
_PLACES = select(lists.c.list_id, lists.c.list_name, lists.c.mail_host).order_by(lists.c.list_id)
_LANGUAGES = union(*(select(table.c.preferred_language) for table in (lists, members, addresses, users)))
_STATES = select(
    template_texts.c.uri,
    template_texts.c.username,
    template_texts.c.fetched_at,
    template_texts.c.tried_at,
    template_texts.c.trouble,
)
_THIS = (template_texts.c.uri == bindparam("b_uri")) & (template_texts.c.username == bindparam("b_username"))
_TEXT = select(template_texts.c.text).where(_THIS)
_FORGET = delete(template_texts).where(_THIS)
_KEEP = insert(template_texts)
_DUE = update(template_texts).where(_THIS).values(tried_at=0.0)


class State(NamedTuple):
    """How the last attempts to fetch a text went. Times are Unix seconds; fetched_at: of the last good one,
    None: there is none; tried_at: of the last attempt, 0: it is to be tried now; trouble: why that failed,
    empty if it did not."""

    fetched_at: float | None
    tried_at: float
    trouble: str


class Kept(NamedTuple):
    """text: the last good one; None: there is none, or it is gone where it was."""

    text: str | None
    state: State


def put(conn: Connection, record: Record) -> None:
    """Puts the record in place of the one of this name and context. Raises NoSuchList, NoSuchDomain."""
    remove(conn, record.name, record.context)
    of_list = of_domain = None
    if record.context.startswith("@"):
        of_domain = _domain_row(conn, record.context[1:])
    elif record.context != SITE:
        of_list = row_key(conn, record.context)
    conn.execute(
        insert(templates),
        {
            "name": record.name,
            "context": record.context,
            "list": of_list,
            "domain": of_domain,
            "uri": record.uri,
            "username": record.username,
            "password": record.password,
        },
    )
    generation.raise_(conn)


def remove(conn: Connection, name: str, context: str) -> bool:
    """Takes the record away; False when there is none."""
    rows = delete(templates).where(templates.c.name == name, templates.c.context == context)
    gone = conn.execute(rows).rowcount > 0
    if gone:
        generation.raise_(conn)
    return gone


def records(conn: Connection) -> list[Record]:
    """All of them, by name and context."""
    return sorted((Record(*row) for row in conn.execute(_RECORDS)), key=lambda one: (one.name, one.context))


def places(conn: Connection) -> list[Place]:
    """Every list, as URIs may name it."""
    return [Place(list_id, f"{name}@{host}", host) for list_id, name, host in conn.execute(_PLACES)]


def languages(conn: Connection) -> frozenset[str]:
    """Those that a list, or anybody, wants."""
    return frozenset(code for (code,) in conn.execute(_LANGUAGES) if code)


def states(conn: Connection) -> dict[Address, State]:
    """What is known of each text that was to be fetched, without the texts."""
    return {Address(uri, username): State(*rest) for uri, username, *rest in conn.execute(_STATES)}


def text(conn: Connection, address: Address) -> str | None:
    """The last good one."""
    found: str | None = conn.execute(_TEXT, _bound(address)).scalar_one_or_none()
    return found


def keep(conn: Connection, outcomes: Mapping[Address, Kept]) -> None:
    """What fetching came to, in place of what was known."""
    if not outcomes:
        return
    conn.execute(_FORGET, [_bound(address) for address in outcomes])
    values = [
        {**address._asdict(), "text": kept.text, **kept.state._asdict()} for address, kept in outcomes.items()
    ]
    conn.execute(_KEEP, values)


def forget(conn: Connection, addresses: Iterable[Address]) -> None:
    """Nothing is known of these any more; it is no error if nothing was."""
    for chunk in chunks(addresses, _CHUNK):
        conn.execute(_FORGET, [_bound(address) for address in chunk])


def make_due(conn: Connection, addresses: Iterable[Address]) -> None:
    """These are fetched at once, also those that were fetched not long ago; good texts stay until then."""
    for chunk in chunks(addresses, _CHUNK):
        conn.execute(_DUE, [_bound(address) for address in chunk])
    generation.raise_(conn)


def _bound(address: Address) -> dict[str, str]:
    return {"b_uri": address.uri, "b_username": address.username}


def _domain_row(conn: Connection, mail_host: str) -> int:
    row: int | None = conn.execute(select(domains.c.id).where(domains.c.mail_host == mail_host)).scalar()
    if row is None:
        raise domain_rows.NoSuchDomain(mail_host)
    return row
