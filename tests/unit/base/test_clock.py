import pytest

from mlcore.base.clock import Clock, FakeClock, SystemClock


@pytest.mark.parametrize("clock", [SystemClock(), FakeClock()])
def test_monotonic_never_goes_back(clock: Clock) -> None:
    first = clock.monotonic()
    assert clock.monotonic() >= first
    assert clock.time() > 1_600_000_000


def test_a_fake_clock_stands_until_it_is_moved() -> None:
    clock = FakeClock(100.0)
    clock.advance(5)
    assert (clock.time(), clock.monotonic()) == (105.0, 5.0)
    clock.jump(-50)
    assert (clock.time(), clock.monotonic()) == (55.0, 5.0)
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)
