"""Keeps the texts of the site at hand: files are looked at every half a minute, texts under URIs are fetched
in the background. Nobody who writes a mail waits for either: what was known last holds until there is better.

What a text that could not be fetched said last is in the database, so it outlives a restart."""

import asyncio
import contextlib
import heapq
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mlcore.actions.site_texts import MOST_ADDRESSES, Loaded, Plan, assembled, load, plan
from mlcore.base.clock import Clock
from mlcore.base.errors import LocalTrouble
from mlcore.base.eventlog import EventLog
from mlcore.sources.apart import apart
from mlcore.sources.files import Files, Tree
from mlcore.sources.web import Unreachable, Web
from mlcore.store import templates
from mlcore.store.engine import Store
from mlcore.store.templates import Kept, State
from mlcore.texts.texts import Texts
from mlcore.texts.uris import Address, Record, is_web

MOST_LINES: Final = 20
"""Files that cannot be used, told of at one look."""
GONE: Final = "there is no such text (404)"
MOST_TOGETHER: Final = 32 << 20
"""Characters of all fetched texts: they stay in memory."""
_AT_ONCE: Final = 4
_BATCH: Final = 16
_START_S: Final = 10.0
_DATABASE_S: Final = 5.0
"""How long files wait for the database at one look."""
_NEVER: Final = float("-inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds. look_s: between two looks at files and at changes that nobody told of; gap_s: between two
    looks that a bell asks for; reload_s: after it the database is read although nothing there has changed,
    for the languages of new members; retry_s: after an attempt that failed; tell_s: before the same failure
    is told again."""

    look_s: float = 30.0
    gap_s: float = 1.0
    reload_s: float = 600.0
    retry_s: float = 600.0
    tell_s: float = 3600.0


class TextKeeper:
    """The service. packaged: the texts of the program; tell: is given the texts whenever they are others."""

    name = "texts"

    def __init__(
        self,
        packaged: Texts,
        files: Files,
        web: Web,
        store: Store,
        clock: Clock,
        log: EventLog,
        *,
        cache_life_s: float,
        default_language: str,
        tell: Callable[[Texts], None] = lambda _texts: None,
        pace: Pace | None = None,
    ) -> None:
        self.current = packaged
        """All texts, as they are known now."""
        self._packaged = packaged
        self._files = files
        self._web = web
        self._store = store
        self._clock = clock
        self._log = log
        self._cache_life_s = cache_life_s
        self._default_language = default_language
        self._tell = tell
        self._pace = pace or Pace()
        self._loaded = Loaded(-1)
        self._loaded_at = _NEVER
        self._plan = Plan()
        self._kept: dict[Address, Kept] = {}
        self._unsaved: dict[Address, Kept] = {}
        self._tree = Tree()
        self._times: list[tuple[float, Address]] = []
        """Unix seconds of the next attempts, a heap; `_time_of` says whether one still holds."""
        self._publishing = asyncio.Lock()
        self._told: dict[str, float] = {}
        self._bell = asyncio.Event()
        self._files_asked = False
        self._due = asyncio.Event()
        self._stopping = asyncio.Event()

    def changed(self) -> None:
        """Somebody has written to the database."""
        self._bell.set()

    def look_again(self) -> None:
        """Somebody wants files that he has changed to be in force, and to hear again of those that cannot."""
        self._told.clear()
        self._files_asked = True
        self._bell.set()

    def change(self, *, cache_life_s: float, default_language: str) -> None:
        """What the configuration says from now on."""
        self._cache_life_s, self._default_language = cache_life_s, default_language
        self._loaded_at = _NEVER  # everything is thought over anew
        self._bell.set()

    def stop(self) -> None:
        """`run` returns; what is being fetched is given up."""
        self._stopping.set()

    async def prime(self, timeout_s: float = _START_S) -> None:
        """Before the first mail: files, and what the database has. Trouble is told, and is no failure: then
        the texts of the program hold until it has passed."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._attempt(files=True)
        except TimeoutError:
            self._log.warning(
                "waiting", queue=self.name, reason=f"no texts of this site after {timeout_s:g} s"
            )

    async def run(self) -> None:
        """Until `stop`."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._look_on(), name="texts: look"),
                    group.create_task(self._fetch_on(), name="texts: fetch"),
                ]
                await self._stopping.wait()
                for task in tasks:
                    task.cancel()
        finally:
            await self._web.close()

    # -- files and database ----------------------------------------------------------------------------

    async def _look_on(self) -> None:
        loop = asyncio.get_running_loop()
        files_at = loop.time()
        while True:
            files = self._files_asked or loop.time() >= files_at
            self._files_asked = False
            self._bell.clear()
            await self._attempt(files=files)
            if files:
                files_at = loop.time() + self._pace.look_s
            await asyncio.sleep(self._pace.gap_s)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(files_at):
                    await self._bell.wait()

    async def _attempt(self, *, files: bool) -> None:
        try:
            await self._look(files=files)
        except Exception as error:  # noqa: BLE001  (a defect here must not end the server: mail goes on without)
            self._crashed(error)

    async def _look(self, *, files: bool) -> None:
        loaded = await self._from_database()
        if loaded is not None:
            await self._take_over(loaded)
        elif not files:
            return
        tree = await apart(self._files.look, frozenset(self._plan.paths.values()))
        if tree is not self._tree or files:
            self._tell_troubles(tree)
        if loaded is not None or tree is not self._tree:
            self._tree = tree
            await self._publish()

    async def _from_database(self) -> Loaded | None:
        """What has changed there; None also while it cannot be asked."""
        now = self._clock.monotonic()
        afresh = now >= self._loaded_at + self._pace.reload_s
        states = {address: kept.state for address, kept in self._kept.items()}
        try:
            async with asyncio.timeout(_DATABASE_S):
                loaded = await self._store.read(load, None if afresh else self._loaded.generation, states)
        except (LocalTrouble, TimeoutError) as trouble:
            reason = str(trouble) or "the database does not answer"
            self._log.warning("waiting", queue=self.name, reason=reason)
            return None
        if loaded is None:
            return None
        if afresh:
            self._loaded_at = now
        elif loaded[1:4] == self._loaded[1:4] and not loaded.texts:
            self._loaded = loaded  # lists or settings have changed that no text depends on
            return None
        return loaded

    async def _take_over(self, loaded: Loaded) -> None:
        found = await apart(plan, loaded, self._default_language)
        if len(found.wanted) > MOST_ADDRESSES:
            self._once("URIs", f"more than {MOST_ADDRESSES:,} texts: not all of them are fetched")
        read = {address: Kept(text, loaded.states[address]) for address, text in loaded.texts.items()}
        known = {**self._kept, **read, **self._unsaved}
        self._loaded, self._plan = loaded, found
        self._kept = {address: kept for address, kept in known.items() if address in found.wanted}
        useless = [address for address in loaded.states if address not in found.wanted]
        if useless:
            await self._saved(lambda: self._store.write(templates.forget, useless))
        self._times = await apart(self._all_times, found, dict(self._kept))
        self._due.set()

    async def _publish(self) -> None:
        """Texts made anew from all that is known, one after the other: the newest is the last."""
        async with self._publishing:
            parts = (self._packaged, self._loaded, self._plan.paths, self._tree, dict(self._kept))
            self.current = await apart(assembled, *parts)
            self._tell(self.current)

    # -- other hosts -----------------------------------------------------------------------------------

    async def _fetch_on(self) -> None:
        while True:
            self._due.clear()
            batch = self._batch()
            if batch:
                try:
                    await self._fetch(batch)
                except Exception as error:  # noqa: BLE001  (as in `_attempt`)
                    self._crashed(error)
                continue
            # the clock on the wall may be set: it is asked again after a minute
            wait_s = min(60.0, self._times[0][0] - self._clock.time()) if self._times else None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._due.wait()

    def _batch(self) -> list[Address]:
        """The next ones that are due, taken from `_times`."""
        now = self._clock.time()
        batch: list[Address] = []
        while self._times and self._times[0][0] <= now and len(batch) < _BATCH:
            _, address = heapq.heappop(self._times)
            if address not in self._plan.wanted or address in batch:
                continue
            at = self._time_of(self._kept.get(address))
            if at <= now:
                batch.append(address)
            else:
                heapq.heappush(self._times, (at, address))
        return batch

    def _all_times(self, plan: Plan, kept: Mapping[Address, Kept]) -> list[tuple[float, Address]]:
        times = [
            (self._time_of(kept.get(address)), address) for address in plan.wanted if is_web(address.uri)
        ]
        heapq.heapify(times)
        return times

    def _time_of(self, kept: Kept | None) -> float:
        """Unix seconds of the next attempt; 0: at once."""
        if kept is None or not kept.state.tried_at or kept.state.tried_at > self._clock.time():
            return 0.0  # never tried, or in a future that a wrong clock has shown
        return kept.state.tried_at + (self._pace.retry_s if kept.state.trouble else self._cache_life_s)

    async def _fetch(self, batch: Sequence[Address]) -> None:
        lanes = asyncio.Semaphore(_AT_ONCE)
        outcomes: dict[Address, Kept] = {}
        room = MOST_TOGETHER - sum(len(kept.text) for kept in self._kept.values() if kept.text)

        async def one(address: Address, record: Record) -> None:
            nonlocal room
            async with lanes:
                outcome = await self._outcome(address, record, room)
                room -= len(outcome.text or "") - len(_text(self._kept.get(address)) or "")
                outcomes[address] = outcome

        async with asyncio.TaskGroup() as group:
            for address in batch:
                group.create_task(one(address, self._plan.wanted[address]), name=f"texts: {address.uri}")
        self._unsaved.update(outcomes)
        if await self._saved(lambda: self._store.write(templates.keep, dict(self._unsaved))):
            self._unsaved.clear()
        before = {address: self._kept.get(address) for address in batch}
        self._kept.update(outcomes)
        for address, outcome in outcomes.items():
            heapq.heappush(self._times, (self._time_of(outcome), address))
        if any(_text(before[address]) != kept.text for address, kept in outcomes.items()):
            await self._publish()

    async def _outcome(self, address: Address, record: Record, room: int) -> Kept:
        """room: for how many characters more than now there is room."""
        before = self._kept.get(address)
        known = _text(before)
        try:
            text = await self._fetched(address, record, room + len(known or ""))
        except Exception as error:  # noqa: BLE001  (one text must not keep the others from being fetched)
            reason = str(error) if isinstance(error, Unreachable) else repr(error)[:200]
            if not isinstance(error, Unreachable):
                self._crashed(error)
            self._once(address.uri, reason)
            fetched_at = before.state.fetched_at if before is not None else None
            return Kept(known, State(fetched_at, self._clock.time(), reason))
        now = self._clock.time()
        if text is None:
            self._once(address.uri, GONE)
            return Kept(None, State(None, now, GONE))
        if known != text:
            self._log.info("text fetched", template=record.name, uri=address.uri)
        return Kept(text, State(now, now, ""))

    async def _fetched(self, address: Address, record: Record, most: int) -> str | None:
        text = await self._web.fetch(address.uri, record.username, record.password)
        if text is not None and len(text) > most:
            raise Unreachable("the texts of this site are too large together")
        return text

    async def _saved(self, write: Callable[[], asyncio.Future[None]]) -> bool:
        try:
            await write()
        except LocalTrouble as trouble:
            self._log.warning("waiting", queue=self.name, reason=str(trouble))
            return False
        return True

    # -- telling ---------------------------------------------------------------------------------------

    def _tell_troubles(self, tree: Tree) -> None:
        for trouble in tree.troubles[:MOST_LINES]:
            self._once(trouble.path, trouble.reason)

    def _once(self, place: str, reason: str) -> None:
        """One line in an hour for each place."""
        now = self._clock.monotonic()
        if now >= self._told.get(place, _NEVER) + self._pace.tell_s:
            if len(self._told) >= 2 * MOST_ADDRESSES:
                self._told.clear()
            self._told[place] = now
            self._log.warning("text not usable", place=place, reason=reason)

    def _crashed(self, error: Exception) -> None:
        text = "".join(traceback.format_exception(error))
        self._log.error("crashed", service=self.name, error=repr(error), traceback=text)


def _text(kept: Kept | None) -> str | None:
    return None if kept is None else kept.text
