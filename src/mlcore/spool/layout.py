"""Which directories a spool has, what may become what, and how names tell families apart.

One entry is one file `QUEUE/NAME`. A root id has no dot; every advance extends the name (`ID`, `ID.h`,
`ID.h.p`, `ID.o`), so a parent is always a prefix of its children up to a dot."""

from collections.abc import Iterator
from typing import Final

TMP: Final = "tmp"
QUEUES: Final = (
    "in",
    "pipeline",
    "out",
    "retry",
    "virgin",
    "command",
    "bounces",
    "archive",
    "digest",
    "nntp",
    "hold",
    "shunt",
    "bad",
)
DIRECTORIES: Final = (TMP, *QUEUES)

PARENTS: Final = frozenset({"in", "virgin", "command", "bounces", "pipeline", "hold"})
"""Queues whose entries have children: while such an entry stands, its children sleep."""

DEAD_ENDS: Final = frozenset({"shunt", "bad"})
"""Queues that wait for the operator: never touched by the rule that the parent wins."""

ACTIVE: Final = tuple(queue for queue in QUEUES if queue not in DEAD_ENDS)

INJECTABLE: Final = ("in", "virgin", "command", "bounces")
"""Queues that take new entries from outside the server."""

SERVER_TEMPORARY: Final = "s-"
COMMAND_TEMPORARY: Final = "c-"


def ancestors(name: str) -> Iterator[str]:
    """Every name that is a parent of `name`: `ID.h.p` gives `ID`, `ID.h`."""
    position = name.find(".")
    while position >= 0:
        yield name[:position]
        position = name.find(".", position + 1)
