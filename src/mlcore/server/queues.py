"""The runners: what is done with the entries of each queue."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from mlcore import plugins
from mlcore.actions.bounces import Office as BounceOffice
from mlcore.actions.subscriptions import Office
from mlcore.config.settings import Settings
from mlcore.delivery.copies import NoSeal
from mlcore.delivery.transport import Transport
from mlcore.lists.addressing import SiteNames
from mlcore.lists.stages import Extensions
from mlcore.runners import maps
from mlcore.runners.archive import Archive
from mlcore.runners.bounces import Bounces
from mlcore.runners.child import Child
from mlcore.runners.command import Commands
from mlcore.runners.deciding import Deciding
from mlcore.runners.digest import Collect
from mlcore.runners.gather import Gatherer, NoDmarc
from mlcore.runners.hold import Hold
from mlcore.runners.incoming import Incoming
from mlcore.runners.notify import ShuntNotice
from mlcore.runners.outgoing import Deliver
from mlcore.runners.pipeline import Pipeline
from mlcore.runners.recent import RecentPosts
from mlcore.runners.runner import Limits, Runner
from mlcore.runners.verdicts import Verdicts
from mlcore.runners.virgin import Virgin
from mlcore.runners.work import Work
from mlcore.server.facts import schedule, site_addresses

_REPORTS: Final = 4
"""Worked on at once, by the child, one after the other. Below `incoming.MOST_HEAVY`: a flood of reports must
leave large posts a place before it."""


class Known:
    """The configuration that is in force, for those who ask each time."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def names(self) -> SiteNames:
        """What the addresses of the site are called."""
        return maps.names_of(self.settings)

    def report_life_s(self) -> float:
        """How long delivery reports are kept."""
        return self.settings.mailman.dsn_lifetime.total_seconds()


class Steps(NamedTuple):
    """What the steps of queues need besides. queued: called when notices wait; failed: when deliveries
    failed; issued: when an issue of a digest was made. archive: the step of archive/."""

    recent: RecentPosts
    child: Child | None
    more: Extensions | None
    queued: Callable[[], None]
    failed: Callable[[], None]
    issued: Callable[[], None]
    hold: Hold
    archive: Archive
    known: Known


def make_child(settings: Settings, more: Extensions | None) -> Child | None:
    """The worker child, not started yet; None where a test has rules and handlers (`more`) of its own."""
    if more is not None:
        return None
    return Child(
        seconds=settings.worker.time.total_seconds(),
        octets=settings.worker.memory,
        rules=settings.plugins.rules,
        handlers=settings.plugins.handlers,
    )


def bounce_office(work: Work, settings: Settings) -> BounceOffice:
    """By what reports and failures are judged."""
    return BounceOffice(work.site_key, settings.mta.verp_probes)


def make_runners(
    work: Work,
    transport: Transport,
    settings: Settings,
    parts: Steps,
    live: list[Callable[[Settings], None]],
) -> dict[str, Runner]:
    """One runner per active queue, by its name. live: called when the configuration was read again; what
    runners work by is added to it."""
    notice = ShuntNotice(work.spool, work.ids, work.clock, work.log, **site_addresses(settings))
    runners: dict[str, Runner] = {}

    def is_stopping() -> bool:
        return runners["out"].stopping

    plugins_ = settings.plugins
    more = parts.more or plugins.load(plugins_.rules, plugins_.handlers)
    deciding = Deciding(work.log, more=more, child=parts.child, threshold=settings.worker.threshold)
    gatherer = Gatherer(work, parts.recent, NoDmarc())
    verdicts = Verdicts(work)
    pipeline = Pipeline(work, deciding, gatherer, verdicts)
    incoming = Incoming(work, deciding, gatherer, parts.recent, pipeline, verdicts)
    office = Office.of(work.site_key, settings.mailman)
    commands = Commands(work, office, parts.known.names, queued=parts.queued, decided=parts.hold.carry_out)
    bounces = Bounces(work, bounce_office(work, settings), deciding.recognise, queued=parts.queued)
    deliver = Deliver(
        work, transport, NoSeal(), schedule(settings), stopping=is_stopping, failed=parts.failed
    )

    def adopt(changed: Settings) -> None:
        notice.change(**site_addresses(changed))
        deliver.schedule = schedule(changed)
        commands.office = Office.of(work.site_key, changed.mailman)
        bounces.office = bounce_office(work, changed)

    live.append(adopt)

    def runner(queue: str, step: Any, **more: Any) -> None:
        runners[queue] = Runner(queue, work.spool, step, work.log, shunted=notice, **more)

    archive = parts.archive
    runner("in", incoming, opened=incoming.opened, closed=incoming.closed, due=incoming.due)
    runner("pipeline", pipeline)
    runner("virgin", Virgin(work), limits=Limits(urgent=4))
    runner("command", commands)
    runner("bounces", bounces, limits=Limits(most=_REPORTS))
    runner("archive", archive, due=archive.due, limits=Limits(most=16, most_per_list=1))
    runner("digest", Collect(work, parts.issued))
    runner("out", deliver, due=deliver.due, limits=Limits(most=32, most_per_list=24, urgent=4))
    runner("retry", deliver, due=deliver.due, limits=Limits(most=16, most_per_list=12, urgent=4))
    return runners
