"""Issues of digests that were made become mail in virgin/: each once.

    both forms are written into virgin/, durably, and sleep
    the database says that the issue is handed over, and its posts go
    they wake

A crash before the commit leaves entries that nobody has seen: `reconcile` removes them before any runner
starts, and the issue is written again. After the commit they are entries like others. Trouble with the
database between the two leaves them asleep until it is over.

A digest is composed in a thread of its own: a large one takes longer than posts may wait."""

import asyncio
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

from mlcore.actions import digests
from mlcore.actions.digests import Content
from mlcore.base.durable import Place, remove
from mlcore.base.errors import DiskTrouble, LocalTrouble, SpoolLost
from mlcore.lists.digests import compose
from mlcore.lists.digests.model import Issue, Item
from mlcore.lists.model import ListPolicy
from mlcore.mail.envelope import Notice
from mlcore.runners.notices import BACKLOG, PATIENCE_S
from mlcore.runners.work import Work
from mlcore.sources.apart import apart
from mlcore.spool.entry import Entry, NewEntry
from mlcore.spool.family import make_children, undo
from mlcore.store import digests as store
from mlcore.store.digests import StoredIssue

LOOK_S: Final = 30.0
"""How often the database is asked without a bell."""
REST_S: Final = 600.0
"""After a defect with one issue, until it is tried again."""
PAUSE_S: Final = 0.1
QUEUE: Final = "virgin"


class KeptFields(NamedTuple):
    """Names of the header fields that posts keep in each form."""

    plain: Sequence[str]
    mime: Sequence[str]


class _Asleep(NamedTuple):
    """What was written for an issue. entries: in virgin/, durable, unknown to its runner."""

    issue: StoredIssue
    entries: tuple[NewEntry, ...]
    content: Content


def names_of(issue: StoredIssue) -> tuple[str, str]:
    """The entries of the plain and of the MIME form: root ids of one group (`base.ids`)."""
    return f"{issue.entry}-2", issue.entry


class Issues:
    """The service. kept: which fields posts keep, may be set at any time; everything else is that of `work`
    at the time."""

    def __init__(
        self,
        work: Work,
        kept: KeptFields,
        *,
        look_s: float = LOOK_S,
        rest_s: float = REST_S,
        patience_s: float = PATIENCE_S,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._work = work
        self.kept = kept
        self._look_s = look_s
        self._rest_s = rest_s
        self._patience_s = patience_s
        self._pause_s = pause_s
        self._bell = asyncio.Event()
        self._stopping = asyncio.Event()
        self._asleep: dict[str, _Asleep] = {}
        """By root id: written, and perhaps not known to the database as handed over."""
        self._rests: dict[str, float] = {}
        self.name = "digests"

    def changed(self) -> None:
        """There may be an issue: looks at once."""
        self._bell.set()

    def stop(self) -> None:
        """`run` returns after the issue under way."""
        self._stopping.set()
        self._bell.set()

    async def reconcile(self) -> int:
        """After a start, before anything runs: entries of issues that are not handed over go, as they have
        never been awake; how many. Raises LocalTrouble if database or disk are in trouble."""
        spool = self._work.spool
        count = 0
        for issue in await self._work.store.read(store.open_issues):
            for name in names_of(issue):
                if name not in spool.queues[QUEUE]:
                    continue
                try:
                    await spool.commits[QUEUE].change(partial(remove, spool.disk, Place(QUEUE, name)))
                except OSError as error:
                    raise DiskTrouble.of(error, f"removing {QUEUE}/{name}") from error
                spool.queues[QUEUE].forget(name)
                count += 1
        return count

    async def run(self) -> None:
        """Until `stop`. Raises SpoolLost."""
        while not self._stopping.is_set():
            self._bell.clear()
            try:
                await self.hand_over()
            except LocalTrouble as trouble:
                self._work.log.warning("waiting", queue=self.name, reason=str(trouble))
            if not self._stopping.is_set():
                await self._rung()

    async def hand_over(self) -> int:
        """Every issue that can be; how many. One with a defect rests, and keeps nobody else waiting. Raises
        LocalTrouble, SpoolLost."""
        work, count = self._work, 0
        for entry in tuple(self._asleep):
            count += await self._settle(entry)
        for issue in await work.store.read(store.open_issues):
            await self._let_others_go_first()
            if self._stopping.is_set():
                break
            if self._rests.get(issue.entry, 0.0) > work.clock.monotonic():
                continue
            try:
                count += await self._write(issue)
            except (LocalTrouble, SpoolLost):
                raise
            except Exception as error:  # noqa: BLE001  (the next issue has nothing to do with it)
                self._rests[issue.entry] = work.clock.monotonic() + self._rest_s
                trace = "".join(traceback.format_exception(error))
                work.log.error("crashed", **self._about(issue), error=repr(error), traceback=trace)
        return count

    async def _write(self, issue: StoredIssue) -> bool:
        """Whether it is handed over; False: its list is gone."""
        work = self._work
        policy = await work.cache.policy(issue.list_id)
        if policy is None:
            return False
        if (trouble := work.spool.room()) is not None:
            raise trouble
        content = await work.store.read(digests.content, issue)
        entries = await apart(self._composer(issue, policy, content)) if content.posts else ()
        await self._publish(entries)
        self._asleep[issue.entry] = _Asleep(issue, entries, content)
        return await self._settle(issue.entry)

    def _composer(
        self, issue: StoredIssue, policy: ListPolicy, content: Content
    ) -> Callable[[], tuple[NewEntry, ...]]:
        """What makes the entries of an issue: it is called in a thread, and takes nothing with it that
        changes."""
        work = self._work
        forms = zip(
            names_of(issue), (compose.plain, compose.mime), self.kept, content.recipients, strict=True
        )
        wanted = [
            (name, partial(form, keep=keep), addresses) for name, form, keep, addresses in forms if addresses
        ]
        envelope = Notice(
            list_id=issue.list_id,
            reverse_path=policy.sub_address("bounces"),
            kind="digest",
            arrived_at=work.clock.time(),
        )
        site, texts, base_url = work.site, work.texts, work.cache.base_urls.get(policy.mail_host, "")
        made = Issue(volume=issue.volume, number=issue.number, made_at=issue.made_at)

        def entries() -> tuple[NewEntry, ...]:
            items = [
                Item(number=post.number, octets=post.octets, arrived_at=post.arrived_at)
                for post in content.posts
            ]
            return tuple(
                NewEntry(
                    QUEUE,
                    name,
                    Entry(
                        envelope,
                        addresses,
                        form(
                            policy,
                            site,
                            texts,
                            made,
                            items,
                            root=issue.entry,
                            now=issue.made_at,
                            base_url=base_url,
                        ),
                    ),
                )
                for name, form, addresses in wanted
            )

        return entries

    async def _publish(self, entries: Sequence[NewEntry]) -> None:
        """Durable, and asleep: nobody is told of them, and a scan leaves them alone. Raises DiskTrouble:
        there is nothing; SpoolLost."""
        if not entries:
            return
        keys = {(entry.queue, entry.name) for entry in entries}
        spool = self._work.spool
        spool.unsure.update(keys)
        # whoever is cancelled here leaves what the next start removes
        writing = asyncio.ensure_future(make_children(spool, entries))
        try:
            await asyncio.shield(writing)
        except Exception:
            spool.unsure.difference_update(keys)
            raise

    async def _settle(self, entry: str) -> bool:
        """The database knows that they are handed over, and they wake; False: the issue went with its list,
        and so do they. Raises LocalTrouble: they sleep on; SpoolLost."""
        work, asleep = self._work, self._asleep[entry]
        spool, issue, entries = work.spool, asleep.issue, asleep.entries
        now = work.clock.time()
        sent = await work.store.write(store.hand_over, issue, asleep.content.last_ones, now)
        if not sent and entries:
            await undo(spool, entries)
        del self._asleep[entry]
        spool.unsure.difference_update({(one.queue, one.name) for one in entries})
        if not sent:
            return False
        for one in entries:
            spool.queues[one.queue].put(one.name)
        plain, mime = asleep.content.recipients
        work.log.info(
            "digest sent",
            **self._about(issue),
            posts=len(asleep.content.posts),
            plain=len(plain),
            mime=len(mime),
        )
        return True

    def _about(self, issue: StoredIssue) -> dict[str, object]:
        """What all lines about an issue say."""
        return {
            "queue": self.name,
            "queue_id": issue.entry,
            "list_id": issue.list_id,
            "volume": issue.volume,
            "number": issue.number,
        }

    async def _let_others_go_first(self) -> None:
        """Many lists may have their digest at midnight: a post is not to find all of them before it. Where
        out/ does not get shorter, the next one follows after a while all the same."""
        queues = self._work.spool.queues
        limit = asyncio.get_running_loop().time() + self._patience_s
        while len(queues[QUEUE]) + len(queues["out"]) >= BACKLOG and not self._stopping.is_set():
            if asyncio.get_running_loop().time() >= limit:
                return
            await asyncio.sleep(self._pause_s)

    async def _rung(self) -> None:
        """Until the bell, or until it is time to look again."""
        try:
            async with asyncio.timeout(self._look_s):
                await self._bell.wait()
        except TimeoutError:
            pass
