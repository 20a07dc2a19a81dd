"""Volumes of digests: each begins to count from 1 again."""

from datetime import UTC, datetime

from mlcore.lists.model import DigestFrequency


def next_issue(
    frequency: DigestFrequency, last_sent_at: float | None, volume: int, number: int, now: float
) -> tuple[int, int]:
    """Volume and number that follow `volume` and `number`, which an issue has that is made at `now`.

    Number 1 of a new volume if this is the first issue of a year, calendar quarter, month, week (ISO 8601:
    from Monday on, and a week belongs to one year) or day in UTC, else the next number of the same volume.
    last_sent_at: when the issue before went out; None: there was none, which begins no new volume; a time
    that lies ahead (a clock that was wrong) neither. Times are Unix seconds."""
    if last_sent_at is not None and _period(frequency, now) > _period(frequency, last_sent_at):
        return volume + 1, 1
    return volume, number + 1


def _period(frequency: DigestFrequency, unix: float) -> tuple[int, int]:
    """The period that a moment lies in; a later one is greater."""
    moment = datetime.fromtimestamp(unix, UTC)
    week = moment.isocalendar()
    return {
        DigestFrequency.YEARLY: (moment.year, 0),
        DigestFrequency.QUARTERLY: (moment.year, (moment.month - 1) // 3),
        DigestFrequency.MONTHLY: (moment.year, moment.month),
        DigestFrequency.WEEKLY: (week.year, week.week),
        DigestFrequency.DAILY: (moment.toordinal(), 0),
    }[frequency]
