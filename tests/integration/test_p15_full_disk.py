"""P15, P3: a full disk or no inodes: 452, nothing lost, and work goes on by itself once there is room."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlcore.mail.reply import NO_SPACE, Reply
from mlcore.spool.spool import ROOM_AGE_S
from support.exchange import KeepingRelay, codes, mark, message, post
from support.lmtp import LmtpClient
from support.server import RunningServer, Sections, wait_until
from support.sink import SinkSettings
from support.small_disk import SmallDisk, small_disk

_MEMBERS = ("anne@example.com", "bo@example.net", "cy@example.net")
_RESUME_S = 30.0
_SPACE_LEFT = {"min_free_space": "64K", "min_free_inodes": 0}
"""A low-water mark far below one message: the disk itself says no."""
_BODY = b"x" * 70 + b"\r\n"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path) as made:
        yield made


@pytest.fixture
def relay() -> Iterator[KeepingRelay]:
    with KeepingRelay() as made:
        yield made


def _server(directory: Path, disk: SmallDisk, relay: KeepingRelay, **mta: object) -> RunningServer:
    config: Sections = {
        "paths.here": {"queue_dir": disk.root / "queue"},
        "mta": {"max_message_size": "1M", **_SPACE_LEFT, **mta},
    }
    server = RunningServer(directory, smtp_port=relay.port, config=config)
    server.make_list("ant@example.com", _MEMBERS)
    return server


def _big(token: str, size: int) -> bytes:
    return message(token, body=_BODY * (size // len(_BODY)))


def _exactly_once(relay: KeepingRelay, tokens: list[str], since: float) -> None:
    """Every member got each of the messages once, the last one at most 30 s after `since`."""
    for token in tokens:
        left = _RESUME_S - (time.monotonic() - since)
        relay.wait_copies(len(_MEMBERS), mark(token), timeout_s=max(0.1, left))
    time.sleep(0.3)  # a second copy would come now
    for token in tokens:
        assert relay.copies(mark(token)) == dict.fromkeys(_MEMBERS, 1)


def _reply_to_mail(port: int) -> Reply:
    async def ask() -> Reply:
        async with await LmtpClient.tcp("127.0.0.1", port) as client:
            await client.lhlo()
            return await client.command("MAIL FROM:<anne@example.com> SIZE=400")

    return asyncio.run(ask())


def test_p15_below_the_low_water_mark_mail_is_put_off_at_mail(
    tmp_path: Path, disk: SmallDisk, relay: KeepingRelay
) -> None:
    with _server(tmp_path, disk, relay, min_free_space="8M", min_free_inodes=100) as server:
        server.start()
        pid = server.pid
        assert codes(post(server.lmtp_port, message("before"))) == [250]
        for turn in range(2):
            if turn == 0:
                disk.fill(4 << 20)
            else:
                disk.fill_inodes(50)
            assert _reply_to_mail(server.lmtp_port) == NO_SPACE
            assert post(server.lmtp_port, message("refused")) == [NO_SPACE]
            disk.make_room()
            assert codes(post(server.lmtp_port, message(f"after {turn}"))) == [250]
        _exactly_once(relay, ["before", "after 0", "after 1"], time.monotonic())
        assert not relay.copies(mark("refused"))
        assert server.pid == pid


def test_p15_no_room_for_the_message_itself_is_452_behind_the_dot(
    tmp_path: Path, disk: SmallDisk, relay: KeepingRelay
) -> None:
    with _server(tmp_path, disk, relay) as server:
        server.start()
        pid = server.pid
        disk.fill(200 * 1024)
        assert _reply_to_mail(server.lmtp_port).code == 250
        for turn in range(5):
            assert post(server.lmtp_port, _big(f"refused {turn}", 400_000)) == [NO_SPACE]
        assert disk.free_octets >= 190 * 1024, "what was refused takes no room"
        assert server.names("tmp") == []
        assert codes(post(server.lmtp_port, message("small"))) == [250]
        disk.make_room()
        assert codes(post(server.lmtp_port, _big("large", 400_000))) == [250]
        _exactly_once(relay, ["small", "large"], time.monotonic())
        assert not relay.copies(b"refused")
        assert server.pid == pid


@pytest.mark.parametrize("full_s", [1.5, pytest.param(45.0, marks=pytest.mark.soak)])
def test_p15_what_was_accepted_waits_for_room_and_goes_on_by_itself(
    tmp_path: Path, disk: SmallDisk, relay: KeepingRelay, full_s: float
) -> None:
    """However long it had to wait before: the pauses between two tries do not grow beyond what P15 allows."""
    with _server(tmp_path, disk, relay) as server:
        server.start()
        pid = server.pid
        time.sleep(2 * ROOM_AGE_S)  # what was seen of the room at the start is not believed any more
        disk.fill(80 * 1024)
        assert codes(post(server.lmtp_port, _big("waits", 40_000))) == [250]
        wait_until(lambda: server.events("waiting"))
        assert _reply_to_mail(server.lmtp_port) == NO_SPACE
        time.sleep(full_s)
        assert len(server.names("in")) == 1
        assert not relay.copies()
        disk.make_room()
        _exactly_once(relay, ["waits"], time.monotonic())
        server.wait_drained()
        assert server.pid == pid
        assert len(server.events("waiting")) == 1, "one line a minute"


def test_p15_without_inodes_mail_is_put_off_and_work_goes_on_by_itself(
    tmp_path: Path, disk: SmallDisk, relay: KeepingRelay
) -> None:
    with _server(tmp_path, disk, relay) as server:
        server.start()
        pid = server.pid
        disk.fill_inodes(leave=1)
        assert codes(post(server.lmtp_port, message("waits"))) == [250]
        wait_until(lambda: server.events("waiting"))
        assert _reply_to_mail(server.lmtp_port).code == 250
        assert post(server.lmtp_port, message("refused")) == [NO_SPACE]
        assert len(server.names("in")) == 1
        disk.make_room()
        _exactly_once(relay, ["waits"], time.monotonic())
        assert not relay.copies(mark("refused"))
        assert server.pid == pid


def test_p15_deliveries_go_on_while_the_disk_is_full(tmp_path: Path, disk: SmallDisk) -> None:
    """The room for their records was taken when they were accepted."""
    with KeepingRelay(SinkSettings(temp_fail_rate=1.0)) as relay, _server(tmp_path, disk, relay) as server:
        server.start()
        tokens = [f"deferred {number}" for number in range(5)]
        for token in tokens:
            assert codes(post(server.lmtp_port, message(token))) == [250]
        wait_until(lambda: len(server.spool().get("retry", [])) == len(tokens))
        disk.fill()
        assert disk.free_octets < 8192
        relay.close()
        relay.open(temp_fail_rate=0.0)
        _exactly_once(relay, tokens, time.monotonic())
        server.wait_drained()
        assert disk.free_octets < 64 * 1024


def test_p15_with_spool_and_database_on_one_disk(
    tmp_path: Path, disk: SmallDisk, relay: KeepingRelay
) -> None:
    config: Sections = {
        "paths.here": {"var_dir": disk.root / "var"},
        "mta": {"max_message_size": "1M", "min_free_space": "1", "min_free_inodes": 0},
    }
    with RunningServer(tmp_path, smtp_port=relay.port, config=config) as server:
        server.make_list("ant@example.com", _MEMBERS)
        server.start()
        pid = server.pid
        accepted = []
        disk.fill(60 * 1024)
        for number in range(10):
            (reply,) = post(server.lmtp_port, message(f"tight {number}"))
            assert reply.code in {250, 452, 451}
            if reply.code == 250:
                accepted.append(f"tight {number}")
            if number == 4:
                disk.fill()
        assert 0 < len(accepted) < 10
        time.sleep(1.5)
        disk.make_room()
        since = time.monotonic()
        assert codes(post(server.lmtp_port, message("afterwards"))) == [250]
        _exactly_once(relay, [*accepted, "afterwards"], since)
        assert relay.copies().total() == len(_MEMBERS) * (len(accepted) + 1)
        server.wait_drained()
        assert server.pid == pid
        assert not server.spool()


@pytest.mark.sqlite
def test_p15_with_the_database_alone_on_a_full_disk(
    tmp_path: Path, disk: SmallDisk, relay: KeepingRelay
) -> None:
    """The spool has room, so posts are accepted; they wait until their numbers can be written down."""
    config: Sections = {"paths.here": {"data_dir": disk.root / "data"}}
    with RunningServer(tmp_path, smtp_port=relay.port, config=config) as server:
        server.make_list("ant@example.com", _MEMBERS)
        server.start()
        pid = server.pid
        disk.fill()
        tokens = [f"number {number}" for number in range(5)]
        for token in tokens:
            assert codes(post(server.lmtp_port, message(token))) == [250]
        wait_until(lambda: server.events("waiting"))
        assert len(server.names("in")) == len(tokens)
        assert not relay.copies()
        disk.make_room()
        _exactly_once(relay, tokens, time.monotonic())
        server.wait_drained()
        assert server.pid == pid
        assert not server.spool()
