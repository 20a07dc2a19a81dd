import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.base.backoff import next_delay


def test_it_doubles_up_to_the_cap() -> None:
    delays = [next_delay(attempt, base_s=10, cap_s=60, jitter=0.5) for attempt in range(1, 6)]
    assert delays == [10, 20, 40, 60, 60]


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_it_stays_within_its_bounds(attempt: int, jitter: float) -> None:
    assert 0.8 <= next_delay(attempt, base_s=1, cap_s=3600, jitter=jitter) <= 1.2 * 3600


def test_attempts_are_counted_from_one() -> None:
    with pytest.raises(ValueError, match="from 1"):
        next_delay(0, base_s=1, cap_s=1, jitter=0)
