"""Tells the site owner of an entry that was set aside, at a bounded rate."""

from mlcore.base.clock import Clock
from mlcore.base.eventlog import EventLog
from mlcore.base.ids import IdMaker
from mlcore.lists.notices.shunted import shunted
from mlcore.mail.envelope import Notice
from mlcore.spool.entry import Entry, NewEntry
from mlcore.spool.spool import Spool


class ShuntNotice:
    """One message an hour at the most: a fault that concerns every post must not fill a mailbox."""

    def __init__(
        self,
        spool: Spool,
        ids: IdMaker,
        clock: Clock,
        log: EventLog,
        *,
        site_owner: str,
        noreply: str,
        host: str,
        every_s: float = 3600.0,
    ) -> None:
        self._spool = spool
        self._ids = ids
        self._clock = clock
        self._log = log
        self._site_owner = site_owner
        self._noreply = noreply
        self._host = host
        self._every_s = every_s
        self._last: float | None = None

    def change(self, *, site_owner: str, noreply: str, host: str) -> None:
        """Who is told from now on, and by whom."""
        self._site_owner, self._noreply, self._host = site_owner, noreply, host

    async def __call__(self, queue: str, name: str, reason: str) -> None:
        """Writes the notice into virgin/, if it is time for one and there is anybody to tell."""
        now = self._clock.monotonic()
        if not self._site_owner or (self._last is not None and now - self._last < self._every_s):
            return
        before, self._last = self._last, now  # taken at once: others may be shunted meanwhile
        unix = self._clock.time()
        octets = shunted(
            site_owner=self._site_owner,
            noreply=self._noreply,
            host=self._host,
            entry=name,
            queue=queue,
            reason=reason,
            now=unix,
        )
        new_name = self._ids.new()
        entry = Entry(Notice(kind="shunted", arrived_at=unix), (self._site_owner,), octets)
        (trouble,) = await self._spool.accept([NewEntry("virgin", new_name, entry)])
        if trouble is not None:
            self._last = before
            self._log.warning("waiting", queue="virgin", reason=str(trouble))
