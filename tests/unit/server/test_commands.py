"""Answers on the control socket; what a whole server answers is tested in test_main."""

from types import SimpleNamespace
from typing import Any

import pytest

from mlcore.server.commands import Commands, shown_address
from mlcore.server.supervisor import Health


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (("127.0.0.1", 8024), "127.0.0.1:8024"),
        (("::1", 8024), "[::1]:8024"),
        ("/run/mlcore/lmtp", "/run/mlcore/lmtp"),
    ],
)
def test_addresses_are_written_as_people_do(address: tuple[str, int] | str, text: str) -> None:
    assert shown_address(address) == text


def standing(health: Health | None, **runner: Any) -> dict[str, Any]:
    """How a runner is shown."""
    values = {"state": "idle", "active": 0, "done": 7, "last_error": "", "last_error_at": 0.0, **runner}
    server: Any = SimpleNamespace(healths={"in": health} if health else {})
    parts: Any = SimpleNamespace(runners={"in": SimpleNamespace(**values)})
    return Commands(server)._runner(parts, "in")


def test_a_runner_that_was_not_started_yet_is_idle() -> None:
    assert standing(None) == {
        "state": "idle",
        "active": 0,
        "done": 7,
        "crashes": 0,
        "last_error": "",
        "last_error_at": None,
    }


def test_the_last_error_is_that_of_an_entry_or_that_of_the_runner() -> None:
    health = Health("running", crashes=1, last_error="a defect", last_error_at=5.0)

    shown = standing(health, state="working", active=2, last_error="locked", last_error_at=6.0)
    assert (shown["state"], shown["last_error"], shown["last_error_at"]) == ("working", "locked", 6.0)

    shown = standing(health, last_error="locked", last_error_at=4.0)
    assert (shown["crashes"], shown["last_error"], shown["last_error_at"]) == (1, "a defect", 5.0)


@pytest.mark.parametrize(
    ("health", "state"), [(Health("backing off"), "idle"), (Health("running"), "resting"), (None, "resting")]
)
def test_whoever_waits_after_trouble_backs_off(health: Health | None, state: str) -> None:
    assert standing(health, state=state)["state"] == "backing off"
