"""Who may be written to by a program."""

from collections.abc import Iterable

from mlcore.lists.addressing import site_names
from mlcore.runners.work import Work
from mlcore.store import members
from mlcore.store.directory import StoreDirectory


class Readers:
    """Who may be written to. What goes to an address of this site's lists would come back, perhaps in a
    circle (P18)."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def is_ours(self, address: str) -> bool:
        """Whether mlcore reads this address itself. Raises StoreTrouble."""
        work, site = self._work, self._work.site
        directory = StoreDirectory(
            work.cache,
            delimiter=site.delimiter,
            store=work.store,
            site=lambda: site_names(site.site_name, site.noreply, site.site_owner),
        )
        return await directory.find(address) is not None

    async def administrators(self, list_id: str) -> tuple[str, ...]:
        """The addresses of owners and moderators of a list; the site owner where there are none. Raises
        StoreTrouble."""
        found = await self._work.store.read(members.administrators, list_id)
        readers = await self._others(one.address for one in found)
        return readers or await self._others(filter(None, [self._work.site.site_owner]))

    async def _others(self, addresses: Iterable[str]) -> tuple[str, ...]:
        return tuple([address for address in addresses if not await self.is_ours(address)])
