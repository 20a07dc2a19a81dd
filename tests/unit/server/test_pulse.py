"""Signs of life."""

import asyncio

import pytest

from mlcore.server.pulse import BACKING_OFF_S, STATUS_S, Pulse, ailing
from mlcore.server.supervisor import Health
from support.workshop import RecordingLog, until


class Site:
    """What a pulse looks at, and what it tells."""

    def __init__(self, watchdog_s: float | None = 60.0) -> None:
        self.ails = ""
        self.status = "running"
        self.told: list[str] = []
        self.log = RecordingLog()
        self.pulse = Pulse(watchdog_s, lambda: self.ails, lambda: self.status, self.log, self.told.append)


def test_a_healthy_server_feeds_and_tells_its_status_once() -> None:
    site = Site()
    for _ in range(3):
        site.pulse.beat()
    site.status = "running; in 1"
    site.pulse.beat()

    assert site.told == [
        "WATCHDOG=1\nSTATUS=running",
        "WATCHDOG=1",
        "WATCHDOG=1",
        "WATCHDOG=1\nSTATUS=running; in 1",
    ]


def test_an_ailing_one_does_not_feed_and_says_it_once() -> None:
    site = Site()
    site.pulse.beat()
    site.ails = "out"
    site.pulse.beat()
    site.pulse.beat()
    site.ails = ""
    site.pulse.beat()

    assert site.told == ["WATCHDOG=1\nSTATUS=running", "WATCHDOG=1"]
    assert site.log.named("no sign of life") == [
        {"service": "out", "next": "the service manager will restart this"}
    ]


def test_without_a_watchdog_there_is_the_status_alone() -> None:
    site = Site(None)
    site.ails = "out"
    site.pulse.beat()

    assert site.told == ["STATUS=running"]
    assert site.log.events == []


@pytest.mark.parametrize(("watchdog_s", "every_s"), [(None, STATUS_S), (3.0, 1.5), (3600.0, STATUS_S)])
def test_it_beats_twice_as_often_as_it_must(watchdog_s: float | None, every_s: float) -> None:
    assert Site(watchdog_s).pulse._every_s == every_s


async def test_it_beats_until_it_is_cancelled() -> None:
    site = Site(0.002)
    task = asyncio.create_task(site.pulse.run())
    await until(lambda: len(site.told) > 3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_who_ails() -> None:
    healths = {"starting": Health(), "in": Health("running", 0.0), "out": Health("backing off", 100.0)}
    assert ailing(healths, 100.0 + BACKING_OFF_S) == ""
    assert ailing(healths, 101.0 + BACKING_OFF_S) == "out"
    assert ailing({"in": Health("ended", 5.0)}, 5.0) == "in"
    assert ailing({}, 0.0) == ""
