"""digest/: posts are collected for the digests of their list; and what the clock does about digests.

A post is taken once under the name of its entry, durably, before the entry goes. That needs no sync: an entry
that a crash brings back is known. Issues that are made here are sent by `runners.issues`."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from mlcore.actions import digests
from mlcore.base.errors import DiskTrouble
from mlcore.base.ids import root_of
from mlcore.lists.model import ListPolicy
from mlcore.mail.envelope import Rendered
from mlcore.runners.errors import unexpected
from mlcore.runners.tasks import DAY_S, Job
from mlcore.runners.work import Work
from mlcore.spool.claim import Claim
from mlcore.spool.layout import QUEUES
from mlcore.store import digests as store
from mlcore.store.digests import DigestPost, StoredIssue
from mlcore.store.lists import NoSuchList
from mlcore.store.sql import chunks

LOOK_S: Final = 300.0
"""How often it is looked for lists whose issue of the day is due: the first look of a day finds them all."""
AT_ONCE: Final = 50
"""Lists whose issues are made in one transaction."""
PURGE_S: Final = 3_600.0
PURGED_AT_ONCE: Final = 5_000


def log_issue(work: Work, issue: StoredIssue, cause: str) -> None:
    """A line about an issue that was made. cause: size, day."""
    work.log.info(
        "digest made",
        queue_id=issue.entry,
        list_id=issue.list_id,
        volume=issue.volume,
        number=issue.number,
        cause=cause,
    )


class Collect:
    """The step of digest/. made: called when there is an issue to be sent."""

    def __init__(self, work: Work, made: Callable[[], None]) -> None:
        self._work = work
        self._made = made

    async def __call__(self, claim: Claim) -> None:
        """The post waits for the next digest, or goes without one where the list has none by now."""
        work, kept = self._work, claim.entry.envelope
        if not isinstance(kept, Rendered):
            raise unexpected(claim)
        policy = await work.cache.policy(kept.list_id)
        if policy is None or not policy.digests_enabled:
            await self._drop(claim, "no such list" if policy is None else "digests_enabled is off")
            return
        post = DigestPost(claim.name, kept.number, claim.entry.octets, kept.arrived_at)
        now = work.clock.time()
        try:
            done = await work.store.write(digests.collect, policy, post, work.ids.new(), now)
        except NoSuchList:
            await self._drop(claim, "no such list")
            return
        await work.spool.consume(claim)
        work.log.info(
            "collected",
            queue_id=root_of(claim.name),
            queue="digest",
            list_id=kept.list_id,
            message_id=kept.message_id,
            again=not done.is_new,
        )
        if done.issue is not None:
            log_issue(work, done.issue, "size")
            self._made()

    async def _drop(self, claim: Claim, reason: str) -> None:
        await self._work.spool.consume(claim)
        self._work.log.info(
            "dropped", queue_id=root_of(claim.name), queue="digest", list_id=claim.list_id, reason=reason
        )


class DigestJobs:
    """What the clock does. made: as for `Collect`; purged_at_once: items forgotten in one transaction."""

    def __init__(self, work: Work, made: Callable[[], None], *, purged_at_once: int = PURGED_AT_ONCE) -> None:
        self._work = work
        self._made = made
        self._purged_at_once = purged_at_once

    def jobs(self) -> tuple[Job, ...]:
        """For `Tasks`."""
        return (
            Job("daily digests", LOOK_S, self.send_daily, at_start=True),
            Job("purge digests", PURGE_S, self.purge),
        )

    async def send_daily(self) -> int:
        """Makes the issue of the day of each list that has digest_send_periodic and something that waits
        from before today (UTC); how many. Whether there was one today stands in the database, so that it is
        made once whoever looks how often. Raises LocalTrouble."""
        count = 0
        for list_ids in chunks(await self._work.store.read(digests.due, self._work.clock.time()), AT_ONCE):
            count += await self._send(list_ids)
        return count

    async def _send(self, list_ids: Sequence[str]) -> int:
        """Those of some lists, in one transaction but for what does not fit into one issue each."""
        work = self._work
        policies = {list_id: await work.cache.policy(list_id) for list_id in list_ids}
        wanted = [(policy, work.ids.new()) for policy in policies.values() if policy is not None]
        found = await work.store.write(digests.send_due, wanted, work.clock.time())
        made = [issue for issue, _ in found]
        for issue, more in found:
            policy = policies[issue.list_id]
            if more and policy is not None:
                made += await self._rest_of(policy)
        for issue in made:
            log_issue(work, issue, "day")
        if made:
            self._made()
        return len(made)

    async def _rest_of(self, policy: ListPolicy) -> list[StoredIssue]:
        """Issues of all that still waits."""
        work = self._work
        made: list[StoredIssue] = []
        while True:
            issue = await work.store.write(digests.send, policy, work.ids.new(), work.clock.time())
            if issue is None:
                return made
            made.append(issue)

    async def purge(self) -> None:
        """Forgets posts a day after they were sent, if their entries are durably gone. Raises
        LocalTrouble."""
        work = self._work
        try:
            for queue in ("digest", "shunt", "bad"):
                await work.spool.commits[queue].change(lambda: None)
        except OSError as error:
            raise DiskTrouble.of(error, "looking for entries that are gone") from error
        alive = {name for queue in QUEUES for name in work.spool.queues[queue].names()}
        before = work.clock.time() - DAY_S
        forget = partial(store.purge, limit=self._purged_at_once)
        while await work.store.write(forget, before, alive.__contains__) >= self._purged_at_once:
            pass  # a pause for whoever else waits to write
