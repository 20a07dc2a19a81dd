"""Standard input, output and error of the program, whatever they are."""

import contextlib
import io
import os
import sys
from typing import IO


def prepare() -> None:
    """Makes the three usable. One that is closed becomes /dev/null, before a file of mail or a database gets
    its number, and with it whatever a child says. What the encoding of the terminal lacks is escaped."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest free number, so this one
            os.set_inheritable(opened, True)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115  (it lives as long as the process)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def flush() -> None:
    """Writes what standard output still holds. Raises OSError."""
    sys.stdout.flush()


def forget() -> None:
    """What standard output still holds goes nowhere: nobody reads it, or there is no room for it. Without
    this the interpreter would try once more at its end, and complain."""
    with contextlib.suppress(OSError, ValueError):
        number = sys.stdout.fileno()
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, number)
        os.close(null)


def is_utf8(stream: IO[str]) -> bool:
    """Whether it takes every character as it is."""
    return (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "").startswith("utf")
