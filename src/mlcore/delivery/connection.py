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
from mlcore.delivery.outcome import Deferred, Outcome, Unknown
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
                    replies += await self._say(f"RCPT TO:<{address}>", timeouts.rcpt_s)
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
