"""Whether a rule before this one found something that a chain remembered."""

from collections.abc import Sized

from mlcore.lists.verdict import Hit


def rule(remembered: Sized) -> Hit | None:
    """Hits where there is one."""
    return Hit("any") if len(remembered) else None
