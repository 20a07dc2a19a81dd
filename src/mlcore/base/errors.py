"""The tree of errors. Temporary or permanent is a property of the type; unknown means temporary.

    MlcoreError
    ├── BadInput            what a person wrote; carries the remedy; exit status 2 of a command
    │   └── ConfigError     a configuration file; carries file, section and key
    ├── LocalTrouble        this host cannot now: mail waits, a peer hears 4xx, a runner backs off
    │   ├── DiskTrouble     a disk call failed; `full` when space or inodes ran out
    │   ├── StoreTrouble    the database is locked, down or full
    │   ├── Overload        a limit of this process is reached
    │   └── Stopping        the server stops: what has not begun stays where it is
    ├── CorruptEntry        a spool file that is torn or altered: set aside in bad/, never guessed at
    │   └── LeftAlone       a spool file that another version wrote, or no plain file: stays where it is
    ├── RemoteError         what was raised in a child process
    └── SpoolLost           the disk may not hold what memory believes: the process must end

An error that may reach a peer is a `mail.reply.PeerError`, built where the peer is answered."""

import errno

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMLINK})


class MlcoreError(Exception):
    """Root of every error raised on purpose."""


class BadInput(MlcoreError):
    """What a person or program wrote cannot be used. text: what is wrong; remedy: what to write instead."""

    def __init__(self, text: str, remedy: str = "") -> None:
        super().__init__(f"{text}: {remedy}" if remedy else text)
        self.text = text
        self.remedy = remedy


class ConfigError(BadInput):
    """A configuration file that cannot be used: one line with file, section, key and remedy."""

    def __init__(self, text: str, remedy: str, *, file: str, section: str = "", key: str = "") -> None:
        place = file + (f" [{section}]" if section else "") + (f" {key}" if key else "")
        super().__init__(f"{place}: {text}", remedy)
        self.file = file
        self.section = section
        self.key = key


class LocalTrouble(MlcoreError):
    """This host cannot do it now. Nothing is lost; the same step is tried again."""


class DiskTrouble(LocalTrouble):
    """A disk call failed. `full`: no space, quota or inodes (452 4.3.1), otherwise 451 4.3.0."""

    def __init__(self, text: str, *, full: bool = False) -> None:
        super().__init__(text)
        self.full = full

    @classmethod
    def of(cls, error: OSError, step: str) -> "DiskTrouble":
        """The trouble behind `error`, which the call named `step` raised."""
        trouble = cls(f"{step}: {error.strerror or error}", full=error.errno in _FULL)
        trouble.__cause__ = error
        return trouble


class StoreTrouble(LocalTrouble):
    """The database cannot be used now."""


class Overload(LocalTrouble):
    """A limit of this process is reached; later there will be room."""


class Stopping(LocalTrouble):
    """The server stops: the rest of this step is for the next start."""


class CorruptEntry(MlcoreError):
    """A spool file that is torn or altered."""


class LeftAlone(CorruptEntry):
    """A spool file that this version must not judge: of an unknown version, or no plain file."""


class SpoolLost(MlcoreError):
    """A directory sync failed after the point of no return: only a restart with recovery is safe."""


class RemoteError(MlcoreError):
    """What was raised in a child process. summary: see `summary_of`; the text is the traceback there."""

    def __init__(self, summary: str, traceback: str) -> None:
        super().__init__(traceback)
        self.summary = summary


def summary_of(error: BaseException) -> str:
    """`KeyError: 'x' (in the handler odd)`: what was raised and its notes, on one line."""
    if isinstance(error, RemoteError):
        return error.summary
    text = str(error).strip().partition("\n")[0]
    shown = f"{type(error).__name__}: {text}" if text else type(error).__name__
    notes = "; ".join(getattr(error, "__notes__", ()))
    return " ".join(f"{shown} ({notes})".split()) if notes else shown
