"""When a member whom bounces have disabled is warned, or removed."""

import pytest

from mlcore.lists.warnings import SHORTEST_S, due_before, next_step
from support.posts import NOW, policy

DAY = 86_400


@pytest.mark.parametrize(
    ("limit", "sent", "step"),
    [(3, 0, "warn"), (3, 2, "warn"), (3, 3, "remove"), (3, 9, "remove"), (0, 0, "remove"), (0, 2, "remove")],
)
def test_some_warnings_and_then_the_end(limit: int, sent: int, step: str) -> None:
    assert next_step(policy(bounce_you_are_disabled_warnings=limit), sent) == step


@pytest.mark.parametrize(
    ("interval", "ago"), [(7 * DAY, 7 * DAY), (DAY, DAY), (3_600, 3_600), (60, SHORTEST_S), (0, SHORTEST_S)]
)
def test_p19_the_interval_is_never_shorter_than_an_hour(interval: int, ago: int) -> None:
    about = policy(bounce_you_are_disabled_warnings_interval=interval)
    assert due_before(about, NOW) == NOW - ago
