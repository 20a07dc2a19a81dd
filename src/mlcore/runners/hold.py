"""hold/: carries out what moderators decided, and keeps files and rows together.

The row's commit is the decision; this host carries it out, now or after a restart."""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from mlcore.base.errors import CorruptEntry, DiskTrouble, LocalTrouble, MlcoreError, SpoolLost
from mlcore.base.ids import root_of
from mlcore.lists.model import ListPolicy
from mlcore.mail.envelope import Held
from mlcore.runners.decisions import Decisions
from mlcore.runners.errors import ListGone, unexpected
from mlcore.runners.letters import notice_entry
from mlcore.runners.recent import RecentPosts
from mlcore.runners.verdicts import held_row
from mlcore.runners.work import Work
from mlcore.spool.claim import Claim
from mlcore.store import held
from mlcore.store.held import HeldPost
from mlcore.store.lists import NoSuchList

AT_ONCE: Final = 4
"""Decisions carried out together: their syncs are shared, and what was held for its size is in memory."""
PORTION: Final = 500
"""Rows read at once: a flood may have left a million."""


class Hold:
    """Decisions on held posts of this spool."""

    def __init__(self, work: Work, recent: RecentPosts) -> None:
        self._work = work
        self._recent = recent
        self._decisions = Decisions(work)
        self._busy = asyncio.Lock()
        self._forwarded: dict[str, tuple[str, ...]] = {}
        """By entry: addresses whose copies are durable, while their row does not say so yet."""

    async def carry_out(self) -> int:
        """Every decided row whose file is awake, and every post that is to be forwarded; returns how many
        there were. Raises LocalTrouble.

        Those that come while it is at work wait, and look anew: a row that was read before another has
        carried it out would be carried out twice. A post whose decision cannot be carried out is shunted: it
        must not keep the others waiting."""
        async with self._busy:
            done, last = 0, 0
            while due := await self._work.store.read(held.due, self._work.spool_id, last, PORTION):
                last = due[-1].id
                for start in range(0, len(due), AT_ONCE):
                    done += await self._together(due[start : start + AT_ONCE])
            return done

    async def _together(self, due: Sequence[HeldPost]) -> int:
        results = await asyncio.gather(*map(self._carry_out, due), return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            raise next((one for one in failures if isinstance(one, SpoolLost)), failures[0])
        return sum(result is True for result in results)

    async def reconcile(self) -> None:
        """After a start: a file without a row gets one, a row without a file goes (its step had ended).

        Raises LocalTrouble if the database is down. A file that cannot be read now is left for the next
        start; one without meaning here goes to bad/ or shunt/."""
        work = self._work
        rows = set(await work.store.read(held.names_of_spool, work.spool_id))
        names = set(work.spool.queues["hold"].names())
        for name in sorted(names - rows):
            await self.adopt(name)
        for name in sorted(rows - names):
            await work.store.write(held.delete, work.spool_id, name)

    async def adopt(self, name: str) -> None:
        """A file in hold/ that has no row gets one (it was unshunted, or a crash took the row).

        Raises LocalTrouble if the database is down; a file that cannot be read now is left alone."""
        try:
            claim = await self._take(name)
        except DiskTrouble as trouble:
            self._work.log.warning("waiting", queue="hold", entry=name, reason=str(trouble))
            return
        if claim is not None:
            await self._make_row(claim)

    async def _make_row(self, claim: Claim) -> None:
        work, envelope = self._work, claim.entry.envelope
        try:
            if not isinstance(envelope, Held):
                raise unexpected(claim)
            row = held_row(work, claim.name, claim.entry, envelope)
            await work.store.write(held.insert_if_absent, row)
        except NoSuchList:  # nobody can decide on it any more, and nobody may throw it away unseen
            await self._give_back(claim, ListGone(claim.list_id))
        except MlcoreError as error:
            await self._give_back(claim, error)
        else:
            self._put_back(claim.name)

    async def _take(self, name: str) -> Claim | None:
        """None if somebody has it, or nobody can read it. Raises DiskTrouble."""
        work = self._work
        if not work.spool.queues["hold"].take_this(name):
            return None
        try:
            return await work.spool.claim("hold", name)
        except CorruptEntry as error:
            work.log.error("bad", queue="hold", queue_id=root_of(name), entry=name, reason=str(error))
            return None
        except BaseException:
            self._put_back(name)
            raise

    def _put_back(self, name: str) -> None:
        waiting = self._work.spool.queues["hold"]
        if name in waiting:
            waiting.put(name)

    async def _give_back(self, claim: Claim, error: Exception) -> None:
        """After a failed step: trouble that passes is raised again, the rest concerns this post alone."""
        try:
            if isinstance(error, LocalTrouble | SpoolLost):
                raise error
            await self._work.spool.shunt(claim, str(error))
        finally:
            self._put_back(claim.name)
        self._work.log.error(
            "shunted", queue="hold", queue_id=root_of(claim.name), entry=claim.name, reason=str(error)
        )

    # -- one post ----------------------------------------------------------------------------------------

    async def _carry_out(self, row: HeldPost) -> bool:
        """Whether anything was done."""
        claim = await self._take(row.entry)
        if claim is None:
            return False
        try:
            await self._do(claim, row)
        except Exception as error:  # noqa: BLE001  (see carry_out)
            await self._give_back(claim, error)
            return False
        except BaseException:
            self._put_back(row.entry)
            raise
        return True

    async def _do(self, claim: Claim, row: HeldPost) -> None:
        envelope = claim.entry.envelope
        if not isinstance(envelope, Held):
            raise unexpected(claim)
        policy = await self._work.cache.policy(row.list_id)
        if policy is None:
            raise ListGone(row.list_id)
        done = self._forwarded.get(row.entry, ())
        left = tuple([address for address in row.forward_to if address not in done])
        if row.decision is None:
            await self._forward(claim, msgspec.structs.replace(row, forward_to=left), policy)
        else:
            await self._decide(claim, msgspec.structs.replace(row, forward_to=left), envelope, policy)

    async def _decide(self, claim: Claim, row: HeldPost, envelope: Held, policy: ListPolicy) -> None:
        work = self._work
        children = await self._decisions.children(claim, row, envelope, policy)

        async def delete() -> None:
            await work.store.write(held.delete, work.spool_id, row.entry)

        await work.spool.advance(claim, children, after=delete)
        self._forwarded.pop(row.entry, None)
        if row.decision != "accept":
            self._recent.refused(row.list_id, row.entry)
        work.log.info(
            "decided",
            queue_id=root_of(claim.name),
            queue="hold",
            entry=claim.name,
            list_id=row.list_id,
            decision=row.decision,
            sender=row.sender,
            message_id=row.message_id,
            made=" ".join([f"{child.queue}/{child.name}" for child in children]),
        )

    async def _forward(self, claim: Claim, row: HeldPost, policy: ListPolicy) -> None:
        """A copy, and the post goes on waiting. The copy is an entry of its own: a child would sleep as long
        as the post is here. So a crash between the two may repeat it, under the same Message-ID; trouble with
        the database does not."""
        work = self._work
        done = self._forwarded.get(row.entry, ())
        if row.forward_to:
            letter = self._decisions.forward(claim, row, policy)
            (trouble,) = await work.spool.accept([notice_entry(work, work.ids.new(), letter)])
            if trouble is not None:
                raise trouble
            done = self._forwarded[row.entry] = (*done, *row.forward_to)
        await work.store.write(held.forwarded, work.spool_id, row.entry, done)
        del self._forwarded[row.entry]
        self._put_back(claim.name)
        work.log.info(
            "forwarded",
            queue_id=root_of(claim.name),
            queue="hold",
            entry=claim.name,
            list_id=row.list_id,
            recipients=len(row.forward_to),
        )
