"""What runners are given."""

from collections.abc import Callable
from dataclasses import dataclass

from mlcore.base.clock import Clock
from mlcore.base.eventlog import EventLog
from mlcore.base.ids import IdMaker
from mlcore.lists.chain import judge
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, SiteFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.pipelines import Pipeline, pipeline_for
from mlcore.lists.verdict import Verdict
from mlcore.spool.spool import Spool
from mlcore.store.cache import PolicyCache
from mlcore.store.engine import Store
from mlcore.store.rosters import RosterCache

Judge = Callable[[Draft, ListPolicy, PostFacts], Verdict]


@dataclass(slots=True, kw_only=True)
class Work:
    """The parts every runner works with. Of these `site` alone is exchanged, when the configuration is read
    again; what is under way keeps the old one."""

    spool: Spool
    store: Store
    cache: PolicyCache
    rosters: RosterCache
    clock: Clock
    ids: IdMaker
    log: EventLog
    site: SiteFacts
    hostname: str
    spool_id: str
    """Names this host's spool in rows of held posts."""
    judge: Judge = judge
    pipeline_for: Callable[[str], Pipeline] = pipeline_for
