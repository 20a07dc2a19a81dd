"""Which addresses exist here, from the cache of lists; an alias domain has those of its mail host."""

from mlcore.lists.addressing import candidates
from mlcore.lists.directory import Destination
from mlcore.store.cache import PolicyCache


class StoreDirectory:
    """`lists.directory.Directory` over the database. For a list in memory it asks neither database nor
    thread."""

    def __init__(self, cache: PolicyCache, *, delimiter: str = "+") -> None:
        self._cache = cache
        self._delimiter = delimiter

    async def find(self, address: str) -> Destination | None:
        """See `Directory.find`: None only after the database was asked; StoreTrouble when it cannot be (P3,
        P20)."""
        possible = candidates(address, self._delimiter)
        if not possible:
            return None
        found = await self._cache.first_of([(one.list_name, one.mail_host) for one in possible])
        if found is None:
            return None
        index, policy = found
        return Destination(policy.list_id, possible[index].purpose, possible[index].detail)
