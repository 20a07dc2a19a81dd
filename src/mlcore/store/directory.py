"""Which addresses exist here, from the cache of lists; an alias domain has those of its mail host."""

from collections.abc import Callable

from mlcore.lists.addressing import SiteNames, candidates, site_candidate
from mlcore.lists.directory import Destination
from mlcore.store import lists
from mlcore.store.cache import PolicyCache
from mlcore.store.engine import Store


class StoreDirectory:
    """`lists.directory.Directory` over the database. For a list in memory it asks neither database nor
    thread.

    store, site: for the addresses of the site itself, with their names as they are now; without them there
    are none."""

    def __init__(
        self,
        cache: PolicyCache,
        *,
        delimiter: str = "+",
        store: Store | None = None,
        site: Callable[[], SiteNames] = SiteNames,
    ) -> None:
        self._cache = cache
        self._delimiter = delimiter
        self._store = store
        self._site = site

    async def find(self, address: str) -> Destination | None:
        """See `Directory.find`: None only after the database was asked; StoreTrouble when it cannot be (P3,
        P20)."""
        possible = candidates(address, self._delimiter)
        if not possible:
            return None
        found = await self._cache.first_of([(one.list_name, one.mail_host) for one in possible])
        if found is None:
            return await self._of_site(address)
        index, policy = found
        return Destination(policy.list_id, possible[index].purpose, possible[index].detail)

    async def _of_site(self, address: str) -> Destination | None:
        """Such mail is rare: its domains are read from the database each time."""
        candidate = site_candidate(address, self._site(), self._delimiter)
        if candidate is None or self._store is None:
            return None
        mail_host = (await self._store.read(lists.hosts)).get(candidate.mail_host)
        return None if mail_host is None else Destination("", candidate.purpose, mail_host=mail_host)
