"""The directories of `Paths`: made if missing, refused if others could write to them (P26)."""

import os
import stat
from dataclasses import fields

from mlcore.base.durable import make_directories
from mlcore.base.errors import BadInput, DiskTrouble
from mlcore.config.settings import Paths

_MADE = ("var_dir", "queue_dir", "log_dir", "data_dir")
"""The others are only checked: etc_dir may belong to the system, the rest is made at its first use."""


def prepare(paths: Paths) -> None:
    """Makes what is missing of var_dir, queue_dir, log_dir, data_dir, with mode 0700, and checks all paths.

    Raises BadInput for what is no directory or is one that everybody may write to, DiskTrouble where one
    cannot be made."""
    for item in fields(paths):
        path = getattr(paths, item.name)
        if item.name in _MADE:
            _make(path)
        _check(path)


def _make(path: str) -> None:
    if os.path.lexists(path):
        return  # the check tells whether it is a directory
    try:
        make_directories(path, ())
    except OSError as error:
        raise DiskTrouble.of(error, f"making {path}") from error


def _check(path: str) -> None:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise DiskTrouble.of(error, f"looking at {path}") from error
    if not stat.S_ISDIR(status.st_mode):
        raise BadInput(f"{path} is not a directory", "move it away")
    if status.st_mode & stat.S_IWOTH:
        raise BadInput(f"everybody may write to {path}", f"run chmod o-w {path}")
