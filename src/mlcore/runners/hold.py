"""hold/: carries out what moderators decided, and keeps files and rows together.

The row's commit is the decision; this host carries it out, now or after a restart."""

from mlcore.base.errors import CorruptEntry, DiskTrouble, LocalTrouble, MlcoreError, SpoolLost
from mlcore.base.ids import root_of
from mlcore.mail.envelope import Accepted, Held
from mlcore.runners.incoming import held_row
from mlcore.runners.pipeline import ListGone, unexpected
from mlcore.runners.work import Work
from mlcore.spool.claim import Claim
from mlcore.spool.entry import Entry, NewEntry
from mlcore.store import held
from mlcore.store.lists import NoSuchList

_CARRIED_OUT = frozenset({"accept", "discard"})


class Hold:
    """Decisions on held posts of this spool."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def carry_out(self) -> int:
        """Every decided row whose file is awake; returns how many were carried out. Raises LocalTrouble.

        A post whose decision cannot be carried out is shunted: it must not keep the others waiting."""
        work = self._work
        done = 0
        for row in await work.store.read(held.of_spool, work.spool_id):
            if row.decision not in _CARRIED_OUT:
                continue  # a refusal needs a text, and there is none yet: nothing is dropped unseen
            claim = await self._take(row.entry)
            if claim is None:
                continue
            try:
                await self._decide(claim, row)
                done += 1
            except Exception as error:  # noqa: BLE001  (see above)
                await self._give_back(claim, error)
            except BaseException:
                self._put_back(row.entry)
                raise
        return done

    async def reconcile(self) -> None:
        """After a start: a file without a row gets one, a row without a file goes (its step had ended).

        Raises LocalTrouble if the database is down. A file that cannot be read now is left for the next
        start; one without meaning here goes to bad/ or shunt/."""
        work = self._work
        rows = {row.entry for row in await work.store.read(held.of_spool, work.spool_id)}
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
            await work.store.write(held.insert_if_absent, held_row(work, claim.name, envelope))
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

    async def _decide(self, claim: Claim, row: held.HeldPost) -> None:
        work, envelope = self._work, claim.entry.envelope
        if not isinstance(envelope, Held):
            raise unexpected(claim)
        children = []
        if row.decision == "accept":
            accepted = Accepted(arrived=envelope.arrived, moderator_approved=True, approved_at=row.decided_at)
            entry = Entry(accepted, claim.entry.addresses, claim.entry.octets)
            children.append(NewEntry("pipeline", f"{claim.name}.p", entry))

        async def delete() -> None:
            await work.store.write(held.delete, work.spool_id, row.entry)

        await work.spool.advance(claim, children, after=delete)
        work.log.info(
            "decided",
            queue_id=root_of(claim.name),
            queue="hold",
            entry=claim.name,
            list_id=row.list_id,
            decision=row.decision,
        )
