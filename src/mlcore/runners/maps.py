"""Keeps Postfix's maps as the lists are: written at the start, after a change, and again after a failure."""

import asyncio
import contextlib
import random
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from mlcore.base.backoff import next_delay
from mlcore.base.clock import Clock
from mlcore.base.errors import BadInput, LocalTrouble
from mlcore.base.eventlog import EventLog
from mlcore.config.settings import Settings
from mlcore.lists.addressing import NO_SITE, SiteNames, site_names
from mlcore.postfix import delimiter, maps
from mlcore.postfix.answers import Answers
from mlcore.postfix.postmap import Postmap
from mlcore.postfix.routes import Route, RouteCache, with_site
from mlcore.postfix.socketmap import SocketMap
from mlcore.postfix.target import lmtp_target
from mlcore.postfix.write import Texts, write
from mlcore.runners.tasks import DAY_S, Job
from mlcore.store import generation, lists
from mlcore.store.engine import Store

_Status = Literal["written", "soon", "off", "failed"]
_SHORT_S = 0.3
"""A pause that a command waits for."""
_Routes = tuple[int, Sequence[Route] | None]


@dataclass(frozen=True, slots=True)
class MapState:
    """How the files stand. at: Unix seconds of the last writing that succeeded, None before it; error: why
    the last attempt failed, empty if it did not.

    soon: not looked at yet, or there is a change that is not in the files."""

    status: _Status
    error: str = ""
    at: float | None = None

    def text(self) -> str:
        """One line for `mlcore status`."""
        return f"{self.status}: {self.error}" if self.error else self.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often files are written, in seconds. burst: writings that may follow each other at once; after
    them one every `gap_s`. retry_base_s, retry_cap_s: back-off after a failure. look_s: how often to look for
    changes that nobody told of (another host's)."""

    burst: int = 4
    gap_s: float = 1.0
    retry_base_s: float = 2.0
    retry_cap_s: float = 300.0
    look_s: float = 30.0


Write = Callable[[bool], Awaitable[tuple[str, ...]]]
"""Writes what is not as it should be (True: everything); the names of the files. Raises LocalTrouble, and
BadInput where the configuration names no transport."""


class MapKeeper:
    """write: None where no maps are wanted."""

    name = "maps"

    def __init__(self, write: Write | None, clock: Clock, log: EventLog, pace: Pace | None = None) -> None:
        self._write = write
        self._clock = clock
        self._log = log
        self._pace = pace or Pace()
        self._state = MapState("soon" if write else "off")
        self._wanted = 1  # wishes so far: the start is the first
        self._done = 0  # the last wish that an attempt has come after
        self._force = False
        self._failures = 0
        self._again_at = 0.0  # loop time of the next attempt that nobody has to ask for
        self._credit_at = float("-inf")  # loop time up to which writings are paid for
        self._busy_until = 0.0  # a writing that takes long is followed by as long a pause
        self._wake = asyncio.Event()
        self._stopping = False
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []

    @property
    def state(self) -> MapState:
        """How the files stand now."""
        if self._write is not None and self._wanted > self._done and self._state.status == "written":
            return MapState("soon", at=self._state.at)
        return self._state

    def changed(self, *, force: bool = False) -> None:
        """Lists or domains have changed: the files are written at once, or after a burst within a second.

        force: they are written at once in any case, even if they are as they should be."""
        self._wanted += 1
        self._force = self._force or force
        self._wake.set()

    async def settled(self, timeout_s: float) -> MapState:
        """How the files stand once all changes told of are in them, or an attempt to write them has failed.

        `soon` after `timeout_s` seconds; and at once where a burst of changes lets the files wait, so that
        whoever makes a thousand lists does not wait a thousand times."""
        if self._write is None or self._wanted == self._done:
            return self._state
        if self._due() > asyncio.get_running_loop().time() + min(timeout_s, _SHORT_S):
            return MapState("soon", at=self._state.at)
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((self._wanted, waiter))
        try:
            async with asyncio.timeout(timeout_s):
                await waiter
        except TimeoutError:
            return MapState("soon", at=self._state.at)
        return self._state

    def stop(self) -> None:
        """`run` returns after the writing under way."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Until `stop`. A writing that is cut off leaves the files as they were."""
        loop = asyncio.get_running_loop()
        while not self._stopping:
            if self._write is not None and self._due() <= loop.time():
                await self._attempt(self._write)
                continue
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(None if self._write is None else self._due()):
                    await self._wake.wait()

    def _due(self) -> float:
        """Loop time of the next attempt."""
        if self._wanted > self._done:
            if self._force:
                return float("-inf")  # somebody asks for just this, and waits
            return max(self._credit_at - (self._pace.burst - 1) * self._pace.gap_s, self._busy_until)
        return self._again_at

    async def _attempt(self, write: Write) -> None:
        loop = asyncio.get_running_loop()
        wish, force = self._wanted, self._force
        self._force = False
        begun = loop.time()
        self._credit_at = max(self._credit_at, begun) + self._pace.gap_s
        try:
            names = await write(force)
        except (LocalTrouble, BadInput) as trouble:
            self._failed(str(trouble), force=force)
        except Exception as error:  # noqa: BLE001  (a defect here must not end the server: mail goes on without)
            self._log.error(
                "crashed",
                service=self.name,
                error=repr(error),
                traceback="".join(traceback.format_exception(error)),
            )
            self._failed(repr(error), force=force)
        else:
            self._failures = 0
            self._again_at = loop.time() + self._pace.look_s
            self._state = MapState("written", at=self._clock.time())
            if names:
                self._log.info(
                    "maps written", files=" ".join(names), duration_s=round(loop.time() - begun, 3)
                )
        self._busy_until = loop.time() + (loop.time() - begun)
        self._done = wish
        self._tell()

    def _failed(self, reason: str, *, force: bool) -> None:
        self._failures += 1
        self._force = self._force or force
        delay = next_delay(
            self._failures,
            base_s=self._pace.retry_base_s,
            cap_s=self._pace.retry_cap_s,
            jitter=random.random(),  # noqa: S311  (spreads retries, guards nothing)
        )
        self._again_at = asyncio.get_running_loop().time() + delay
        self._log.warning("maps failed", reason=reason, again_s=round(delay, 1))
        self._state = MapState("failed", reason, self._state.at)

    def _tell(self) -> None:
        left = []
        for wish, waiter in self._waiters:
            if wish > self._done:
                left.append((wish, waiter))
            elif not waiter.done():
                waiter.set_result(None)
        self._waiters = left


def load(conn: Connection, known: int | None, site: SiteNames = NO_SITE) -> _Routes:
    """The generation, and the routes of all lists and of the site if it is another one than `known`."""
    number = generation.read(conn)
    if number == known:
        return number, None
    return number, with_site([Route(*route) for route in lists.routes(conn)], site)


def writer(
    settings: Settings,
    read: Callable[[int | None], Awaitable[_Routes]],
    clock: Clock,
    target: Callable[[], str],
) -> Write | None:
    """What `MapKeeper` calls; None where `[mta] incoming` wants no maps. target: the transport of a list,
    asked at each writing, since the port may be known only after the start."""
    if settings.mta.incoming != "postfix":
        return None
    postmap = make_postmap(settings)
    written: int | None = None

    async def write_now(force: bool) -> tuple[str, ...]:
        nonlocal written
        number = written

        async def build() -> Texts:
            nonlocal number
            number, routes = await read(None if force else written)
            if routes is None:
                return {}
            # thousands of lists are some hundred milliseconds of work
            return await asyncio.to_thread(texts, settings, routes, target(), clock.time())

        names = await write(settings.paths.data_dir, build, postmap, force=force)
        written = number
        return names

    return write_now


def names_of(settings: Settings) -> SiteNames:
    """What the addresses of the site are called."""
    mailman = settings.mailman
    return site_names(mailman.site_list_name, mailman.noreply_address, mailman.site_owner)


def make_postmap(settings: Settings) -> Postmap:
    """The program that `[postfix]` names."""
    return Postmap(command=settings.postfix.postmap_command, map_type=settings.postfix.transport_file_type)


def texts(settings: Settings, routes: Sequence[Route], target: str, now: float) -> Texts:
    """The files as the configuration wants them."""
    return maps.texts(
        routes,
        target,
        now=now,
        regexp=settings.postfix.transport_file_type == "regexp",
        delimiter=settings.mta.verp_delimiter,
    )


def reader(
    store: Store, site: Callable[[], SiteNames] = SiteNames
) -> Callable[[int | None], Awaitable[_Routes]]:
    """`load` in a thread of the store. site: the names that the site has now; a change of them is not seen
    by itself. Raises StoreTrouble."""

    async def read(known: int | None) -> _Routes:
        return await store.read(load, known, site())

    return read


def socket_map(cache: RouteCache, target: Callable[[], str], sign: str, log: EventLog) -> SocketMap:
    """The service, not listening yet. sign: `[mta] verp_delimiter`."""
    return SocketMap(Answers(cache, target, delimiter=sign).answer, log)


def target(settings: Settings, addresses: Callable[[], Sequence[tuple[str, int] | str]]) -> str:
    """The transport of a list. addresses: where the running server listens, for a port that it has chosen."""
    mta = settings.mta
    chosen = (place[1] for place in addresses() if not isinstance(place, str))
    return lmtp_target(mta.lmtp_host, mta.lmtp_port or next(chosen, 0), mta.lmtp_socket)


def delimiter_job(settings: Settings, log: EventLog) -> Job:
    """Warns at the start, and once a day, if Postfix cuts addresses at another sign than mlcore."""

    async def compare() -> None:
        if settings.mta.incoming == "postfix":
            wrong = await asyncio.to_thread(delimiter.check, settings.mta.verp_delimiter)
            if wrong:
                log.warning("recipient_delimiter", reason=wrong)

    return Job("recipient_delimiter", DAY_S, compare, at_start=True)
