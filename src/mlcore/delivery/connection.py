"""One SMTP connection: transactions in the fewest round trips the peer allows (RFC 5321, 2920, 3030).

What decides between Deferred and Unknown is one question: can the peer have had every octet of the content
when it fell silent? Only then may it have delivered."""

import asyncio
import ssl
from collections.abc import Sequence
from typing import Final

from mlcore.delivery.classify import settle
from mlcore.delivery.commands import Prepared, prepare, stuffed
from mlcore.delivery.dialogue import GARBLED, LOST, Dialogue, Trouble
from mlcore.delivery.features import Features
from mlcore.delivery.handshake import shake_hands
from mlcore.delivery.outcome import Deferred, Delivered, Outcome, Unknown
from mlcore.delivery.replies import Answer
from mlcore.delivery.settings import SmtpSettings, Timeouts
from mlcore.delivery.transport import Transaction
from mlcore.mail.reply import Reply

SMALL_MESSAGE: Final = 65_536
"""Octets up to which the content goes out with its envelope, before any reply is known."""
BLOCK: Final = 262_144
"""Octets written at once; the network gets `block_s` for each."""
TRUSTED_S: Final = 1.0
"""Seconds. A connection silent for longer may be dead already: its envelope goes alone, so that a loss is no
riddle."""

_CONTINUE: Final = 354


class SmtpConnection:
    """A peer that is ready for MAIL. One transaction at a time; `usable` says whether another may follow."""

    def __init__(self, dialogue: Dialogue, features: Features, timeouts: Timeouts) -> None:
        self._loop = asyncio.get_running_loop()
        self._dialogue = dialogue
        self._timeouts = timeouts
        self.features = features
        self.transactions = 0
        """How many were begun here."""
        self.untouched = False
        """Whether the last transaction ended with the connection before the peer took anything of it: it may
        be carried out once more, on another connection, without anybody getting it twice."""
        self.not_begun = 0
        """Of the last `transact_each`, how many at its end are so."""

    @property
    def usable(self) -> bool:
        """Whether the conversation goes on."""
        return self._dialogue.trouble is None

    @property
    def heard_at(self) -> float:
        """When the peer last said something (time of the loop)."""
        return self._dialogue.heard_at

    def stale(self) -> bool:
        """Whether the peer has closed, or said something unasked, since the last transaction. Asks the
        socket, since the event loop may not have come round to it yet."""
        return self._dialogue.trouble is not None or self._dialogue.readable()

    def retire(self) -> None:
        """QUIT, and closed soon after."""
        self._dialogue.retire(self._timeouts.quit_s)

    def abort(self) -> None:
        """Closed at once."""
        self._dialogue.abort()

    @property
    def closed(self) -> bool:
        """Whether nothing of it is left."""
        return self._dialogue.closed

    async def gone(self) -> None:
        """Waits until it is closed."""
        await self._dialogue.gone()

    async def transact(self, transaction: Transaction) -> tuple[Outcome, ...]:
        """Carries it out; one outcome per recipient, in order. Raises nothing but CancelledError, and then
        the connection is closed: what the peer made of it is not known."""
        self.untouched = False
        prepared = prepare(transaction, self.features)
        if not prepared.recipients:
            return prepared.outcomes(())
        self.transactions += 1
        try:
            asked = await self._carry_out(prepared)
        except BaseException:
            self._dialogue.abort()
            raise
        return prepared.outcomes(asked)

    async def transact_each(self, transactions: Sequence[Transaction]) -> tuple[Outcome, ...]:
        """`transact` for transactions of one recipient each, in order; where the peer allows, many of them in
        one write. Once there is trouble, the rest is deferred, or unknown where it was sent already."""
        self.untouched = False
        self.not_begun = 0
        outcomes: list[Outcome] = []
        writes = 0
        at_once = self.features.pipelining and self.features.chunking
        while len(outcomes) < len(transactions) and self.usable:
            writes += 1
            rest = transactions[len(outcomes) :]
            count = _group(rest) if at_once else 1
            if count > 1:
                outcomes += await self._together(rest[:count])
            else:
                outcomes += await self.transact(rest[0])
                self.not_begun = int(self.untouched)
        left_out = len(transactions) - len(outcomes)
        if left_out:
            if self.not_begun or isinstance(outcomes[-1], Delivered):
                self.not_begun += left_out
            outcomes += [Deferred((self._dialogue.trouble or GARBLED).reply)] * left_out
        self.untouched = self.untouched and writes == 1  # nobody has anything: all may be tried once more
        return tuple(outcomes)

    async def _together(self, transactions: Sequence[Transaction]) -> list[Outcome]:
        """All of them in one write (RFC 2920 3.1, RFC 3030 4.2). RSET stands between two: whatever became of
        the first, the second begins afresh."""
        prepared = [prepare(transaction, self.features) for transaction in transactions]
        asked = [one for one in prepared if one.recipients]
        found: list[Outcome] = []
        if asked:
            self.transactions += len(asked)
            octets = b"RSET\r\n".join(
                [one.envelope(f"BDAT {len(one.octets)} LAST") + one.octets for one in asked]
            )
            try:
                self._dialogue.write(octets)
                wanted = 4 * len(asked) - 1
                # Any of them may be the reply to a content, for which the peer has longer.
                patience_s = max(self._timeouts.rcpt_s, self._timeouts.dot_s)
                answers = await self._dialogue.replies(wanted, patience_s, patience_s)
            except BaseException:
                self._dialogue.abort()
                raise
            found = self._each(answers, len(asked))
            if len(answers) == wanted and not answers[-1].reply.positive:
                await self._reset(answers[-3].reply)  # or the next MAIL comes into an open transaction
        rest = iter(found)
        return [next(rest) if one.recipients else one.settled[0] for one in prepared]

    def _each(self, answers: Sequence[Answer], count: int) -> list[Outcome]:
        """The outcomes of as many transactions, from three replies each and one to RSET between two."""
        found: list[Outcome] = []
        for start in range(0, 4 * count, 4):
            if len(answers) < start + 3:
                break
            mail, rcpt, final = (answer.reply for answer in answers[start : start + 3])
            found += settle(mail, (rcpt,), final, count=1, lost=Deferred(final))
        missing = count - len(found)
        if missing:
            dialogue = self._dialogue
            trouble = dialogue.trouble or GARBLED
            partial = [answer.reply for answer in answers[4 * len(found) :]][:3]
            # With octets left, all but the last of them may have been sent all the same.
            sent = trouble.silent and not (dialogue.unsent and missing == 1)
            nothing_taken = not sent and _nothing_taken(trouble, partial)
            self.untouched = nothing_taken and not found
            self.not_begun = missing if nothing_taken else 0
            for position in range(missing):
                # Of what was sent as a whole nobody knows; the last one was not, if octets are left.
                in_doubt = trouble.silent and not (dialogue.unsent and position == missing - 1)
                lost: Outcome = Unknown(trouble.reply) if in_doubt else Deferred(trouble.reply)
                mail_ = partial[0] if partial and position == 0 else None
                some = partial[1:] if position == 0 else ()
                found += settle(mail_, some, None, count=1, lost=lost)
        return found

    async def _carry_out(self, prepared: Prepared) -> tuple[Outcome, ...]:
        if not self.features.pipelining:
            return await self._lock_step(prepared)
        if self.features.chunking:
            trusted = self._loop.time() - self._dialogue.heard_at < TRUSTED_S
            if trusted and len(prepared.octets) <= SMALL_MESSAGE:
                return await self._one_write(prepared)
            return await self._envelope_first(prepared)
        return await self._envelope_and_data(prepared)

    async def _one_write(self, prepared: Prepared) -> tuple[Outcome, ...]:
        """MAIL, RCPTs, BDAT and the content at once: one round trip (RFC 3030 4.2)."""
        count = len(prepared.recipients)
        octets = prepared.octets
        self._dialogue.write(prepared.envelope(f"BDAT {len(octets)} LAST") + octets)
        answers = await self._dialogue.replies(count + 2, self._timeouts.rcpt_s, self._timeouts.dot_s)
        replies = [answer.reply for answer in answers]
        if len(replies) == count + 2:
            final = replies[-1]
            outcomes = settle(replies[0], replies[1:-1], final, count=count, lost=Deferred(final))
            if not 200 <= final.code < 300:
                await self._reset(replies[0])
            return outcomes
        return self._cut_short(replies, count, complete=not self._dialogue.unsent)

    async def _envelope_first(self, prepared: Prepared) -> tuple[Outcome, ...]:
        """MAIL and RCPTs as one group; then the content by BDAT, if anybody wants it."""
        count = len(prepared.recipients)
        self._dialogue.write(prepared.envelope())
        answers = await self._dialogue.replies(count + 1, self._timeouts.rcpt_s, self._timeouts.rcpt_s)
        return await self._by_bdat(prepared, [answer.reply for answer in answers])

    async def _envelope_and_data(self, prepared: Prepared) -> tuple[Outcome, ...]:
        """MAIL, RCPTs and DATA as one group; then the content, or the dot alone if nobody wants it."""
        count = len(prepared.recipients)
        self._dialogue.write(prepared.envelope("DATA"))
        answers = await self._dialogue.replies(count + 2, self._timeouts.rcpt_s, self._timeouts.data_s)
        return await self._by_data(prepared, [answer.reply for answer in answers])

    async def _lock_step(self, prepared: Prepared) -> tuple[Outcome, ...]:
        """One command, one reply (no PIPELINING)."""
        timeouts = self._timeouts
        count = len(prepared.recipients)
        replies = await self._say(prepared.mail, timeouts.mail_s)
        if replies and replies[0].positive:
            for address in prepared.recipients:
                if self.usable:
                    replies += await self._say(prepared.rcpt(address), timeouts.rcpt_s)
        if self.features.chunking or not self.usable or not _anybody(replies, count):
            return await self._by_bdat(prepared, replies)
        replies += await self._say("DATA", timeouts.data_s)
        return await self._by_data(prepared, replies)

    async def _by_bdat(self, prepared: Prepared, replies: list[Reply]) -> tuple[Outcome, ...]:
        """Goes on after the replies to MAIL and RCPT: content to those who accepted, RSET if none did."""
        count = len(prepared.recipients)
        if not self.usable:
            return self._cut_short(replies, count, complete=False)
        if not _anybody(replies, count):
            outcomes = settle(replies[0], replies[1:], None, count=count, lost=Deferred(replies[0]))
            await self._reset(replies[0])
            return outcomes
        head = f"BDAT {len(prepared.octets)} LAST\r\n".encode()
        replies += await self._content(head, prepared.octets, b"")
        return await self._conclude(replies, count, reset_if_refused=True)

    async def _by_data(self, prepared: Prepared, replies: list[Reply]) -> tuple[Outcome, ...]:
        """Goes on after the reply to DATA."""
        count = len(prepared.recipients)
        if not self.usable:
            return self._cut_short(replies[: count + 1], count, complete=False)
        go = replies[count + 1]
        if go.code != _CONTINUE:
            if go.positive:  # 2xx to DATA: nothing can be made of what comes next
                self._dialogue.give_up(GARBLED)
                return self._cut_short(replies[: count + 1], count, complete=False)
            return await self._conclude(replies, count, reset_if_refused=True)
        del replies[count + 1]
        if _anybody(replies, count):
            replies += await self._content(b"", stuffed(prepared.octets), b".\r\n")
        else:
            # RFC 2920 3.1: the peer said 354 although it refused everybody; the dot ends the transaction.
            replies += await self._content(b"", b"", b".\r\n")
        return await self._conclude(replies, count, reset_if_refused=False)

    async def _content(self, head: bytes, octets: bytes, end: bytes) -> list[Reply]:
        """Writes the content; the reply to it, or nothing if there is trouble."""
        dialogue = self._dialogue
        if len(octets) <= BLOCK:
            dialogue.write(head + octets + end)
        else:
            dialogue.write(head)
            view = memoryview(octets)
            for start in range(0, len(octets), BLOCK):
                dialogue.write(view[start : start + BLOCK])
                if not await dialogue.written(self._timeouts.block_s):
                    return await self._interrupted()
            dialogue.write(end)
        dot_s = self._timeouts.dot_s
        return [answer.reply for answer in await dialogue.replies(1, dot_s, dot_s)]

    async def _interrupted(self) -> list[Reply]:
        """The peer answered, or left, before it had the whole content: a refusal stands, anything else is
        nonsense, and the rest can no longer be told from a command. The dialogue is over."""
        answers = await self._dialogue.replies(1, 0.0, 0.0)
        refused = [answer.reply for answer in answers if not answer.reply.positive]
        self._dialogue.give_up(LOST if refused else GARBLED)
        self._dialogue.unsent = True
        return refused

    async def _conclude(
        self, replies: Sequence[Reply], count: int, *, reset_if_refused: bool
    ) -> tuple[Outcome, ...]:
        """The outcomes once the content (or DATA) has its reply, or will never have one."""
        if len(replies) < count + 2:
            return self._cut_short(replies, count, complete=not self._dialogue.unsent)
        final = replies[count + 1]
        outcomes = settle(replies[0], replies[1 : count + 1], final, count=count, lost=Deferred(final))
        if reset_if_refused and not final.positive:
            await self._reset(replies[0])
        return outcomes

    def _cut_short(self, replies: Sequence[Reply], count: int, *, complete: bool) -> tuple[Outcome, ...]:
        """The outcomes when there is trouble. complete: the peer can have had every octet of the content."""
        trouble = self._dialogue.trouble or GARBLED
        in_doubt = complete and trouble.silent
        self.untouched = not in_doubt and _nothing_taken(trouble, replies)
        lost: Outcome = Unknown(trouble.reply) if in_doubt else Deferred(trouble.reply)
        mail = replies[0] if replies else None
        return settle(mail, replies[1:], None, count=count, lost=lost)

    async def _reset(self, mail: Reply) -> None:
        """Clears a transaction that the peer began and did not end (RFC 5321 4.1.1.5, RFC 3030 2)."""
        if mail.positive and self.usable:
            replies = await self._say("RSET", self._timeouts.command_s)
            if replies and not replies[0].positive:
                self._dialogue.give_up(GARBLED)

    async def _say(self, line: str, timeout_s: float) -> list[Reply]:
        """One command; its reply, or nothing if there is trouble."""
        self._dialogue.write(f"{line}\r\n".encode())
        answers: list[Answer] = await self._dialogue.replies(1, timeout_s, timeout_s)
        return [answer.reply for answer in answers]


async def open_connection(settings: SmtpSettings, context: ssl.SSLContext | None) -> SmtpConnection:
    """A fresh connection, ready for MAIL. Raises Unreachable."""
    dialogue, features = await shake_hands(settings, context)
    return SmtpConnection(dialogue, features, settings.timeouts)


def _anybody(replies: Sequence[Reply], count: int) -> bool:
    """Whether MAIL and at least one RCPT were accepted."""
    return (
        bool(replies) and replies[0].code < 300 and any(reply.code < 300 for reply in replies[1 : count + 1])
    )


def _nothing_taken(trouble: Trouble, replies: Sequence[Reply]) -> bool:
    """Whether the connection ended at MAIL: closed, or 421 instead of a reply to it. A peer that hangs is
    not tried again at once; it would hang again."""
    if trouble.kind == "closing":
        return len(replies) <= 1
    return trouble.kind == "lost" and not replies


def _group(transactions: Sequence[Transaction]) -> int:
    """How many of them go into one write: at least one, and no more than `BLOCK` octets of content. What is
    large goes alone, so that a refusal is heard before the content."""
    size = 0
    for count, transaction in enumerate(transactions):
        octets = len(transaction.message.octets)
        size += octets
        if octets > SMALL_MESSAGE or (size > BLOCK and count):
            return max(1, count)
    return len(transactions)
