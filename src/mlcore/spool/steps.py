"""The named steps of the spool: after each one a crash must be harmless, and a test kills there.

A step is named when the call before it has returned. The hook that hears them does nothing in production."""

from collections.abc import Callable
from typing import Final

Hook = Callable[[str], None]

STEPS: Final = (
    "accept: written",
    "accept: renamed",
    "accept: synced",
    "attempt: marked",
    "advance: children written",
    "advance: child renamed",
    "advance: children synced",
    "advance: row made",
    "advance: parent unlinked",
    "advance: parent synced",
    "settle: synced",
    "finish: unlinked",
    "finish: synced",
    "defer: linked",
    "defer: link synced",
    "defer: unlinked",
    "defer: synced",
    "shunt: reason synced",
    "shunt: linked",
    "shunt: link synced",
    "shunt: unlinked",
    "shunt: synced",
    "adopt: synced",
    "adopt: shunt unlinked",
    "recover: listed",
    "recover: synced",
    "recover: unlinked",
    "recover: resynced",
)


def nothing(_step: str) -> None:
    """The hook of production."""
