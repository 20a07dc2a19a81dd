"""Puts the parts together: everything is passed in from here, nothing reaches for anything."""

import os
import random
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple, TypedDict, cast

from mlcore import plugins
from mlcore.actions.subscriptions import Office
from mlcore.base.batches import Batches
from mlcore.base.clock import Clock, SystemClock
from mlcore.base.durable import LocalDisk, make_directories, publish
from mlcore.base.errors import DiskTrouble
from mlcore.base.eventlog import EventLog
from mlcore.base.ids import IdMaker
from mlcore.base.sitekey import site_key
from mlcore.config.settings import Settings
from mlcore.delivery.copies import NoSeal
from mlcore.delivery.outbox import OutboxTransport
from mlcore.delivery.settings import SmtpSettings
from mlcore.delivery.smtp import SmtpTransport
from mlcore.delivery.transport import Transport
from mlcore.ingress.limits import LmtpLimits
from mlcore.ingress.server import LmtpServer
from mlcore.lists.addressing import SiteNames
from mlcore.lists.stages import Extensions
from mlcore.postfix.routes import RouteCache
from mlcore.postfix.socketmap import SocketMap
from mlcore.runners import maps, tasks
from mlcore.runners.child import Child
from mlcore.runners.command import Commands, purge_job
from mlcore.runners.deciding import Deciding
from mlcore.runners.gather import Gatherer, NoDmarc
from mlcore.runners.hold import Hold
from mlcore.runners.incoming import Incoming
from mlcore.runners.moderation import Moderation
from mlcore.runners.notices import Notices
from mlcore.runners.notify import ShuntNotice
from mlcore.runners.outgoing import Deliver
from mlcore.runners.pipeline import Pipeline
from mlcore.runners.recent import RecentPosts
from mlcore.runners.requests import Requests
from mlcore.runners.runner import Limits, Runner
from mlcore.runners.texts import TextKeeper
from mlcore.runners.verdicts import Verdicts
from mlcore.runners.virgin import Virgin
from mlcore.runners.work import Work
from mlcore.server.facts import low_water, schedule, site_addresses, site_facts
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


class LocalPublisher:
    """Files that last, for the outbox: `base.durable.publish` in the disk threads."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches

    async def publish(self, directory: str, name: str, pieces: Sequence[bytes]) -> None:
        """See `delivery.outbox.Publisher`."""
        try:
            await self._batches.run(_publish, directory, name, list(pieces))
        except OSError as error:
            raise DiskTrouble.of(error, f"writing {directory}") from error


def _publish(directory: str, name: str, pieces: Sequence[bytes]) -> None:
    make_directories(directory, ("tmp", "new", "cur"))
    publish(directory, f"tmp/{name}", f"new/{name}", pieces)


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
    work = Work(
        spool=spool,
        store=store,
        cache=cache,
        rosters=RosterCache(store, clock),
        clock=clock,
        ids=ids,
        log=log,
        site=site_facts(settings, packaged_texts),
        texts=packaged_texts,
        hostname=hostname,
        spool_id=f"{hostname}:{settings.paths.queue_dir}",
        site_key=site_key(settings.paths.site_key),
    )
    transport = make_transport(settings, batches, clock, log, hostname, extras)
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
    jobs = tasks.Tasks(
        work,
        (
            *tasks.standard(work, hold),
            *moderation.jobs(),
            *Requests(work).jobs(),
            purge_job(work),
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
        work.site = site_facts(changed, packaged_texts)
        spool.keep_free(low_water(changed))
        lmtp.limit_size(changed.mta.max_message_size)
        moderation.remind_s = remind_s(changed)
        texts.change(**text_settings(changed))

    live: list[Callable[[Settings], None]] = [adopt]
    child = make_child(settings, extras)
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
        runners=make_runners(
            work, transport, settings, Steps(recent, child, extras.more, notices.changed, hold, known), live
        ),
        services={
            jobs.name: Service(run=jobs.run, stop=jobs.stop),
            keeper.name: Service(run=keeper.run, stop=keeper.stop),
            notices.name: Service(run=notices.run, stop=notices.stop),
            texts.name: Service(run=texts.run, stop=texts.stop),
        },
        on_change=[
            cache.invalidate,
            routes.invalidate,
            work.rosters.invalidate,
            notices.changed,
            texts.changed,
        ],
        live=live,
        hold=hold,
        work=work,
        recent=recent,
        texts=texts,
        child=child,
    )


def make_child(settings: Settings, extras: Extras) -> Child | None:
    """The worker child, not started yet; None where a test has rules and handlers of its own."""
    if extras.more is not None:
        return None
    return Child(
        seconds=settings.worker.time.total_seconds(),
        octets=settings.worker.memory,
        rules=settings.plugins.rules,
        handlers=settings.plugins.handlers,
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


class Known:
    """The configuration that is in force, for those who ask each time."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def names(self) -> SiteNames:
        """What the addresses of the site are called."""
        return maps.names_of(self.settings)


class Steps(NamedTuple):
    """What the steps of queues need besides. queued: called when notices wait."""

    recent: RecentPosts
    child: Child | None
    more: Extensions | None
    queued: Callable[[], None]
    hold: Hold
    known: Known


def make_runners(
    work: Work,
    transport: Transport,
    settings: Settings,
    parts: Steps,
    live: list[Callable[[Settings], None]],
) -> dict[str, Runner]:
    """One runner per active queue, by its name. live: see `Parts`; what runners work by is added to it."""
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
    deliver = Deliver(work, transport, NoSeal(), schedule(settings), stopping=is_stopping)

    def adopt(changed: Settings) -> None:
        notice.change(**site_addresses(changed))
        deliver.schedule = schedule(changed)

    live.append(adopt)

    def runner(queue: str, step: Any, **more: Any) -> None:
        runners[queue] = Runner(queue, work.spool, step, work.log, shunted=notice, **more)

    runner("in", incoming, opened=incoming.opened, closed=incoming.closed, due=incoming.due)
    runner("pipeline", pipeline)
    runner("virgin", Virgin(work))
    office = Office.of(work.site_key, settings.mailman)
    commands = Commands(work, office, parts.known.names, queued=parts.queued, decided=parts.hold.carry_out)

    def adopt_office(changed: Settings) -> None:
        commands.office = Office.of(work.site_key, changed.mailman)

    live.append(adopt_office)
    runner("command", commands)
    runner("out", deliver, due=deliver.due, limits=Limits(most=32, most_per_list=24))
    runner("retry", deliver, due=deliver.due, limits=Limits(most=16, most_per_list=12))
    return runners


def make_transport(
    settings: Settings, batches: Batches, clock: Clock, log: EventLog, hostname: str, extras: Extras
) -> Transport:
    """What `[mta] outgoing` names."""
    mta = settings.mta
    if mta.outgoing == "outbox":
        return OutboxTransport(settings.paths.outbox_dir, LocalPublisher(batches))
    smtp = SmtpSettings(
        host=mta.smtp_host,
        port=mta.smtp_port,
        mode=cast("Literal['smtp', 'smtps', 'starttls']", mta.smtp_secure_mode),
        verify_cert=mta.smtp_verify_cert,
        verify_hostname=mta.smtp_verify_hostname,
        user=mta.smtp_user,
        password=mta.smtp_pass,
        helo_name=hostname,
        max_connections=mta.max_connections,
        max_sessions_per_connection=mta.max_sessions_per_connection,
    )
    return SmtpTransport(extras.smtp(smtp), clock, log, random.random)


def log_path(settings: Settings) -> str:
    """The file of the log; empty for standard error."""
    path = settings.logging.path
    return path if not path or os.path.isabs(path) else os.path.join(settings.paths.log_dir, path)
