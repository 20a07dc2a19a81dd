"""P17: what supervision does about a service that dies."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mlcore.base.errors import SpoolLost
from mlcore.server.supervisor import Budget, CrashBudgetSpent, Health, spool_lost, supervise
from support.workshop import until

_QUICK = Budget(crashes=3, within_s=60.0, base_s=0.001, cap_s=0.002)


class Lines:
    """A log in memory: events with their values."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, object]]] = []

    def debug(self, event: str, /, **values: object) -> None:
        self.lines.append((event, values))

    info = warning = error = debug


def dying(
    times: int, error: Callable[[], BaseException] = lambda: ValueError("a defect")
) -> Callable[[], Awaitable[None]]:
    """A service that dies `times` times and then ends as it should."""
    left = [times]

    async def run() -> None:
        await asyncio.sleep(0)
        if left[0]:
            left[0] -= 1
            raise error()

    return run


async def test_p17_a_service_that_ends_is_not_started_again() -> None:
    log = Lines()
    await supervise("in", dying(0), log, _QUICK)
    assert log.lines == []


async def test_p17_each_death_is_logged_with_its_traceback_and_the_service_starts_again() -> None:
    log = Lines()
    await supervise("in", dying(3), log, _QUICK)
    assert [event for event, _ in log.lines] == ["crashed"] * 3
    values = log.lines[0][1]
    assert (values["service"], values["error"]) == ("in", "ValueError('a defect')")
    assert "Traceback (most recent call last)" in str(values["traceback"])


async def test_p17_one_death_too_many_is_an_error_of_the_process() -> None:
    log = Lines()
    with pytest.raises(CrashBudgetSpent, match="in crashed 4 times") as caught:
        await supervise("in", dying(100), log, _QUICK)
    assert isinstance(caught.value.__cause__, ValueError)
    assert len(log.lines) == 4


async def test_p17_deaths_of_long_ago_do_not_count() -> None:
    log = Lines()
    await supervise("in", dying(4), log, Budget(crashes=1, within_s=0.01, base_s=0.015, cap_s=0.015))
    assert len(log.lines) == 4


async def test_p17_a_group_of_errors_is_a_death_too() -> None:
    log = Lines()
    await supervise("in", dying(1, lambda: ExceptionGroup("tasks", [ValueError()])), log, _QUICK)
    assert len(log.lines) == 1


@pytest.mark.parametrize(
    "error",
    [
        SpoolLost("in/ may come back"),
        ExceptionGroup("tasks", [ValueError(), ExceptionGroup("more", [SpoolLost("in/ may come back")])]),
    ],
)
async def test_a_lost_spool_ends_it_at_once(error: Exception) -> None:
    log = Lines()
    with pytest.raises(SpoolLost):
        await supervise("in", dying(1, lambda: error), log, _QUICK)
    assert [event for event, _ in log.lines] == ["spool lost"]


def test_a_spool_is_not_lost_by_other_errors() -> None:
    assert spool_lost(ExceptionGroup("tasks", [ValueError()])) is None


async def test_what_ends_the_interpreter_is_no_death() -> None:
    log = Lines()
    with pytest.raises(GeneratorExit):
        await supervise("in", dying(1, GeneratorExit), log, _QUICK)
    assert log.lines == []


async def test_being_cancelled_is_no_death() -> None:
    log = Lines()
    task = asyncio.create_task(supervise("in", asyncio.Event().wait, log, _QUICK))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log.lines == []


async def test_how_a_service_stands_is_known() -> None:
    health = Health()
    seen: list[str] = []

    async def run() -> None:
        seen.append(health.state)
        if len(seen) == 1:
            raise ValueError("a defect")

    slow = Budget(crashes=3, within_s=60.0, base_s=0.02, cap_s=0.02)
    task = asyncio.create_task(supervise("in", run, Lines(), slow, health=health))
    await until(lambda: health.state == "backing off")
    assert health.state == "backing off"
    assert health.since <= asyncio.get_running_loop().time()
    await task

    assert seen == ["running", "running"]
    assert (health.state, health.crashes, health.last_error) == ("ended", 1, "ValueError('a defect')")
    assert health.last_error_at > 0
