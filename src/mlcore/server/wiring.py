"""Puts the parts together: everything is passed in from here, nothing reaches for anything."""

import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypedDict

from mlcore.archive.make import facts as archive_facts
from mlcore.archive.make import keepers
from mlcore.base.batches import Batches
from mlcore.base.clock import Clock, SystemClock
from mlcore.base.durable import LocalDisk
from mlcore.base.eventlog import EventLog
from mlcore.base.ids import IdMaker
from mlcore.base.sitekey import site_key
from mlcore.config.archivers import resolved
from mlcore.config.settings import Settings
from mlcore.delivery.settings import SmtpSettings
from mlcore.delivery.smtp import SmtpTransport
from mlcore.delivery.transport import Transport
from mlcore.ingress.limits import LmtpLimits
from mlcore.ingress.server import LmtpServer
from mlcore.lists.stages import Extensions
from mlcore.postfix.routes import RouteCache
from mlcore.postfix.socketmap import SocketMap
from mlcore.runners import maps, tasks
from mlcore.runners.archive import Archive
from mlcore.runners.bounces import purge_job as forget_bounces
from mlcore.runners.child import Child
from mlcore.runners.command import purge_job as forget_results
from mlcore.runners.digest import DigestJobs
from mlcore.runners.failures import Judging
from mlcore.runners.hold import Hold
from mlcore.runners.issues import Issues
from mlcore.runners.moderation import Moderation
from mlcore.runners.notices import Notices
from mlcore.runners.recent import RecentPosts
from mlcore.runners.replybot import purge_job as forget_answers
from mlcore.runners.requests import Requests
from mlcore.runners.runner import Runner
from mlcore.runners.texts import TextKeeper
from mlcore.runners.warnings import Warnings
from mlcore.runners.work import Work
from mlcore.server.carriers import LocalPublisher, make_transport
from mlcore.server.facts import kept_fields, low_water, site_facts
from mlcore.server.queues import Known, Steps, bounce_office, make_child, make_runners
from mlcore.sources.files import Files
from mlcore.sources.packaged import packaged
from mlcore.sources.web import Web
from mlcore.spool import steps
from mlcore.spool.spool import Spool
from mlcore.store.cache import PolicyCache
from mlcore.store.directory import StoreDirectory
from mlcore.store.engine import Store
from mlcore.store.rosters import RosterCache
from mlcore.texts.texts import Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What a test adds. at: hears the steps of the spool; more: rules and handlers instead of the site's
    plug-ins; they are not known to a child, so all is done in the loop."""

    at: steps.Hook = steps.nothing
    more: Extensions | None = None
    clock: Clock | None = None
    smtp: Callable[[SmtpSettings], SmtpSettings] = lambda settings: settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What runs beside the runners, supervised as they are. run: until it is told to end by `stop`; without
    one it is cancelled."""

    run: Callable[[], Awaitable[None]]
    stop: Callable[[], None] | None = None


@dataclass(slots=True, kw_only=True)
class Parts:
    """The parts of a server, made but not started. services: by name; on_change: each is called after another
    process has changed the database; live: each is given the configuration once it was read again."""

    settings: Settings
    log: EventLog
    batches: Batches
    spool: Spool
    store: Store
    cache: PolicyCache
    transport: Transport
    lmtp: LmtpServer
    maps: maps.MapKeeper
    socketmap: SocketMap
    runners: dict[str, Runner]
    services: dict[str, Service]
    on_change: list[Callable[[], None]]
    live: list[Callable[[Settings], None]]
    hold: Hold
    work: Work
    recent: RecentPosts
    texts: TextKeeper
    child: Child | None
    archive: Archive
    issues: Issues


def wire(settings: Settings, disk: LocalDisk, log: Any, extras: Extras | None = None) -> Parts:
    """Every part of a server over a spool that is ours and recovered; reads the name of the host, the key of
    the site and the packaged texts. Raises BadInput for a plug-in or a key that cannot be used."""
    extras = extras or Extras()
    clock = extras.clock or SystemClock()
    ids = IdMaker(clock)
    hostname = socket.gethostname()
    mta = settings.mta
    batches = Batches()
    spool = Spool(disk, batches, at=extras.at, low_water=low_water(settings))
    store = Store(settings.database.url)
    cache = PolicyCache(store, clock)
    packaged_texts = packaged()
    known = Known(settings)
    archivers = [resolved(one, file=settings.config_file) for one in settings.archivers]
    archives = archive_facts(archivers)
    work = Work(
        spool=spool,
        store=store,
        cache=cache,
        rosters=RosterCache(store, clock),
        clock=clock,
        ids=ids,
        log=log,
        site=site_facts(settings, packaged_texts, archives),
        texts=packaged_texts,
        hostname=hostname,
        spool_id=f"{hostname}:{settings.paths.queue_dir}",
        site_key=site_key(settings.paths.site_key),
    )
    transport = make_transport(settings, batches, clock, log, hostname, extras.smtp)
    lmtp = LmtpServer(
        StoreDirectory(cache, delimiter=mta.verp_delimiter, store=store, site=known.names),
        spool,
        ids,
        clock,
        LmtpLimits(size_bytes=mta.max_message_size),
        hostname,
        log,
    )
    recent = RecentPosts(clock)
    hold = Hold(work, recent)
    notices = Notices(work)
    moderation = Moderation(work, hold, remind_s=remind_s(settings), queued=notices.changed)
    texts = text_keeper(settings, work, packaged_texts)
    judging = Judging(work, bounce_office(work, settings), queued=notices.changed)
    issues = Issues(work, kept_fields(settings))
    archive = Archive(
        work,
        keepers(
            archivers,
            archive_dir=settings.paths.archive_dir,
            publisher=LocalPublisher(batches),
            spool=spool,
        ),
    )
    jobs = tasks.Tasks(
        work,
        (
            *tasks.standard(work, hold),
            *moderation.jobs(),
            *Requests(work).jobs(),
            *DigestJobs(work, issues.changed).jobs(),
            *Warnings(work, queued=notices.changed).jobs(),
            forget_results(work),
            forget_answers(work),
            forget_bounces(work, known.report_life_s),
            maps.delimiter_job(settings, log),
        ),
    )
    routes = RouteCache(maps.reader(store, known.names), clock)
    target = partial(maps.target, settings, lmtp.addresses)
    keeper = maps.MapKeeper(maps.writer(settings, maps.reader(store, known.names), clock, target), clock, log)

    def adopt(changed: Settings) -> None:
        names, known.settings = known.names(), changed
        if known.names() != names:
            routes.forget()
            keeper.changed(force=True)
        work.site = site_facts(changed, packaged_texts, archives)
        spool.keep_free(low_water(changed))
        lmtp.limit_size(changed.mta.max_message_size)
        moderation.remind_s = remind_s(changed)
        texts.change(**text_settings(changed))
        judging.office = bounce_office(work, changed)
        issues.kept = kept_fields(changed)
        if isinstance(transport, SmtpTransport):
            transport.rate.per_minute = changed.mta.messages_per_minute

    live: list[Callable[[Settings], None]] = [adopt]
    child = make_child(settings, extras.more)
    steps_ = Steps(
        recent=recent,
        child=child,
        more=extras.more,
        queued=notices.changed,
        failed=judging.changed,
        issued=issues.changed,
        hold=hold,
        archive=archive,
        known=known,
    )
    return Parts(
        settings=settings,
        log=log,
        batches=batches,
        spool=spool,
        store=store,
        cache=cache,
        transport=transport,
        lmtp=lmtp,
        maps=keeper,
        socketmap=maps.socket_map(routes, target, mta.verp_delimiter, log),
        runners=make_runners(work, transport, settings, steps_, live),
        services={
            jobs.name: Service(run=jobs.run, stop=jobs.stop),
            keeper.name: Service(run=keeper.run, stop=keeper.stop),
            notices.name: Service(run=notices.run, stop=notices.stop),
            texts.name: Service(run=texts.run, stop=texts.stop),
            judging.name: Service(run=judging.run, stop=judging.stop),
            issues.name: Service(run=issues.run, stop=issues.stop),
        },
        on_change=[
            cache.invalidate,
            routes.invalidate,
            work.rosters.invalidate,
            notices.changed,
            texts.changed,
            judging.changed,
            issues.changed,
        ],
        live=live,
        hold=hold,
        work=work,
        recent=recent,
        texts=texts,
        child=child,
        archive=archive,
        issues=issues,
    )


class TextSettings(TypedDict):
    """What a running `TextKeeper` is told of the configuration."""

    cache_life_s: float
    default_language: str


def text_settings(settings: Settings) -> TextSettings:
    """As configured."""
    mailman = settings.mailman
    return {
        "cache_life_s": mailman.cache_life.total_seconds(),
        "default_language": mailman.default_language,
    }


def text_keeper(settings: Settings, work: Work, packaged_texts: Texts) -> TextKeeper:
    """Keeps `work.texts` up to date."""

    def tell(texts: Texts) -> None:
        work.texts = texts

    return TextKeeper(
        packaged_texts,
        Files(settings.paths.template_dir),
        Web(),
        work.store,
        work.clock,
        work.log,
        tell=tell,
        **text_settings(settings),
    )


def remind_s(settings: Settings) -> float:
    """Seconds between two reminders of one list; 0: none."""
    return settings.mailman.remind_moderators.total_seconds()


def log_path(settings: Settings) -> str:
    """The file of the log; empty for standard error."""
    path = settings.logging.path
    return path if not path or os.path.isabs(path) else os.path.join(settings.paths.log_dir, path)
