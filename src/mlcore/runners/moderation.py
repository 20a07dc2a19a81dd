"""What the clock does about moderation: see `actions.moderation`."""

from collections.abc import Callable
from typing import Final

from mlcore.actions import moderation
from mlcore.base.ids import root_of
from mlcore.runners.hold import Hold
from mlcore.runners.tasks import Job
from mlcore.runners.work import Work

EXPIRY_S: Final = 3_600.0
LOOK_S: Final = 300.0
"""How often it is looked for lists whose reminder is due."""


class Moderation:
    """remind_s: seconds between two reminders of one list, 0: none; may be set at any time. queued: called
    when there are notices to be sent."""

    def __init__(self, work: Work, hold: Hold, *, remind_s: float, queued: Callable[[], None]) -> None:
        self._work = work
        self._hold = hold
        self.remind_s = remind_s
        self._queued = queued

    def jobs(self) -> tuple[Job, ...]:
        """For `Tasks`."""
        return (
            Job("expire held posts", EXPIRY_S, self.expire, at_start=True),
            Job("remind moderators", LOOK_S, self.remind),
        )

    async def expire(self) -> int:
        """Discards what was held for longer than its list wants; how many posts. Raises LocalTrouble."""
        work = self._work
        count = 0
        while expired := await work.store.write(moderation.expire, work.clock.time()):
            count += len(expired)
            for post in expired:
                work.log.info(
                    "expired",
                    queue="hold",
                    queue_id=root_of(post.entry),
                    entry=post.entry,
                    list_id=post.list_id,
                    sender=post.sender,
                    message_id=post.message_id,
                    held_at=post.held_at,
                )
        if count:
            await self._hold.carry_out()
        return count

    async def remind(self) -> int:
        """Queues the reminders that are due; how many. Raises LocalTrouble."""
        work, every_s = self._work, self.remind_s
        now = work.clock.time()
        if every_s <= 0 or not await work.store.read(moderation.due, now, every_s):
            return 0
        reminded = await work.store.write(moderation.remind, now, every_s)
        for list_id in reminded:
            work.log.info("reminded", list_id=list_id)
        if reminded:
            self._queued()
        return len(reminded)
