"""What the parts tell of their work: a structlog bound logger, as far as they use it."""

from collections.abc import Iterable
from typing import Protocol


class EventLog(Protocol):
    """One call is one line. event: a constant of the program; values may come from peers."""

    def debug(self, event: str, /, **values: object) -> object:
        """For somebody who looks for a fault."""
        ...

    def info(self, event: str, /, **values: object) -> object:
        """One step of a message's life."""
        ...

    def warning(self, event: str, /, **values: object) -> object:
        """Mail waits, and an operator may want to know why."""
        ...

    def error(self, event: str, /, **values: object) -> object:
        """A defect of this program, or the end of the process."""
        ...


class WorkLog(EventLog, Protocol):
    """What runners tell of their work: a post has as many lines of one kind as recipients."""

    def info_each(self, event: str, key: str, each: Iterable[str], /, **values: object) -> None:
        """`info` for each of some texts, in order: a line with it under `key`, behind the values that are
        common to all."""
        ...
