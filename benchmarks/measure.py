"""What the benchmarks of single rows share: processor time of this process over a number of posts."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))


@contextmanager
def processor_time(row: str, posts: int) -> Iterator[None]:
    """Prints ms of processor time (all threads of this process) and of the wall per post."""
    cpu, wall = time.process_time(), time.perf_counter()
    yield
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(
        f"{row:55} {cpu / posts * 1000:7.3f} ms processor  {wall / posts * 1000:7.3f} ms wall  "
        f"{posts / wall:8.0f}/s",
        flush=True,
    )


async def at_once(count: int, most: int, do: Callable[[int], Awaitable[object]]) -> None:
    """`do(0)` … `do(count - 1)`, at most `most` at a time."""
    numbers = iter(range(count))

    async def lane() -> None:
        for number in numbers:
            await do(number)

    await asyncio.gather(*(lane() for _ in range(most)))


@contextmanager
def place() -> Iterator[str]:
    """A directory on a disk: $BENCH_DIR, or where temporary files go."""
    with tempfile.TemporaryDirectory(prefix="mlcore-bench-", dir=os.environ.get("BENCH_DIR")) as directory:
        yield directory
