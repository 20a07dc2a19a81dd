"""Memberships of small lists in memory, never older than a second, so that most posts read no row."""

import asyncio
import math
from functools import partial

from sqlalchemy import Connection

from mlcore.base.clock import Clock
from mlcore.lists.model import Roster
from mlcore.store import members, standings
from mlcore.store.cache import MAX_AGE_S
from mlcore.store.engine import Store

SMALL = 500
"""Memberships of a list that is kept in memory, but for nonmembers."""
LISTS = 2_000
MEMBERSHIPS = 40_000
"""What is kept of all lists together (some 10 MiB); the list that was asked for longest ago goes first."""

_Found = tuple[members.RosterVersion | None, Roster | None]


class _Kept:
    """What is known of one list. version: None until it was read; roster: None for a large list."""

    __slots__ = ("asked_at", "look", "roster", "version")

    def __init__(self) -> None:
        self.version: members.RosterVersion | None = None
        self.roster: Roster | None = None
        self.asked_at = -math.inf
        self.look: asyncio.Future[_Found | None] | None = None

    @property
    def size(self) -> int:
        """Memberships in memory."""
        return len(self.roster.standings) if self.roster is not None else 0


class RosterCache:
    """The rosters of small lists, by List-ID. Callers that come together share one look."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        max_age_s: float = MAX_AGE_S,
        small: int = SMALL,
        most: int = MEMBERSHIPS,
    ) -> None:
        self._store = store
        self._clock = clock
        self._max_age_s = max_age_s
        self._small = small
        self._most = most
        self._lists: dict[str, _Kept] = {}
        self._size = 0

    async def of(self, list_id: str) -> Roster | None:
        """The roster as it was at most a second ago; None for a large list: the database is to be asked.

        Somebody who is not in it may have just joined: ask the database before refusing. Raises
        StoreTrouble."""
        kept = self._lists.pop(list_id, None) or _Kept()
        self._lists[list_id] = kept  # now the last that would have to go
        now = self._clock.monotonic()
        if now - kept.asked_at < self._max_age_s:
            return kept.roster
        if kept.look is None:
            self._make_room(kept)
            kept.look = self._store.submit_read(_look, list_id, kept.version, self._small)
            kept.look.add_done_callback(partial(self._take, list_id, kept, now))
        await asyncio.shield(kept.look)
        return kept.roster

    def _make_room(self, wanted: _Kept) -> None:
        """For one more roster."""
        while len(self._lists) > LISTS or self._size + self._small > self._most:
            oldest = next(iter(self._lists))
            if self._lists[oldest] is wanted:
                return
            self._size -= self._lists.pop(oldest).size

    def _take(self, list_id: str, kept: _Kept, now: float, look: "asyncio.Future[_Found | None]") -> None:
        kept.look = None
        if look.cancelled() or look.exception() is not None:
            return
        found = look.result()
        if found is not None:
            before = kept.size
            kept.version, kept.roster = found
            if self._lists.get(list_id) is kept:
                self._size += kept.size - before
        kept.asked_at = now

    def invalidate(self) -> None:
        """Whatever is in memory or being read may be old: the next caller begins a new look."""
        self._lists.clear()
        self._size = 0


def _look(conn: Connection, list_id: str, known: members.RosterVersion | None, small: int) -> _Found | None:
    """In a thread: None if nothing has changed."""
    version = members.roster_version(conn, list_id)
    if version is None:
        return None, None
    if version == known:
        return None
    return version, standings.roster(conn, list_id, small)
