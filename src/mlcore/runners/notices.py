"""Makes mail of the notices that wait in the database: to new and former members, and to owners.

A batch becomes durable in virgin/ before its rows are deleted, so a crash between the two repeats at most
that batch, under the same Message-IDs; database trouble there repeats nothing.

Ten thousand members added at once leave ten thousand rows. They do not become ten thousand entries before
the next post: after each batch of `BATCH` this waits until virgin/ is empty and out/ holds less than
`BACKLOG`, so that a post finds few entries before it. Where out/ does not get shorter (a next hop that is
down, a large post on its way), a batch follows after `PATIENCE_S` all the same; the rows are as durable as
entries are, and a spool that fills up helps nobody."""

import asyncio
import traceback
from collections.abc import Iterator
from typing import Final, NamedTuple

from sqlalchemy import Connection

from mlcore.base.errors import LocalTrouble
from mlcore.lists import notices as texts
from mlcore.lists.addressing import candidates
from mlcore.lists.model import DeliveryMode, ListPolicy, Role
from mlcore.mail import envelope
from mlcore.mail.address import BadAddress, key_of
from mlcore.runners.work import Work
from mlcore.spool.entry import Entry, NewEntry
from mlcore.store import lists, members, memberships, notices
from mlcore.store.notices import QueuedNotice

BATCH: Final = 20
BACKLOG: Final = 64
PATIENCE_S: Final = 30.0
LOOK_S: Final = 30.0
"""How often the database is asked without a bell."""
_PAUSE_S: Final = 0.1


class Prepared(NamedTuple):
    """What a row comes to. recipients: none where nothing is to be sent, for the reason `dropped`."""

    row: QueuedNotice
    policy: ListPolicy
    recipients: tuple[str, ...]
    digest: bool = False
    dropped: str = ""


class Notices:
    """The service. site_owner: gets what is for owners where a list has none, may be empty; noreply: local
    part; delimiter: of sub-addresses."""

    def __init__(
        self,
        work: Work,
        *,
        site_owner: str,
        noreply: str,
        delimiter: str = "+",
        look_s: float = LOOK_S,
        pause_s: float = _PAUSE_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._work = work
        self._site_owner = site_owner
        self._noreply = noreply
        self._delimiter = delimiter
        self._look_s = look_s
        self._pause_s = pause_s
        self._patience_s = patience_s
        self._bell = asyncio.Event()
        self._stopping = asyncio.Event()
        self._owed: list[QueuedNotice] = []  # sent, and not deleted yet
        self.name = "notices"

    def changed(self) -> None:
        """Somebody has written to the database: looks at once."""
        self._bell.set()

    def change(self, *, site_owner: str, noreply: str) -> None:
        """What the configuration says from now on; see the class."""
        self._site_owner = site_owner
        self._noreply = noreply

    def stop(self) -> None:
        """`run` returns after the batch under way."""
        self._stopping.set()
        self._bell.set()

    async def run(self) -> None:
        """Until `stop`. Raises SpoolLost."""
        while not self._stopping.is_set():
            self._bell.clear()
            try:
                while await self.batch() and not self._stopping.is_set():
                    await self._let_others_go_first()
            except LocalTrouble as trouble:
                self._work.log.warning("waiting", queue=self.name, reason=str(trouble))
            if not self._stopping.is_set():
                await _within(self._bell, self._look_s)

    async def batch(self) -> bool:
        """Sends the oldest rows; whether there may be more. Raises LocalTrouble."""
        work = self._work
        await self._settle()
        if (trouble := work.spool.room()) is not None:
            raise trouble
        prepared = await work.store.read(prepare, BATCH, self._site_owner, self._delimiter)
        entries: list[tuple[QueuedNotice, NewEntry]] = []
        for one in prepared:
            entry = self._made(one)
            if entry is None:
                self._owed.append(one.row)
            else:
                entries.append((one.row, entry))
        troubles = await work.spool.accept([entry for _, entry in entries]) if entries else []
        self._owed += [row for (row, _), trouble in zip(entries, troubles, strict=True) if trouble is None]
        await self._settle()
        for trouble in troubles:
            if trouble is not None:
                raise trouble
        return len(prepared) == BATCH

    async def _settle(self) -> None:
        if self._owed:
            await self._work.store.write(notices.delete_these, tuple(self._owed))
            self._owed.clear()

    def _made(self, one: Prepared) -> NewEntry | None:
        """The entry, or None (and a line in the log) if nothing comes of this row."""
        row, policy, log = one.row, one.policy, self._work.log
        if not one.recipients:
            log.info(
                "dropped",
                queue=self.name,
                kind=row.kind,
                list_id=row.list_id,
                to=row.address,
                reason=one.dropped,
            )
            return None
        try:
            octets = texts.notice(
                row.kind,
                policy,
                address=row.address,
                display_name=row.display_name,
                site_owner=self._site_owner,
                noreply=self._noreply,
                identity=f"notice.{row.number}.{row.created_at * 1000:.0f}",
                now=row.created_at,
                digest=one.digest,
            )
        except Exception as error:  # noqa: BLE001  (one row must not keep all others from being sent for ever)
            log.error(
                "crashed",
                queue=self.name,
                kind=row.kind,
                list_id=row.list_id,
                to=row.address,
                error=repr(error),
                traceback="".join(traceback.format_exception(error)),
            )
            return None
        notice = envelope.Notice(
            list_id=policy.list_id,
            reverse_path=policy.sub_address("bounces"),
            kind=row.kind,
            arrived_at=self._work.clock.time(),
        )
        return NewEntry("virgin", self._work.ids.new(), Entry(notice, one.recipients, octets))

    async def _let_others_go_first(self) -> None:
        queues = self._work.spool.queues
        limit = asyncio.get_running_loop().time() + self._patience_s
        while len(queues["virgin"]) or len(queues["out"]) >= BACKLOG:
            # a bell for "shorter than" would be rung by every post; this looks only while rows wait
            await _within(self._stopping, self._pause_s)
            if self._stopping.is_set() or asyncio.get_running_loop().time() >= limit:
                return


async def _within(event: asyncio.Event, seconds: float) -> None:
    """Until `event` is set, at most `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


def prepare(conn: Connection, limit: int, site_owner: str, delimiter: str) -> list[Prepared]:
    """The oldest rows with what their mail needs, in order; what is not to be sent has no recipients.

    A welcome goes only to who still is a member. What is for the owners goes to owners and moderators, else
    to the site owner. Nothing goes to an address of this site (P18): a list or its owners' address would
    pass it on, perhaps in a circle."""
    return list(_prepared(conn, limit, site_owner, delimiter))


def _prepared(conn: Connection, limit: int, site_owner: str, delimiter: str) -> Iterator[Prepared]:
    ours = _Ours(conn, delimiter)
    policies: dict[str, ListPolicy | None] = {}
    for row in notices.take(conn, limit):
        if row.list_id not in policies:
            policies[row.list_id] = lists.get(conn, row.list_id)
        policy = policies[row.list_id]
        if policy is None:
            continue
        if row.kind in {"admin-subscribe", "admin-unsubscribe"}:
            found = [one.address for one in members.administrators(conn, row.list_id)]
            recipients = tuple([address for address in found if address not in ours])
            recipients = recipients or ((site_owner,) if site_owner else ())
            yield Prepared(row, policy, recipients, dropped="nobody to tell")
        elif row.address in ours:
            yield Prepared(row, policy, (), dropped="an address of this site, or none at all")
        elif row.kind == "welcome":
            mode = _mode(conn, row)
            recipients = () if mode is None else (row.address,)
            digest = mode is not DeliveryMode.REGULAR
            yield Prepared(row, policy, recipients, digest, dropped="no member any more")
        else:
            yield Prepared(row, policy, (row.address,))


def _mode(conn: Connection, row: QueuedNotice) -> DeliveryMode | None:
    """How posts reach the member; None: the membership has ended."""
    for membership in memberships.memberships_of_address(conn, row.address):
        if membership.list_id == row.list_id and membership.role is Role.MEMBER:
            return membership.effective.delivery_mode
    return None


class _Ours:
    """The addresses that mail must not be sent to: those of this site's lists, and what is no address."""

    def __init__(self, conn: Connection, delimiter: str) -> None:
        self._conn = conn
        self._delimiter = delimiter
        self._hosts = lists.hosts(conn)

    def __contains__(self, address: str) -> bool:
        try:
            host = key_of(address).rpartition("@")[2]
        except BadAddress:
            return True
        return host in self._hosts and any(
            lists.find(self._conn, f"{one.list_name}@{one.mail_host}") is not None
            for one in candidates(address, self._delimiter)
        )
