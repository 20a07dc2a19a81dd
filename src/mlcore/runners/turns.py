"""Posts of one list in order, though many are worked on at once."""

import asyncio


class Turn:
    """The place of one entry in the row of its list."""

    __slots__ = ("_before", "_done")

    def __init__(self, before: "asyncio.Future[None] | None", done: "asyncio.Future[None]") -> None:
        self._before = before
        self._done = done

    async def wait(self) -> None:
        """Returns when every earlier entry of the list has had its turn."""
        if self._before is not None and not self._before.done():
            await asyncio.shield(self._before)

    def end(self) -> None:
        """The next one may go, once all earlier ones have ended too; harmless when called again."""
        if self._before is None or self._before.done():
            self._end()
        else:  # put back or set aside before its turn came: the row behind it still waits for those before
            self._before.add_done_callback(self._end)

    def _end(self, _before: object = None) -> None:
        if not self._done.done():
            self._done.set_result(None)


class Turns:
    """Rows by list. A turn is taken in the order of the queue and lasts only to the step that has to be in
    order (the post number): what is slow before or after it goes on beside the others."""

    def __init__(self) -> None:
        self._last: dict[str, asyncio.Future[None]] = {}

    def take(self, list_id: str) -> Turn:
        """A place behind all that were taken for `list_id` before."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        before = self._last.get(list_id)
        self._last[list_id] = done
        done.add_done_callback(lambda _: self._forget(list_id, done))
        return Turn(before, done)

    def _forget(self, list_id: str, done: "asyncio.Future[None]") -> None:
        if self._last.get(list_id) is done:
            del self._last[list_id]
