"""Puts the parts together: everything is passed in from here, nothing reaches for anything."""

import os
import random
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypedDict, cast

import mlcore
from mlcore.base.batches import Batches
from mlcore.base.clock import Clock, SystemClock
from mlcore.base.durable import Free, LocalDisk, make_directories, publish
from mlcore.base.errors import DiskTrouble
from mlcore.base.eventlog import EventLog
from mlcore.base.ids import IdMaker
from mlcore.config.settings import Settings
from mlcore.delivery.copies import NoSeal
from mlcore.delivery.outbox import OutboxTransport
from mlcore.delivery.settings import SmtpSettings
from mlcore.delivery.smtp import SmtpTransport
from mlcore.delivery.transport import Transport
from mlcore.ingress.limits import LmtpLimits
from mlcore.ingress.server import LmtpServer
from mlcore.lists.facts import SiteFacts
from mlcore.lists.pipelines import Pipeline as Handlers
from mlcore.lists.pipelines import pipeline_for
from mlcore.postfix.routes import RouteCache
from mlcore.postfix.socketmap import SocketMap
from mlcore.runners import maps, tasks
from mlcore.runners.hold import Hold
from mlcore.runners.incoming import Incoming
from mlcore.runners.notices import Notices
from mlcore.runners.notify import ShuntNotice
from mlcore.runners.outgoing import Deliver, Schedule
from mlcore.runners.pipeline import Pipeline
from mlcore.runners.runner import Limits, Runner
from mlcore.runners.virgin import Virgin
from mlcore.runners.work import Work
from mlcore.spool import steps
from mlcore.spool.spool import Spool
from mlcore.store.cache import PolicyCache
from mlcore.store.directory import StoreDirectory
from mlcore.store.engine import Store
from mlcore.store.rosters import RosterCache


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What a test or a plug-in adds. at: hears the steps of the spool; pipeline_for: the handlers."""

    at: steps.Hook = steps.nothing
    pipeline_for: Callable[[str], Handlers] = pipeline_for
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
    """Every part of a server over a spool that is ours and recovered; reads only the name of the host."""
    extras = extras or Extras()
    clock = extras.clock or SystemClock()
    ids = IdMaker(clock)
    hostname = socket.gethostname()
    mta = settings.mta
    batches = Batches()
    spool = Spool(disk, batches, at=extras.at, low_water=low_water(settings))
    store = Store(settings.database.url)
    cache = PolicyCache(store, clock)
    work = Work(
        spool=spool,
        store=store,
        cache=cache,
        rosters=RosterCache(store, clock),
        clock=clock,
        ids=ids,
        log=log,
        site=site_facts(settings),
        hostname=hostname,
        spool_id=f"{hostname}:{settings.paths.queue_dir}",
        pipeline_for=extras.pipeline_for,
    )
    transport = make_transport(settings, batches, clock, log, hostname, extras)
    lmtp = LmtpServer(
        StoreDirectory(cache, delimiter=mta.verp_delimiter),
        spool,
        ids,
        clock,
        LmtpLimits(size_bytes=mta.max_message_size),
        hostname,
        log,
    )
    hold = Hold(work)
    notices = Notices(work, **notice_authors(settings), delimiter=mta.verp_delimiter)
    jobs = tasks.Tasks(work, (*tasks.standard(work, hold), maps.delimiter_job(settings, log)))
    routes = RouteCache(maps.reader(store), clock)
    target = partial(maps.target, settings, lmtp.addresses)
    keeper = maps.MapKeeper(maps.writer(settings, maps.reader(store), clock, target), clock, log)

    def adopt(changed: Settings) -> None:
        work.site = site_facts(changed)
        spool.keep_free(low_water(changed))
        lmtp.limit_size(changed.mta.max_message_size)
        notices.change(**notice_authors(changed))

    live: list[Callable[[Settings], None]] = [adopt]
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
        runners=make_runners(work, transport, settings, live),
        services={
            jobs.name: Service(run=jobs.run, stop=jobs.stop),
            keeper.name: Service(run=keeper.run, stop=keeper.stop),
            notices.name: Service(run=notices.run, stop=notices.stop),
        },
        on_change=[cache.invalidate, routes.invalidate, work.rosters.invalidate, notices.changed],
        live=live,
        hold=hold,
        work=work,
    )


def site_facts(settings: Settings) -> SiteFacts:
    """What every post is told of this site."""
    return SiteFacts(version=mlcore.__version__, site_owner=settings.mailman.site_owner)


def low_water(settings: Settings) -> Free:
    """Below which room nothing new is taken."""
    return Free(settings.mta.low_water_bytes, settings.mta.min_free_inodes)


def schedule(settings: Settings) -> Schedule:
    """When deferred mail is tried again, and in which portions."""
    mta = settings.mta
    return Schedule(
        retry_base_s=mta.retry_base.total_seconds(),
        retry_cap_s=mta.retry_cap.total_seconds(),
        retry_period_s=mta.delivery_retry_period.total_seconds(),
        max_recipients=mta.max_recipients,
        transactions_at_once=max(1, mta.max_connections // 2),
    )


class SiteAddresses(TypedDict):
    """Who is told of this site, and by whom. noreply: a local part; host: where it belongs to."""

    site_owner: str
    noreply: str
    host: str


def site_addresses(settings: Settings) -> SiteAddresses:
    """As configured."""
    mailman = settings.mailman
    return {
        "site_owner": mailman.site_owner,
        "noreply": mailman.noreply_address,
        "host": mailman.site_owner.rpartition("@")[2] or "localhost",
    }


class NoticeAuthors(TypedDict):
    """Who writes to owners and members. noreply: a local part."""

    site_owner: str
    noreply: str


def notice_authors(settings: Settings) -> NoticeAuthors:
    """As configured."""
    return {
        "site_owner": settings.mailman.site_owner,
        "noreply": settings.mailman.noreply_address,
    }


def make_runners(
    work: Work, transport: Transport, settings: Settings, live: list[Callable[[Settings], None]]
) -> dict[str, Runner]:
    """One runner per active queue, by its name. live: see `Parts`; what runners work by is added to it."""
    notice = ShuntNotice(work.spool, work.ids, work.clock, work.log, **site_addresses(settings))
    runners: dict[str, Runner] = {}

    def is_stopping() -> bool:
        return runners["out"].stopping

    pipeline = Pipeline(work)
    incoming = Incoming(work, pipeline)
    deliver = Deliver(work, transport, NoSeal(), schedule(settings), stopping=is_stopping)

    def adopt(changed: Settings) -> None:
        notice.change(**site_addresses(changed))
        deliver.schedule = schedule(changed)

    live.append(adopt)

    def runner(queue: str, step: Any, **more: Any) -> None:
        runners[queue] = Runner(queue, work.spool, step, work.log, shunted=notice, **more)

    runner("in", incoming, opened=incoming.opened, closed=incoming.closed)
    runner("pipeline", pipeline)
    runner("virgin", Virgin(work))
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
