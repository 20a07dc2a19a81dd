"""What becomes of members whose delivery was disabled by bounces: they are warned some times, then they are
removed."""

from typing import Final, Literal

from mlcore.lists.model import ListPolicy

SHORTEST_S: Final = 3_600
"""Between two warnings of one member, whatever the list says: otherwise all of them, and the end, would come
within a minute (P19)."""


def due_before(policy: ListPolicy, now: float) -> float:
    """Whoever was warned for the last time then or earlier, or never, is due; Unix seconds."""
    return now - max(policy.bounce_you_are_disabled_warnings_interval, SHORTEST_S)


def next_step(policy: ListPolicy, warnings_sent: int) -> Literal["warn", "remove"]:
    """What happens to a member who is due. warnings_sent: since his delivery was disabled. Where a list wants
    no warnings, its members are removed at once."""
    return "warn" if warnings_sent < policy.bounce_you_are_disabled_warnings else "remove"
