"""Keeps all threads on one processor.

Only one thread at a time runs Python. When a disk thread is on another processor than the loop, every
hand-over of the interpreter is an interrupt there, which costs a virtual machine tens of microseconds;
measured: up to half of the processor time of a post. What others run moves away by itself."""

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def kept_on_one(*, wanted: bool = True) -> Iterator[int | None]:
    """The processor that this process keeps to inside the block, None if all that it may use are used.

    The last of those it may use, since interrupts mostly go to the first. Whoever has set an affinity of
    one processor already (CPUAffinity= in systemd) is obeyed."""
    allowed = os.sched_getaffinity(0)
    if not wanted or len(allowed) < 2:
        yield None
        return
    chosen = max(allowed)
    try:
        os.sched_setaffinity(0, {chosen})
    except OSError:  # a container may forbid it: slower, not wrong
        yield None
        return
    try:
        yield chosen
    finally:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, allowed)
