"""The state machine that leaves a dead peer alone."""

from hypothesis import given
from hypothesis import strategies as st

from mlcore.delivery.breaker import Breaker

MIDDLE = 0.5  # no jitter


def opened() -> Breaker:
    breaker = Breaker(3)
    for _ in range(3):
        assert breaker.admit(0.0) == 0.0
        breaker.failed(0.0, MIDDLE)
    return breaker


def test_it_opens_after_three_failures_in_a_row() -> None:
    breaker = Breaker(3)
    for _ in range(2):
        breaker.failed(0.0, MIDDLE)
    assert breaker.state == "closed"
    breaker.failed(0.0, MIDDLE)
    assert breaker.state == "open"
    assert breaker.retry_after(0.0) == 1.0
    assert breaker.admit(0.25) == 0.75


def test_success_forgets_failures() -> None:
    breaker = Breaker(3)
    for _ in range(10):
        breaker.failed(0.0, MIDDLE)
        breaker.failed(0.0, MIDDLE)
        breaker.succeeded()
    assert breaker.state == "closed"


def test_one_probe_goes_through() -> None:
    breaker = opened()
    assert breaker.admit(1.0) == 0.0
    assert breaker.state == "half-open"
    assert breaker.admit(1.0) > 0
    assert breaker.admit(100.0) > 0


def test_the_back_off_doubles_up_to_a_minute() -> None:
    breaker = opened()
    now, waits = 0.0, []
    for _ in range(10):
        wait = breaker.retry_after(now)
        waits.append(wait)
        now += wait
        assert breaker.admit(now) == 0.0
        breaker.failed(now, MIDDLE)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]


def test_a_probe_that_connects_lets_the_others_in() -> None:
    breaker = opened()
    breaker.admit(1.0)
    breaker.connected()
    assert breaker.state == "closed"
    assert breaker.admit(1.0) == 0.0


def test_a_peer_that_greets_and_leaves_opens_it_again_and_longer() -> None:
    breaker = opened()
    breaker.admit(1.0)
    breaker.connected()
    breaker.failed(1.0, MIDDLE)
    assert breaker.state == "open"
    assert breaker.retry_after(1.0) == 2.0
    breaker.admit(3.0)
    breaker.connected()
    breaker.succeeded()
    breaker.failed(4.0, MIDDLE)
    assert breaker.state == "closed"


def test_a_cancelled_probe_leaves_the_way_free() -> None:
    breaker = opened()
    breaker.admit(1.0)
    breaker.abandoned(1.5)
    assert breaker.state == "open"
    assert breaker.admit(1.5) == 0.0
    breaker.connected()
    breaker.abandoned(2.0)
    assert breaker.state == "closed"


def test_a_late_failure_does_not_prolong_the_back_off() -> None:
    breaker = opened()
    breaker.failed(0.9, MIDDLE)
    assert breaker.admit(1.0) == 0.0


@given(st.lists(st.sampled_from(["admit", "fail", "connect", "succeed", "abandon", "wait"]), max_size=60))
def test_it_never_asks_for_more_than_72_seconds(steps: list[str]) -> None:
    breaker = Breaker(2)
    now = 0.0
    for step in steps:
        match step:
            case "admit":
                breaker.admit(now)
            case "fail":
                breaker.failed(now, 0.999)
            case "connect":
                breaker.connected()
            case "succeed":
                breaker.succeeded()
            case "abandon":
                breaker.abandoned(now)
            case _:
                now += 7.0
        assert 0.0 <= breaker.retry_after(now) <= 72.0
