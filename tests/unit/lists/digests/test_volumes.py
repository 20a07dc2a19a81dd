"""When a new volume begins."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists.digests.volumes import next_issue
from mlcore.lists.model import DigestFrequency

YEARLY, QUARTERLY, MONTHLY, WEEKLY, DAILY = (
    DigestFrequency.YEARLY,
    DigestFrequency.QUARTERLY,
    DigestFrequency.MONTHLY,
    DigestFrequency.WEEKLY,
    DigestFrequency.DAILY,
)


def at(when: str) -> float:
    """Unix seconds of a time in UTC."""
    return datetime.fromisoformat(when).replace(tzinfo=UTC).timestamp()


@pytest.mark.row("attribute: digest_volume_frequency")
@pytest.mark.parametrize(
    ("frequency", "before", "now", "begins"),
    [
        (YEARLY, "2025-12-31T23:59:59", "2026-01-01T00:00:00", True),
        (YEARLY, "2026-01-01T00:00:00", "2026-12-31T23:59:59", False),
        (QUARTERLY, "2026-03-31T23:59:59", "2026-04-01T00:00:00", True),
        (QUARTERLY, "2026-06-30T12:00:00", "2026-07-01T12:00:00", True),
        (QUARTERLY, "2026-09-30T12:00:00", "2026-10-01T12:00:00", True),
        (QUARTERLY, "2025-12-31T12:00:00", "2026-01-01T12:00:00", True),
        (QUARTERLY, "2026-04-01T00:00:00", "2026-06-30T23:59:59", False),
        (MONTHLY, "2026-01-31T23:59:59", "2026-02-01T00:00:00", True),
        (MONTHLY, "2025-12-31T23:59:59", "2026-01-01T00:00:00", True),
        (MONTHLY, "2026-02-01T00:00:00", "2026-02-28T23:59:59", False),
        (WEEKLY, "2026-11-15T23:59:59", "2026-11-16T00:00:00", True),
        (WEEKLY, "2026-11-16T00:00:00", "2026-11-22T23:59:59", False),
        (DAILY, "2026-11-20T23:59:59", "2026-11-21T00:00:00", True),
        (DAILY, "2026-11-20T00:00:00", "2026-11-20T23:59:59", False),
        (DAILY, "2025-11-20T12:00:00", "2026-11-20T12:00:00", True),
    ],
)
def test_a_new_volume_begins_with_a_new_period(
    frequency: DigestFrequency, before: str, now: str, begins: bool
) -> None:
    assert next_issue(frequency, at(before), 4, 9, at(now)) == ((5, 1) if begins else (4, 10))


@pytest.mark.row("attribute: digest_volume_frequency")
def test_april_belongs_to_the_second_quarter_not_to_the_first_third_of_the_year() -> None:
    assert next_issue(QUARTERLY, at("2026-03-15T00:00:00"), 1, 1, at("2026-04-15T00:00:00")) == (2, 1)
    assert next_issue(QUARTERLY, at("2026-04-15T00:00:00"), 1, 1, at("2026-05-15T00:00:00")) == (1, 2)


@pytest.mark.row("attribute: digest_volume_frequency")
@pytest.mark.parametrize(
    ("before", "now", "begins"),
    [
        # One week of 2024 and 2025, which year and number of the week name 2024-01 and 2025-01.
        ("2024-12-30T12:00:00", "2025-01-01T12:00:00", False),
        ("2024-12-29T12:00:00", "2024-12-30T12:00:00", True),
        # The last week of 2026 has number 53 and ends on 3 January.
        ("2026-12-31T12:00:00", "2027-01-03T12:00:00", False),
        ("2027-01-03T12:00:00", "2027-01-04T12:00:00", True),
    ],
)
def test_a_week_over_new_year_is_one_week(before: str, now: str, begins: bool) -> None:
    assert next_issue(WEEKLY, at(before), 4, 9, at(now)) == ((5, 1) if begins else (4, 10))


@pytest.mark.parametrize("frequency", DigestFrequency)
def test_the_first_digest_of_a_list_begins_no_volume(frequency: DigestFrequency) -> None:
    assert next_issue(frequency, None, 1, 1, at("2026-11-20T12:00:00")) == (1, 2)


@pytest.mark.parametrize("frequency", DigestFrequency)
def test_a_clock_that_was_ahead_begins_no_volume(frequency: DigestFrequency) -> None:
    assert next_issue(frequency, at("2031-01-01T00:00:00"), 3, 3, at("2026-11-20T12:00:00")) == (3, 4)


@given(
    st.sampled_from(DigestFrequency),
    st.lists(st.integers(0, 400 * 24), min_size=2, max_size=60),
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001  (hypothesis wants them so)
)
def test_no_pair_of_volume_and_number_comes_twice(
    frequency: DigestFrequency, hours: list[int], start: datetime
) -> None:
    seen = [(1, 1)]
    last: float | None = None
    for hour in sorted(hours):
        now = (start.replace(tzinfo=UTC) + timedelta(hours=hour)).timestamp()
        seen.append(next_issue(frequency, last, *seen[-1], now))
        last = now
    assert seen == sorted(set(seen))
