"""Who ought to have got what, who did, and which second copies a crash or a lost reply excuses.

Copies are counted from the relay's log alone. What was in flight at a crash is what the relay took in that
life of the server and the spool, as the dead process left it, has no record of."""

import re
import threading
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from mlcore.mail.envelope import Rendered
from mlcore.spool.layout import PARENTS
from mlcore.spool.operator import Shown
from support.relay import Relay
from support.server import RunningServer, wait_until
from support.sink import Taken

Copy = tuple[str, str]
"""Message-ID and recipient."""

_COMPLETE = frozenset({"accepted", "dropped_after_dot"})
_MESSAGE_ID = re.compile(rb"^Message-ID:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


@dataclass(slots=True)
class Crash:
    """What one end of the server left undone. transactions: how many were in flight; copies: whose."""

    transactions: int
    copies: frozenset[Copy]


@dataclass(slots=True)
class Ledger:
    """One test's account. connections: `[mta] max_connections` of the server, the bound of transactions in
    flight. refused: recipients that the relay refuses for good."""

    server: RunningServer
    relay: Relay
    connections: int = 8
    refused: Collection[str] = frozenset()
    crashes: list[Crash] = field(default_factory=list)
    _wanted: dict[str, frozenset[str]] = field(default_factory=dict)
    _acknowledged: set[str] = field(default_factory=set)
    _life_began: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # -- what senders know -----------------------------------------------------------------------------

    def sending(self, message_id: str, members: Iterable[str]) -> None:
        """A post is about to be handed in, for these members."""
        with self._lock:
            self._wanted[message_id] = frozenset(members)

    def acknowledge(self, message_id: str) -> None:
        """The server said 250: from now on it must not get lost."""
        with self._lock:
            self._acknowledged.add(message_id)

    @property
    def acknowledged(self) -> int:
        """How many posts got 250."""
        with self._lock:
            return len(self._acknowledged)

    def wait_acknowledged(self, more: int, timeout_s: float = 20.0) -> None:
        """Until so many more posts than now got 250."""
        enough = self.acknowledged + more
        wait_until(lambda: self.acknowledged >= enough, timeout_s, self.server.tell)

    # -- what the relay knows --------------------------------------------------------------------------

    def copies(self) -> Counter[Copy]:
        """How often each recipient got each post, as the relay saw it."""
        return Counter(copy for taken in self._of_posts() for copy in _copies(taken))

    def repeats(self) -> Counter[Copy]:
        """Copies above the first one."""
        return Counter({copy: count - 1 for copy, count in self.copies().items() if count > 1})

    def lost_replies(self) -> Counter[Copy]:
        """Copies whose final reply the relay owes: each excuses one repeat (P12)."""
        lost = (taken for taken in self._of_posts() if taken.outcome == "dropped_after_dot")
        return Counter(copy for taken in lost for copy in _copies(taken))

    def _of_posts(self) -> list[Taken]:
        return [
            taken
            for taken in self.relay.taken()
            if taken.message_id in self._wanted and taken.outcome in _COMPLETE
        ]

    # -- crashes -----------------------------------------------------------------------------------------

    def crashed(self) -> Crash:
        """To be called when the process is gone and before the next one starts.

        Counts what was in flight, and asserts what must be true of every moment: no more transactions than
        connections, no child that acted beside its parent, no acknowledged post without file or result."""
        assert not self.server.running
        self.relay.barrier()
        entries = self.server.entries()
        open_copies = _open_copies(entries)
        this_life = self.relay.taken()[self._life_began :]
        self._life_began += len(this_life)
        in_flight = [
            unrecorded
            for taken in this_life
            if taken.outcome == "accepted" and (unrecorded := frozenset(_copies(taken)) & open_copies)
        ]
        crash = Crash(len(in_flight), frozenset[Copy]().union(*in_flight))
        self.crashes.append(crash)
        assert crash.transactions <= self.connections, in_flight
        self._check_parents(entries)
        self._check_every_post_is_somewhere(entries)
        return crash

    def stopped(self) -> None:
        """The same after a stop that was asked for: nothing may be in flight (P10, P16)."""
        crash = self.crashed()
        assert not crash.copies, crash

    def _check_parents(self, entries: Iterable[Shown]) -> None:
        sent = {taken.message_id for taken in self._of_posts()}
        for shown in entries:
            if shown.queue in PARENTS:
                assert _message_id(shown) not in sent, f"{shown.queue}/{shown.name} was sent already"

    def _check_every_post_is_somewhere(self, entries: Iterable[Shown]) -> None:
        there = {_message_id(shown) for shown in entries}
        copies = self.copies()
        for message_id in self._acknowledged - there:
            missing = {member for member in self._wanted[message_id] if not copies[message_id, member]} - set(
                self.refused
            )
            assert not missing, f"{message_id} has left the spool without {missing}"

    # -- the end -----------------------------------------------------------------------------------------

    def verify(self) -> None:
        """P1, P10, P12, when everything has drained: nothing lost, nobody skipped, and each repeat excused by
        one crash or one lost reply."""
        self.relay.barrier()
        copies = self.copies()
        missing = [
            (message_id, member)
            for message_id in sorted(self._acknowledged)
            for member in sorted(self._wanted[message_id])
            if member not in self.refused and not copies[message_id, member]
        ]
        assert not missing, f"{len(missing)} copies lost: {missing[:5]}"
        strangers = [copy for copy in copies if copy[1] not in self._wanted[copy[0]]]
        assert not strangers, strangers[:5]
        excused = self.lost_replies()
        for crash in self.crashes:
            excused.update(crash.copies)
        unexcused = self.repeats() - excused
        assert not unexcused, f"{unexcused.total()} repeats without excuse: {unexcused.most_common(5)}"

    def verify_once(self) -> None:
        """The same, and no repeat at all."""
        self.verify()
        assert not self.repeats(), self.repeats().most_common(5)

    def sent_posts(self, recipient: str) -> int:
        """How many posts that `recipient` ought to get have reached anybody."""
        sent = {message_id for message_id, _ in self.copies()}
        return sum(recipient in self._wanted[message_id] for message_id in sent)


def _copies(taken: Taken) -> list[Copy]:
    return [(taken.message_id, recipient) for recipient in taken.recipients]


def _open_copies(entries: Iterable[Shown]) -> frozenset[Copy]:
    """Copies that out/ and retry/ still have to make, by what stands on the disk."""
    return frozenset(
        (shown.entry.envelope.message_id, address)
        for shown in entries
        if isinstance(shown.entry.envelope, Rendered)
        for number, address in enumerate(shown.entry.addresses)
        if number not in shown.progress.settled
    )


def _message_id(shown: Shown) -> str:
    found = _MESSAGE_ID.search(shown.entry.octets)
    return found[1].decode() if found else ""
