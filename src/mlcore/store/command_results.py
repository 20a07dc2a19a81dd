"""What came of the commands in a mail, kept until its spool entry is gone: a step that is done again finds
it, does nothing twice and gives the same answer."""

from typing import Final

import msgspec
from sqlalchemy import Connection, bindparam, delete, select

from mlcore.lists.command_answers import Results
from mlcore.store.schema import command_results
from mlcore.store.sql import insertion

_ENTRY = command_results.c.entry == bindparam("b_entry")
_GET = select(command_results.c.result).where(_ENTRY)
_INSERT = insertion(command_results)
_DELETE = delete(command_results).where(_ENTRY)
_PURGE = delete(command_results).where(command_results.c.at <= bindparam("b_before"))

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Results).decode


def get(conn: Connection, entry: str) -> Results | None:
    """What came of the commands of this spool entry; None: they were not carried out yet."""
    text = conn.execute(_GET, {"b_entry": entry}).scalar()
    return None if text is None else _decode(text)


def put(conn: Connection, entry: str, results: Results, now: float) -> None:
    """Keeps the results of an entry that has none. now: Unix seconds."""
    conn.execute(_INSERT, {"entry": entry, "result": _encode(results).decode(), "at": now})


def forget(conn: Connection, entry: str) -> None:
    """The entry is durably gone."""
    conn.execute(_DELETE, {"b_entry": entry})


def purge(conn: Connection, before: float) -> int:
    """Forgets what is of `before` (Unix seconds) or older, as a crash may have left it; how many there were.
    Entries wait for days only where nothing works any more."""
    return conn.execute(_PURGE, {"b_before": before}).rowcount
