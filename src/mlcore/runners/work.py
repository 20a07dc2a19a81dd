"""What runners are given."""

from dataclasses import dataclass

from mlcore.base.clock import Clock
from mlcore.base.eventlog import WorkLog
from mlcore.base.ids import IdMaker
from mlcore.lists.facts import SiteFacts
from mlcore.lists.notices.writer import Writer
from mlcore.spool.spool import Spool
from mlcore.store.cache import PolicyCache
from mlcore.store.engine import Store
from mlcore.store.rosters import RosterCache
from mlcore.texts.texts import Texts


@dataclass(slots=True, kw_only=True)
class Work:
    """The parts every runner works with. Of these `site` and `texts` alone are exchanged, when configuration
    or texts were read again; what is under way keeps the old ones."""

    spool: Spool
    store: Store
    cache: PolicyCache
    rosters: RosterCache
    clock: Clock
    ids: IdMaker
    log: WorkLog
    site: SiteFacts
    texts: Texts
    hostname: str
    spool_id: str
    """Names this host's spool in rows of held posts."""
    site_key: bytes
    """What tokens derive from; at least 16 octets."""

    def writer(self) -> Writer:
        """Writes mail of mlcore in the words that are in force."""
        return Writer(self.texts, self.site, self.cache.base_urls)
