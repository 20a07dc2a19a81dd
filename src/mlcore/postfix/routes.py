"""Which addresses Postfix is to give to mlcore, as one value; and a cache of it for the service that Postfix
asks."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

from mlcore.base.clock import Clock
from mlcore.lists.addressing import Candidate, SiteNames

MAX_AGE_S = 1.0
"""How far behind the database a yes may be."""


class Route(NamedTuple):
    """One list, or one address of the site. alias_domain: where its mail arrives instead of at mail_host;
    empty: there is none. All lower case, domains in A-labels. alone: list_name is an address by itself, and
    not a list with all of its addresses."""

    list_name: str
    mail_host: str
    alias_domain: str = ""
    alone: bool = False

    @property
    def domain(self) -> str:
        """The domain at which its mail arrives."""
        return self.alias_domain or self.mail_host


class Routes:
    """All lists of the site. domains: those at which mail arrives; hosts: these and the mail hosts."""

    def __init__(self, routes: Iterable[Route] = ()) -> None:
        self._routes: dict[tuple[str, str], Route] = {}
        domains: set[str] = set()
        for route in routes:
            domains.add(route.domain)
            for host in filter(None, (route.mail_host, route.alias_domain)):
                self._routes[route.list_name, host] = route
        self.domains = frozenset(domains)
        self.hosts = frozenset(host for _, host in self._routes)

    def first_of(self, possible: Sequence[Candidate]) -> Route | None:
        """The list or address of the site of the first of these readings that names one."""
        for one in possible:
            route = self._routes.get((one.list_name, one.mail_host))
            if route is not None and (one.purpose == "post" or not route.alone):
                return route
        return None


def with_site(routes: Iterable[Route], names: SiteNames) -> list[Route]:
    """The routes of all lists, and behind them those of the site in each of their domains. A list that is
    called as an address of the site keeps its place."""
    found = list(routes)
    taken = {(route.list_name, route.mail_host) for route in found}
    domains = {route.mail_host: route.alias_domain for route in found}
    for mail_host, alias_domain in domains.items():
        # the owner's address may be spelt with either domain, and is then at neither of them ours
        at_both = names.addresses(mail_host).keys() & names.addresses(alias_domain or mail_host).keys()
        found += [
            Route(name, mail_host, alias_domain, alone=True)
            for name in sorted(at_both)
            if (name, mail_host) not in taken
        ]
    return found


Load = Callable[[int | None], Awaitable[tuple[int, Sequence[Route] | None]]]
"""Asks the database: the number of its present generation, and all routes unless that number is the one
given. Raises LocalTrouble."""


class RouteCache:
    """Routes in memory. Looks at the database come one after the other, and all who wait share one."""

    def __init__(self, load: Load, clock: Clock, *, max_age_s: float = MAX_AGE_S) -> None:
        self._load = load
        self._clock = clock
        self._max_age_s = max_age_s
        self._routes = Routes()
        self._generation: int | None = None
        self._begun = 0  # looks so far
        self._ended = 0  # the latest look that has ended, well or not
        self._error: Exception | None = None  # what it raised
        self._void = 0  # looks up to this one may have missed a change that is known to have been made
        self._read_at = -math.inf
        self._turn = asyncio.Lock()

    async def young(self) -> Routes:
        """At most `max_age_s` old. Raises LocalTrouble when the database cannot be asked."""
        if self._clock.monotonic() - self._read_at <= self._max_age_s:
            return self._routes
        return await self.fresh()

    async def fresh(self) -> Routes:
        """Not older than this call: what a no must rest on. Raises LocalTrouble."""
        called_after = self._begun
        async with self._turn:
            if self._ended <= called_after:
                await self._look()
            if self._error is not None:
                raise self._error
            return self._routes

    def invalidate(self) -> None:
        """Something has changed: whatever is in memory or being read may be old."""
        self._void = self._begun
        self._read_at = -math.inf

    def forget(self) -> None:
        """What is not in the database has changed too: all is read anew."""
        self._generation = None
        self.invalidate()

    async def _look(self) -> None:
        self._begun += 1
        look, begun_at = self._begun, self._clock.monotonic()
        self._error = None
        try:
            number, routes = await self._load(self._generation)
        except Exception as error:  # noqa: BLE001  (belongs to all who wait for this look)
            self._error = error
        else:
            if routes is not None:
                self._routes = Routes(routes)
            if look > self._void:
                self._read_at, self._generation = begun_at, number
        self._ended = look
