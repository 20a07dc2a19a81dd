"""Runs a server that misbehaves where a test wants it: `python -m support.launch CONFIG`.

What a test wants stands in the environment of this process, so that the product itself knows nothing of it:

    MLTEST_KILL_STEP     a name of `spool.steps`: SIGKILL to itself there
    MLTEST_KILL_COUNT    at which occurrence (default 1)
    MLTEST_RAISE_WHILE   a path: while a file is there, every post with `raise` in its subject raises
    MLTEST_HANG_WHILE    a path: while a file is there, every post with `hang` in its subject stops the loop
    MLTEST_PATIENCE_S    seconds for which the next mail server is waited for at each step

SIGUSR1 makes it write into its log what every thread and every task is doing."""

import asyncio
import faulthandler
import itertools
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from mlcore.base.errors import MlcoreError
from mlcore.config.loader import read
from mlcore.delivery.settings import SmtpSettings, Timeouts
from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.pipelines import NamedHandler, Result, SecondHandler
from mlcore.lists.stages import Extensions
from mlcore.server.main import run_foreground
from mlcore.server.wiring import Extras
from mlcore.spool import steps

KILL_STEP = "MLTEST_KILL_STEP"
KILL_COUNT = "MLTEST_KILL_COUNT"
RAISE_WHILE = "MLTEST_RAISE_WHILE"
HANG_WHILE = "MLTEST_HANG_WHILE"
PATIENCE_S = "MLTEST_PATIENCE_S"
KILLED = "killed by itself at"
"""What stands in its log then, with the step behind it."""


class WantedByTest(Exception):
    """A handler with a defect."""


def killer(wanted: str, count: int) -> steps.Hook:
    """A hook that ends this process with SIGKILL at occurrence `count` of step `wanted`."""
    assert wanted in steps.STEPS, wanted
    seen = itertools.count(1)  # steps are heard in several threads: one call, one number

    def at(step: str) -> None:
        if step == wanted and next(seen) == count:
            os.write(2, f"{KILLED} {step}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    return at


def raising(path: str) -> SecondHandler:
    """A handler that raises for marked posts while `path` is there."""

    def handler(draft: Draft, _policy: ListPolicy, _facts: RenderFacts) -> Result:
        if b"raise" in (draft.fields.first("subject") or b"") and os.path.exists(path):
            raise WantedByTest(path)
        return draft

    return handler


def hanging(path: str) -> SecondHandler:
    """A handler that does not return for marked posts while `path` is there, so that nothing else runs."""

    def handler(draft: Draft, _policy: ListPolicy, _facts: RenderFacts) -> Result:
        while b"hang" in (draft.fields.first("subject") or b"") and os.path.exists(path):
            time.sleep(0.01)
        return draft

    return handler


def impatient(seconds: float) -> Callable[[SmtpSettings], SmtpSettings]:
    """Settings with short time-outs."""
    timeouts = Timeouts(
        mail_s=seconds, rcpt_s=seconds, data_s=seconds, block_s=seconds, dot_s=seconds, quit_s=seconds
    )
    return lambda settings: replace(settings, timeouts=timeouts)


def extras_from(environment: Mapping[str, str]) -> Extras:
    """What the environment asks for."""
    step = environment.get(KILL_STEP, "")
    at = killer(step, int(environment.get(KILL_COUNT, "1"))) if step else steps.nothing
    if patience := environment.get(PATIENCE_S, ""):
        return Extras(at=at, smtp=impatient(float(patience)))
    for variable, make in ((RAISE_WHILE, raising), (HANG_WHILE, hanging)):
        if path := environment.get(variable, ""):
            more = Extensions(handlers=(NamedHandler("wanted-by-test", make(path)),))
            return Extras(at=at, more=more)
    return Extras(at=at)


def tell(*_: object) -> None:
    """Writes the stacks of all threads and tasks."""
    faulthandler.dump_traceback(sys.stderr)
    for task in asyncio.all_tasks():
        print(f"task {task.get_name()}:", file=sys.stderr)
        task.print_stack(file=sys.stderr)
    sys.stderr.flush()


def main() -> int:
    """The exit status of the server; 2 with one line of text where it refuses to start."""
    signal.signal(signal.SIGUSR1, tell)
    try:
        return run_foreground(read(sys.argv[1]), extras=extras_from(os.environ))
    except MlcoreError as error:
        print(f"mlcore: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
