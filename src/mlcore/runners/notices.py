"""Makes mail of the notices that wait in the database: to members, to those who want to be members, and to
owners.

A batch becomes durable in virgin/ before its rows are deleted, so a crash between the two repeats at most
that batch, under the same Message-IDs; database trouble there repeats nothing.

Ten thousand members added at once leave ten thousand rows. They do not become ten thousand entries before
the next post: after each batch of `BATCH` this waits until virgin/ is empty and out/ holds less than
`BACKLOG`, so that a post finds few entries before it. Where out/ does not get shorter (a next hop that is
down, a large post on its way), a batch follows after `PATIENCE_S` all the same; the rows are as durable as
entries are, and a spool that fills up helps nobody.

What each row comes to is in `runners.prepared`.

Where many addresses fail at once, the owners of a list get `ABOUT_BOUNCES_PER_HOUR` mails about single ones
and no more; the log and `mlcore bounces` tell of the others."""

import asyncio
import traceback
from typing import Final

from mlcore.base.errors import LocalTrouble
from mlcore.lists.notices.writer import Writer
from mlcore.runners.budget import Budget
from mlcore.runners.letters import notice_entry
from mlcore.runners.prepared import Prepared, prepare
from mlcore.runners.work import Work
from mlcore.runners.written import written
from mlcore.spool.entry import NewEntry
from mlcore.store import notices
from mlcore.store.notices import QueuedNotice

BATCH: Final = 20
BACKLOG: Final = 64
PATIENCE_S: Final = 30.0
LOOK_S: Final = 30.0
"""How often the database is asked without a bell."""
ABOUT_BOUNCES_PER_HOUR: Final = 60
"""Mails to the owners of one list about single addresses that fail."""
_ABOUT_BOUNCES: Final = frozenset({"bounce-increment", "bounce-disable", "bounce-removal", "complaint"})
_HOUR_S: Final = 3_600.0
_PAUSE_S: Final = 0.1


class Notices:
    """The service. Site, texts and the key of tokens are those of `work` at the time of a batch."""

    def __init__(
        self,
        work: Work,
        *,
        look_s: float = LOOK_S,
        pause_s: float = _PAUSE_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._work = work
        self._look_s = look_s
        self._pause_s = pause_s
        self._patience_s = patience_s
        self._bell = asyncio.Event()
        self._stopping = asyncio.Event()
        self._owed: list[QueuedNotice] = []  # sent, and not deleted yet
        self._about_bounces = Budget(ABOUT_BOUNCES_PER_HOUR, _HOUR_S)
        self.name = "notices"

    def changed(self) -> None:
        """Somebody has written to the database: looks at once."""
        self._bell.set()

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
        now = work.clock.time()
        prepared = await work.store.read(prepare, BATCH, work.site, work.site_key, now)
        entries: list[tuple[QueuedNotice, NewEntry]] = []
        for one in prepared:
            entry = self._made(one)
            if entry is None:
                self._owed.append(one.row)
            else:
                entries.append((one.row, entry))
            await asyncio.sleep(0)  # a batch of Japanese takes some 10 ms of the loop
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
        row, work = one.row, self._work
        if not one.recipients:
            self._log("dropped", row, reason=one.dropped)
            return None
        if row.kind in _ABOUT_BOUNCES and not self._about_bounces.take(row.list_id, work.clock.monotonic()):
            self._log("dropped", row, reason="the owners have had enough mail about bounces this hour")
            return None
        try:
            writer = Writer(work.texts, work.site, {one.policy.mail_host: one.base_url})
            letter = written(writer, one)
        except Exception as error:  # noqa: BLE001  (one row must not keep all others from being sent for ever)
            trace = "".join(traceback.format_exception(error))
            self._log("crashed", row, error=repr(error), traceback=trace)
            return None
        return notice_entry(work, work.ids.new(), letter)

    def _log(self, event: str, row: QueuedNotice, **more: str) -> None:
        log = self._work.log
        note = log.error if event == "crashed" else log.info
        note(event, queue=self.name, kind=row.kind, list_id=row.list_id, to=row.address, **more)

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
