"""One entry in the hands of a runner."""

from collections.abc import Mapping, Sequence

from mlcore.base.durable import Place
from mlcore.mail.envelope import list_id_of
from mlcore.spool.entry import Entry
from mlcore.spool.records import Owner, Records, settled_codes
from mlcore.spool.tail import Progress, Record, longest_done, ranges


class Claim:
    """An entry that was taken and opened; nobody else works on it until it leaves or is put back."""

    __slots__ = ("_owner", "_records", "entry", "name", "progress", "queue")

    def __init__(self, owner: Owner, queue: str, name: str, entry: Entry, records: Records) -> None:
        self._owner = owner
        self.queue = queue
        self.name = name
        self.entry = entry
        self._records = records
        self.progress = Progress(name, records.tail.records)

    @property
    def list_id(self) -> str:
        """The list it belongs to; empty for mail of the site itself."""
        return list_id_of(self.entry.envelope)

    @property
    def records(self) -> Records:
        """The tail of its file; another one after trouble with the disk."""
        return self._records.of(self.name)

    @property
    def place(self) -> Place:
        """Where its file lies."""
        return Place(self.queue, self.name)

    def open_numbers(self) -> list[int]:
        """Recipients without a record, ascending."""
        settled = self.progress.settled
        if not settled:
            return list(range(len(self.entry.addresses)))
        return [number for number in range(len(self.entry.addresses)) if number not in settled]

    async def attempt(self, *, alone: bool = False) -> None:
        """J: marks an attempt, not synced: it guards against what kills the process. Raises DiskTrouble."""
        await self.write([Record(name=self.name, kind="try", alone=alone)], sync=False)
        self._owner.at("attempt: marked")

    async def back(self, *, due: float = 0.0, failures: int = 0) -> None:
        """The attempt ended without a result; due: Unix time of the next. Not synced; raises DiskTrouble."""
        await self.write([Record(name=self.name, kind="back", due=due, failures=failures)], sync=False)

    async def reserve(self, numbers: Sequence[int]) -> int:
        """D: room for the record of a transaction over `numbers`, before MAIL FROM. The result goes to
        `settle` or `release`. Raises DiskTrouble: no room, no MAIL FROM."""
        size = longest_done(self.name, numbers)
        await self.records.reserve(self.place, self.entry, size)
        return size

    def release(self, reserved: int) -> None:
        """Nothing of that transaction needs a record."""
        self.records.release(self.name, reserved)

    async def settle(self, done: Mapping[int, Sequence[int]], reserved: int) -> None:
        """D: the numbers under each reply code are settled, durably when this returns."""
        lines = [
            Record(name=self.name, kind="done", ranges=ranges(numbers), code=code)
            for code, numbers in settled_codes(done).items()
        ]
        await self.write(lines, sync=True, reserved=reserved)
        self._owner.at("settle: synced")

    async def write(self, records: Sequence[Record], *, sync: bool, reserved: int = 0) -> None:
        """Records of this name into the tail; see `Records.write`."""
        await self.records.write(self.place, self.entry, records, sync=sync, reserved=reserved)
        for record in records:
            self.progress.add(record)
