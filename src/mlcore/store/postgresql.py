"""PostgreSQL through psycopg 3: the URL, which libpq reads, and the settings of each connection.

All that write to one database do so one after the other, as with SQLite: a writer takes an advisory lock
when its transaction begins. So code that looks before it writes is right without a thought of who else is
there, and two transactions can neither deadlock nor fail to serialise. Readers see a snapshot and wait for
nobody."""

import select
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.types.string import StrDumper
from sqlalchemy import Connection, Engine, NullPool, create_engine, event

from mlcore.base.errors import BadInput, StoreTrouble

WRITE_LOCK: Final = 0x6D6C_636F_7265
"""Key of the advisory lock that a writing transaction holds (the letters `mlcore`): one per database."""

CONNECT_TIMEOUT_S: Final = 5

_DEFAULTS: Final = {
    "connect_timeout": str(CONNECT_TIMEOUT_S),
    "fallback_application_name": "mlcore",
    "client_encoding": "UTF8",
    # A host that vanishes is noticed within a minute, not after hours.
    "keepalives_idle": "20",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""What the URL may say otherwise."""

_SHOWN: Final = ("service", "user", "host", "hostaddr", "port", "dbname")


class _WithoutNul(StrDumper):
    """Text as the database takes it: it has no NUL, mail has any octet."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}"))


def parameters(url: str) -> dict[str, str]:
    """What libpq makes of `url` (PostgreSQL manual, 34.1.1.2: also `?service=name`, several hosts), with the
    time-outs used here where it has none. Raises BadInput, which does not show the password."""
    try:
        given = conninfo_to_dict("postgresql://" + url.partition("://")[2])
    except psycopg.ProgrammingError:
        # libpq's text may quote the password; so not even the cause is kept
        raise BadInput(
            "the PostgreSQL URL cannot be read",
            "write postgresql://user@host/database or postgresql://?service=name",
        ) from None
    return _DEFAULTS | {name: str(value) for name, value in given.items() if value is not None}


def shown(url: str) -> str:
    """The database for a person to read: no password."""
    given = parameters(url)
    return "PostgreSQL database " + " ".join(f"{name}={given[name]}" for name in _SHOWN if given.get(name))


def make_engine(url: str, *, writes: bool, wait_s: float) -> Engine:
    """See `connect.make_engine`."""
    conninfo = make_conninfo(**parameters(url))

    def connect() -> psycopg.Connection[Any]:
        connection = psycopg.connect(conninfo)
        try:
            _set_up(connection, writes=writes, wait_s=wait_s)
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine(
        "postgresql+psycopg://",
        poolclass=NullPool,
        creator=connect,
        use_native_hstore=False,
        hide_parameters=True,  # else they come into logs with the texts of errors (P27)
    )
    if writes:
        event.listen(engine, "begin", _take_lock)
        event.listen(engine, "commit", _refuse_aborted)
    return engine


def is_stale(driver: Any) -> bool:
    """Whether an idle connection of psycopg has something to say: that is, that the server went away.

    One poll of the socket; anything else that a server says unasked costs no more than a new connection."""
    if driver.closed:
        return True
    poll = select.poll()
    poll.register(driver.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _set_up(connection: psycopg.Connection[Any], *, writes: bool, wait_s: float) -> None:
    connection.adapters.register_dumper(str, _WithoutNul)
    connection.autocommit = True
    connection.execute(
        "SELECT set_config('lock_timeout', %s, false),"
        # what is answered is kept: an operator's `off` in postgresql.conf is for others; stricter ones stay
        " set_config('synchronous_commit', CASE current_setting('synchronous_commit')"
        " WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)",
        (f"{max(1, round(wait_s * 1000))}ms",),
    ).close()
    connection.autocommit = False
    if writes:
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    else:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True


def _take_lock(connection: Connection) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})").close()


def _refuse_aborted(connection: Connection) -> None:
    """A function that swallowed an error leaves a transaction that COMMIT would roll back without a word."""
    driver: Any = connection.connection.driver_connection
    if driver.info.transaction_status == TransactionStatus.INERROR:
        raise StoreTrouble("database: an earlier statement of the transaction failed")
