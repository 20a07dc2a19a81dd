"""Settings of all lists in memory, never older than a second, so that a post needs no query for them."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from mlcore.base.clock import Clock
from mlcore.lists.model import ListPolicy
from mlcore.store import bans, domains, generation, lists
from mlcore.store.engine import Store

MAX_AGE_S = 1.0
"""How far behind the database an answer may be: after this the generation is read again."""


class Contents(NamedTuple):
    """What the database holds of lists. hosts: the mail host of each domain under this name and, where it has
    one, under that of its alias domain. base_urls, alias_domains: by mail host, of those that have one.
    site_bans, bans: patterns, the latter by List-ID."""

    policies: list[ListPolicy]
    hosts: dict[str, str]
    base_urls: Mapping[str, str] = {}
    site_bans: tuple[str, ...] = ()
    bans: Mapping[str, tuple[str, ...]] = {}
    alias_domains: Mapping[str, str] = {}


_Loaded = tuple[int, Contents | None]


class PolicyCache:
    """Every list by List-ID and by posting address, at its mail host and at the alias domain of that; loaded
    anew when the generation in the database has changed.

    A caller that comes while the cache is young is answered from memory. All others that come together share
    one look. Every method raises StoreTrouble when the database cannot be asked."""

    def __init__(self, store: Store, clock: Clock, *, max_age_s: float = MAX_AGE_S) -> None:
        self._store = store
        self._clock = clock
        self._max_age_s = max_age_s
        self._by_id: dict[str, ListPolicy] = {}
        self._by_posting: dict[tuple[str, str], ListPolicy] = {}
        self._bans: Mapping[str, tuple[str, ...]] = {}
        self._site_bans: tuple[str, ...] = ()
        self._hosts: frozenset[str] = frozenset()
        self.base_urls: Mapping[str, str] = {}
        """Of domains that have one, by mail host; as old as what was asked for last."""
        self.alias_domains: Mapping[str, str] = {}
        """Likewise: where mail for the lists of a host arrives."""
        self._generation: int | None = None
        self._looks = (
            0  # begun so far; the number of a look orders the results, which may overtake each other
        )
        self._seen = 0  # the latest look whose result is in memory
        self._void = 0  # looks up to this one may have missed a change that is known to have been made
        self._asked_at = -math.inf  # when the look in memory was begun
        self._pending: tuple[float, asyncio.Future[_Loaded]] | None = None

    async def policy(self, list_id: str) -> ListPolicy | None:
        """The list with this List-ID (lower case); None is said only after the database was asked."""
        await self._young()
        found = self._by_id.get(list_id)
        if found is None:
            await self._look()
            found = self._by_id.get(list_id)
        return found

    async def by_posting(self, list_name: str, mail_host: str) -> ListPolicy | None:
        """The list with this posting address (lower case; the host may be an alias domain); None is said
        only after the database was asked."""
        found = await self.first_of(((list_name, mail_host),))
        return None if found is None else found[1]

    async def first_of(self, names: Sequence[tuple[str, str]]) -> tuple[int, ListPolicy] | None:
        """The first of these (list_name, mail_host) that is a list, with its index.

        The database is asked only when none of them is in memory: `ant-owner` is first looked for as a list
        of its own, and every mail to the owners of `ant` would else cost a query."""
        await self._young()
        found = self._first_in_memory(names)
        if found is None and names:
            await self._look()
            found = self._first_in_memory(names)
        return found

    def bans(self, list_id: str) -> tuple[str, ...]:
        """Patterns of the list, then of the site (`lists.bans`); as old as what was asked for last."""
        return self._bans.get(list_id, ()) + self._site_bans

    def in_memory(self, list_id: str) -> ListPolicy | None:
        """The list with this List-ID; as old as what was asked for last."""
        return self._by_id.get(list_id)

    def hosts(self) -> frozenset[str]:
        """Mail hosts and alias domains; as old as what was asked for last."""
        return self._hosts

    def invalidate(self) -> None:
        """Whatever is in memory or being read may be old: the next caller waits for a new look."""
        self._void = self._looks
        self._asked_at = -math.inf
        self._pending = None

    def _first_in_memory(self, names: Sequence[tuple[str, str]]) -> tuple[int, ListPolicy] | None:
        for index, name in enumerate(names):
            policy = self._by_posting.get(name)
            if policy is not None:
                return index, policy
        return None

    async def _young(self) -> None:
        """Returns once what is in memory is younger than `max_age_s`, counted from now."""
        oldest = self._clock.monotonic() - self._max_age_s
        while self._asked_at <= oldest:
            if self._pending is None or self._pending[0] <= oldest:
                self._pending = (self._clock.monotonic(), self._begin())
            look = self._pending[1]
            # shielded: one waiter that is cancelled must not cancel the look for the others
            await asyncio.shield(look)
            if self._pending is not None and self._pending[1] is look:
                # It ended in this turn of the loop, and its result is not in memory yet: to ask on without
                # letting the loop go would ask for ever.
                await asyncio.sleep(0)

    async def _look(self) -> None:
        """Returns once memory is not older than this call."""
        await self._begin()

    def _begin(self) -> asyncio.Future[_Loaded]:
        self._looks += 1
        look, asked_at = self._looks, self._clock.monotonic()
        future = self._store.submit_read(_load, self._generation)

        def take(done: asyncio.Future[_Loaded]) -> None:
            self._take(look, asked_at, done)

        future.add_done_callback(take)
        return future

    def _take(self, look: int, asked_at: float, done: asyncio.Future[_Loaded]) -> None:
        """Keeps the result, unless a later look is in memory already."""
        if self._pending is not None and self._pending[1] is done:
            self._pending = None
        if done.cancelled() or done.exception() is not None or look <= self._seen:
            return
        self._seen = look
        if look > self._void:
            self._asked_at = asked_at
        number, contents = done.result()
        if contents is not None:
            self._generation = number
            self._keep(contents)

    def _keep(self, contents: Contents) -> None:
        # Several alias domains of one host are not possible today; nothing here depends on that.
        names: dict[str, list[str]] = {}
        for name, mail_host in contents.hosts.items():
            names.setdefault(mail_host, []).append(name)
        self._hosts = frozenset(contents.hosts)
        self._bans, self._site_bans, self.base_urls = contents.bans, contents.site_bans, contents.base_urls
        self.alias_domains = contents.alias_domains
        self._by_id = {policy.list_id: policy for policy in contents.policies}
        self._by_posting = {
            (policy.list_name, host): policy
            for policy in contents.policies
            for host in names.get(policy.mail_host, (policy.mail_host,))
        }


def _load(conn: Connection, known: int | None) -> _Loaded:
    """The generation, and all lists and domains if it is another one than `known`."""
    number = generation.read(conn)
    if number == known:
        return number, None
    known_domains = domains.all(conn)
    base_urls = {one.mail_host: one.base_url for one in known_domains if one.base_url}
    aliases = {one.mail_host: one.alias_domain for one in known_domains if one.alias_domain}
    found = Contents(lists.all(conn), lists.hosts(conn), base_urls, *bans.by_list(conn), aliases)
    return number, found
