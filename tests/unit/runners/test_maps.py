"""When Postfix's maps are written, how often, and what becomes of a failure."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from mlcore.actions import lists as list_actions
from mlcore.base.clock import SystemClock
from mlcore.base.errors import BadInput, LocalTrouble, StoreTrouble
from mlcore.config.loader import read
from mlcore.config.settings import Settings
from mlcore.lists.addressing import SiteNames
from mlcore.postfix.routes import Route
from mlcore.runners import maps
from mlcore.runners.maps import MapKeeper, MapState, Pace
from mlcore.store.engine import Store, open_sync
from mlcore.store.upgrade import prepare

QUICK = Pace(burst=3, gap_s=0.2, retry_base_s=0.05, retry_cap_s=0.1, look_s=30.0)


class Log:
    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def debug(self, event: str, /, **values: object) -> None:
        self.lines.append((event, values))

    info = warning = error = debug

    def events(self) -> list[str]:
        return [event for event, _ in self.lines]


class Files:
    """What a keeper writes into: counts, waits, fails."""

    def __init__(self) -> None:
        self.times = 0
        self.forced = 0
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun = asyncio.Event()

    async def write(self, force: bool) -> tuple[str, ...]:
        self.begun.set()
        await self.gate.wait()
        self.times += 1
        self.forced += force
        if self.error is not None:
            raise self.error
        return ("postfix_lmtp",)


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture
def log() -> Log:
    return Log()


Make = Callable[..., MapKeeper]


@pytest.fixture
async def keeper(files: Files, log: Log) -> AsyncIterator[MapKeeper]:
    keeper = MapKeeper(files.write, SystemClock(), log, QUICK)
    task = asyncio.create_task(keeper.run())
    yield keeper
    keeper.stop()
    await asyncio.wait_for(task, 5)


async def test_the_start_writes_them(keeper: MapKeeper, files: Files, log: Log) -> None:
    state = await keeper.settled(5)
    assert (state.status, state.error, files.times) == ("written", "", 1)
    assert state.at is not None
    assert log.events() == ["maps written"]


def test_before_the_start_nobody_knows(files: Files, log: Log) -> None:
    assert MapKeeper(files.write, SystemClock(), log).state == MapState("soon")


async def test_a_change_is_written_at_once_and_the_answer_waits_for_it(
    keeper: MapKeeper, files: Files
) -> None:
    await keeper.settled(5)
    keeper.changed()
    assert keeper.state.status == "soon"
    assert (await keeper.settled(5)).status == "written"
    assert (files.times, files.forced) == (2, 0)
    keeper.changed(force=True)
    await keeper.settled(5)
    assert files.forced == 1


async def test_a_thousand_changes_are_a_few_writings_and_nobody_waits(
    keeper: MapKeeper, files: Files
) -> None:
    await keeper.settled(5)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for _ in range(1000):
        keeper.changed()
        state = await asyncio.wait_for(keeper.settled(0.1), 1)
        assert state.status in {"written", "soon"}
    took = loop.time() - begun
    assert files.times <= QUICK.burst + 1 + took / QUICK.gap_s
    # the last change is in the files after a pause, without anybody asking
    await asyncio.sleep(QUICK.gap_s * 2)
    assert keeper.state.status == "written"


async def test_whoever_asks_for_the_files_does_not_wait_for_a_burst_to_end(
    keeper: MapKeeper, files: Files
) -> None:
    """`mlcore aliases` behind a script that has made many lists."""
    await keeper.settled(5)
    for _ in range(20):
        keeper.changed()
        await keeper.settled(0.1)
    keeper.changed(force=True)
    assert (await keeper.settled(5)).status == "written"
    assert files.forced == 1


async def test_a_change_during_a_writing_is_in_the_next_one(keeper: MapKeeper, files: Files) -> None:
    await keeper.settled(5)
    files.gate.clear()
    files.begun.clear()
    keeper.changed()
    await files.begun.wait()
    keeper.changed()
    waiting = asyncio.create_task(keeper.settled(5))
    await asyncio.sleep(0)
    files.gate.set()
    assert (await waiting).status == "written"
    assert files.times == 3


async def test_a_writing_that_takes_long_is_told_as_soon(keeper: MapKeeper, files: Files) -> None:
    await keeper.settled(5)
    files.gate.clear()
    keeper.changed()
    assert (await keeper.settled(0.05)).status == "soon"
    files.gate.set()
    assert (await keeper.settled(5)).status == "written"


async def test_a_failure_is_told_and_tried_again(keeper: MapKeeper, files: Files, log: Log) -> None:
    await keeper.settled(5)
    files.error = LocalTrouble("postmap ended with status 1: broken")
    keeper.changed()
    state = await keeper.settled(5)
    assert (state.status, state.error) == ("failed", "postmap ended with status 1: broken")
    assert keeper.state.text() == "failed: postmap ended with status 1: broken"
    files.error = None
    await asyncio.sleep(QUICK.retry_cap_s * 3)
    assert keeper.state.text() == "written"
    assert log.events() == ["maps written", "maps failed", "maps written"]


async def test_what_was_forced_and_failed_is_forced_again(keeper: MapKeeper, files: Files) -> None:
    await keeper.settled(5)
    files.error = LocalTrouble("broken")
    keeper.changed(force=True)
    await keeper.settled(5)
    files.error = None
    await asyncio.sleep(QUICK.retry_cap_s * 3)
    assert files.forced >= 2
    assert keeper.state.status == "written"


async def test_failures_are_tried_again_ever_more_rarely(files: Files, log: Log) -> None:
    files.error = LocalTrouble("broken")
    pace = Pace(retry_base_s=0.01, retry_cap_s=60.0)
    keeper = MapKeeper(files.write, SystemClock(), log, pace)
    task = asyncio.create_task(keeper.run())
    await asyncio.sleep(0.2)
    keeper.stop()
    await task
    waits = [values["again_s"] for event, values in log.lines if event == "maps failed"]
    assert 3 <= len(waits) <= 8
    assert waits == sorted(waits)


async def test_another_host_s_changes_are_looked_for(files: Files, log: Log) -> None:
    keeper = MapKeeper(files.write, SystemClock(), log, Pace(look_s=0.02))
    task = asyncio.create_task(keeper.run())
    await asyncio.sleep(0.2)
    keeper.stop()
    await task
    assert files.times >= 3


async def test_without_maps_nothing_is_done_and_everything_answers(log: Log) -> None:
    keeper = MapKeeper(None, SystemClock(), log, QUICK)
    task = asyncio.create_task(keeper.run())
    keeper.changed()
    assert await keeper.settled(5) == MapState("off")
    assert keeper.state.text() == "off"
    keeper.stop()
    await asyncio.wait_for(task, 5)
    assert not log.lines


# -- over a database -----------------------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    config = tmp_path / "mlcore.cfg"
    config.write_text(
        f"[mailman]\nsite_owner: root@example.com\n[paths.here]\nvar_dir: {tmp_path}/var\n"
        f"[database]\nurl: {database_url}\n[postfix]\ntransport_file_type: texthash\n"
    )
    settings = read(str(config))
    Path(settings.paths.data_dir).mkdir(parents=True)
    return settings


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    prepare(settings.database.url)
    store = Store(settings.database.url)
    await store.start()
    yield store
    await store.stop()


def _create(settings: Settings, address: str) -> None:
    with open_sync(settings.database.url) as connection:
        list_actions.create(connection, address, now=1.0)


def _text(settings: Settings) -> str:
    return Path(settings.paths.data_dir, "postfix_lmtp").read_text("utf-8")


def _writer(settings: Settings, store: Store) -> maps.Write:
    write = maps.writer(settings, maps.reader(store), SystemClock(), lambda: maps.target(settings, list))
    assert write is not None
    return write


async def test_lists_of_the_database_come_into_the_files(settings: Settings, store: Store) -> None:
    write = _writer(settings, store)
    assert await write(False) == ("postfix_lmtp", "postfix_domains")
    _create(settings, "ant@example.com")
    assert await write(False) == ("postfix_lmtp", "postfix_domains")
    assert "ant-bounces@example.com               lmtp:[127.0.0.1]:8024\n" in _text(settings)
    _create(settings, "bee@example.com")
    assert await write(False) == ("postfix_lmtp",)


async def test_the_files_are_left_alone_while_the_generation_is_the_same(
    settings: Settings, store: Store
) -> None:
    write = _writer(settings, store)
    await write(False)
    os.unlink(os.path.join(settings.paths.data_dir, "postfix_lmtp"))
    assert await write(False) == ()
    assert await write(True) == ("postfix_lmtp", "postfix_domains")
    assert _text(settings)


async def test_a_database_that_is_down_is_no_empty_site(settings: Settings, store: Store) -> None:
    write = _writer(settings, store)
    _create(settings, "ant@example.com")
    await write(False)
    before = _text(settings)
    await store.stop()
    with pytest.raises(StoreTrouble):
        await write(True)
    assert _text(settings) == before


async def test_routes_are_loaded_only_when_something_changed(settings: Settings, store: Store) -> None:
    load = maps.reader(store)
    _create(settings, "ant@example.com")
    number, routes = await load(None)
    assert routes == [Route("ant", "example.com")]
    assert await load(number) == (number, None)


async def test_the_addresses_of_the_site_come_into_the_files(settings: Settings, store: Store) -> None:
    names = SiteNames("mailman", "noreply", "root@example.com")
    write = maps.writer(
        settings, maps.reader(store, lambda: names), SystemClock(), lambda: maps.target(settings, list)
    )
    assert write is not None
    _create(settings, "ant@example.com")
    await write(False)
    assert "\nmailman-request@example.com    " in _text(settings)
    names = SiteNames("", "robot")
    assert await write(False) == ()
    assert await write(True)
    assert "mailman" not in _text(settings)
    assert "\nrobot@example.com    " in _text(settings)


def test_the_site_is_called_as_it_is_configured(tmp_path: Path) -> None:
    config = tmp_path / "mlcore.cfg"
    config.write_text(
        "[mailman]\nsite_owner: Root@example.com\nsite_list_name: Lists\n"
        f"[paths.here]\nvar_dir: {tmp_path}/var\n"
    )
    assert maps.names_of(read(str(config))) == SiteNames("lists", "noreply", "root@example.com")


def test_null_wants_no_maps(tmp_path: Path) -> None:
    config = tmp_path / "mlcore.cfg"
    config.write_text(f"[paths.here]\nvar_dir: {tmp_path}/var\n[mta]\nincoming: null\n")

    async def nothing(_known: int | None) -> tuple[int, None]:
        raise AssertionError

    assert maps.writer(read(str(config)), nothing, SystemClock(), str) is None


def test_a_port_that_the_system_chose_is_told(tmp_path: Path) -> None:
    config = tmp_path / "mlcore.cfg"
    config.write_text(f"[paths.here]\nvar_dir: {tmp_path}/var\n[mta]\nlmtp_port: 0\n")
    settings = read(str(config))
    assert maps.target(settings, lambda: ["/a/socket", ("127.0.0.1", 4711)]) == "lmtp:[127.0.0.1]:4711"


# -- the delimiter ---------------------------------------------------------------------------------------


def _with_postconf(
    directory: Path, monkeypatch: pytest.MonkeyPatch, delimiter: str, incoming: str
) -> Settings:
    (directory / "postconf").write_text(f"#!/bin/sh\necho '{delimiter}'\n")
    (directory / "postconf").chmod(0o755)
    monkeypatch.setenv("PATH", str(directory), prepend=os.pathsep)
    (directory / "mlcore.cfg").write_text(
        f"[paths.here]\nvar_dir: {directory}/var\n[mta]\nincoming: {incoming}\n"
    )
    return read(str(directory / "mlcore.cfg"))


@pytest.mark.parametrize(
    ("delimiter", "incoming", "lines"),
    [("+", "postfix", 0), ("-", "postfix", 1), ("", "postfix", 1), ("-", "null", 0)],
)
async def test_postfix_that_cuts_elsewhere_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: Log, delimiter: str, incoming: str, lines: int
) -> None:
    settings = _with_postconf(tmp_path, monkeypatch, delimiter, incoming)
    job = maps.delimiter_job(settings, log)
    assert job.at_start
    await job.do()
    assert log.events() == ["recipient_delimiter"] * lines


async def test_a_configuration_without_a_transport_is_a_failure_not_a_crash(
    keeper: MapKeeper, files: Files
) -> None:
    """Inherited Unix sockets with lmtp_port 0 and no lmtp_socket: the server goes on without maps."""
    await keeper.settled(5)
    files.error = BadInput("[mta] lmtp_port is 0", "choose a port")
    keeper.changed()
    assert (await keeper.settled(5)).text() == "failed: [mta] lmtp_port is 0: choose a port"
    files.error = None
    keeper.changed()
    assert (await keeper.settled(5)).status == "written"


async def test_p17_a_defect_of_the_writer_does_not_end_the_server(
    keeper: MapKeeper, files: Files, log: Log
) -> None:
    """A service that crashes six times in a minute would: and mail needs no maps to go on."""
    await keeper.settled(5)
    files.error = ZeroDivisionError()
    for _ in range(7):
        keeper.changed(force=True)
        assert (await keeper.settled(5)).status == "failed"
    crashed = [values for event, values in log.lines if event == "crashed"]
    assert len(crashed) >= 7
    assert "ZeroDivisionError" in str(crashed[0]["traceback"])
    files.error = None
    keeper.changed()
    assert (await keeper.settled(5)).status == "written"
