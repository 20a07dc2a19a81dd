"""Group commit of directories: changes of names that wait together share one sync.

A waiter is released only by a sync that began after its change was made: the thread that syncs makes the
changes first. Who comes while a sync runs waits for the next one."""

import asyncio
from collections.abc import Callable, Sequence

from mlcore.base.batches import Threads
from mlcore.base.durable import Disk, SyncFailed

Change = Callable[[], None]


class DirectoryCommit:
    """The changes of names in one directory."""

    def __init__(self, disk: Disk, batches: Threads, directory: str) -> None:
        self._disk = disk
        self._batches = batches
        self._directory = directory
        self._waiting: list[tuple[Change, asyncio.Future[None]]] = []
        self._running: list[asyncio.Future[None]] = []
        self._busy = False
        self.syncs = 0

    def change(self, change: Change) -> "asyncio.Future[None]":
        """Done when `change` was made and is durable.

        Raises what `change` raised (nothing is changed then, the others are not disturbed), or SyncFailed."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.append((change, future))
        if not self._busy:
            # Not at once: what this turn of the loop still asks for travels in the same sync.
            self._busy = True
            loop.call_soon(self._begin)
        return future

    def _begin(self) -> None:
        group = self._waiting
        self._waiting = []
        self._running = [future for _, future in group]
        try:
            job = self._batches.run(self._commit, [change for change, _ in group])
        except RuntimeError as error:  # the threads were stopped: nobody may wait for ever
            self._release([error] * len(group))
            return
        self.syncs += 1
        job.add_done_callback(self._end)

    def _commit(self, changes: list[Change]) -> list[Exception | None]:
        """In a thread: every change, then one sync."""
        results: list[Exception | None] = []
        for change in changes:
            try:
                change()
            except Exception as error:  # noqa: BLE001  (it belongs to its waiter; the others want their sync)
                results.append(error)
            else:
                results.append(None)
        if None in results:
            try:
                self._disk.sync_directory(self._directory)
            except OSError as error:
                failed = SyncFailed(error.errno, f"sync of {self._directory}/: {error.strerror}")
                return [result or failed for result in results]
        return results

    def _end(self, job: "asyncio.Future[list[Exception | None]]") -> None:
        error = job.exception()
        self._release(job.result() if error is None else [error] * len(self._running))

    def _release(self, results: Sequence[BaseException | None]) -> None:
        waiters = self._running
        self._running = []
        for future, result in zip(waiters, results, strict=True):
            if future.done():
                continue  # whoever waited was cancelled
            if result is None:
                future.set_result(None)
            else:
                future.set_exception(result)
        if self._waiting:
            self._begin()
        else:
            self._busy = False
