"""The verbs of LMTP (RFC 2033, RFC 5321).

After the final dot there is one reply per recipient whatever happens (P2), and what goes wrong on our side is
4xx (P3)."""

# ruff: noqa: ARG002, N802  (names and arguments of the verbs are what aiosmtpd calls)

from collections.abc import Sequence
from typing import Final

from mlcore.base.errors import LocalTrouble
from mlcore.ingress import replies
from mlcore.ingress.accept import reply_for
from mlcore.ingress.commands import parse_mail, parse_rcpt
from mlcore.ingress.conversation import Closed, Conversation, Phase
from mlcore.ingress.data import Content
from mlcore.ingress.services import Services
from mlcore.ingress.transaction import Transaction
from mlcore.mail.reply import LOCAL_TROUBLE, NO_SUCH_ADDRESS, OK, TOO_BIG, PeerError, Reply

_VERBS: Final = tuple(
    f"smtp_{verb}"
    for verb in (
        *("LHLO", "HELO", "EHLO", "MAIL", "RCPT", "DATA"),
        *("RSET", "NOOP", "VRFY", "EXPN", "HELP", "QUIT"),
    )
)


class LmtpSession(Conversation):
    """What is said on one connection."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._greeted = False

    def __dir__(self) -> Sequence[str]:
        # aiosmtpd looks for verbs with dir() in each new connection. Naming them here makes that nine times
        # cheaper, and leaves out what is not offered: AUTH, STARTTLS.
        return _VERBS

    async def _execute(self, line: bytes) -> None:
        if b"\n" in line or b"\r" in line or b"\0" in line:
            self._answer(replies.NOT_A_LINE)  # RFC 5321 2.3.8: nothing but CRLF ends a line
            return
        verb, _, argument = line.partition(b" ")
        method = self._smtp_methods.get(verb.upper().decode("latin-1"))
        if method is None:
            self._answer(replies.UNKNOWN_COMMAND)
            return
        try:
            text = argument.decode()
        except UnicodeDecodeError:
            self._answer(replies.NOT_A_LINE)
            return
        try:
            await method(text.strip(" "))
        except PeerError as error:
            self._answer(error.reply)
        except (Closed, OSError):
            raise
        except Exception as error:  # noqa: BLE001  (a defect must not close the connection: P3)
            self._services.trouble("command", error, self._peer)
            self._say(LOCAL_TROUBLE)

    async def smtp_LHLO(self, arg: str) -> None:
        """Greets, and says what is offered (RFC 2033 4.1, RFC 5321 4.1.1.1)."""
        if not arg:
            raise PeerError(replies.NEEDS_ARGUMENT)
        self._greeted = True
        self._set_rset_state()
        offers = "PIPELINING", "8BITMIME", "SMTPUTF8", f"SIZE {self._limits.size_bytes}"
        lines = "".join(f"250-{text}\r\n" for text in (self.hostname, *offers))
        self._replies.append(f"{lines}250 ENHANCEDSTATUSCODES\r\n".encode())

    async def smtp_HELO(self, hostname: str) -> None:
        """Refused: RFC 2033 4.1."""
        raise PeerError(replies.NOT_LMTP)

    async def smtp_EHLO(self, hostname: str) -> None:
        """Refused: RFC 2033 4.1."""
        raise PeerError(replies.NOT_LMTP)

    async def smtp_MAIL(self, arg: str | None) -> None:
        """Opens a transaction."""
        if not self._greeted:
            raise PeerError(replies.LHLO_FIRST)
        if self._transaction is not None:
            raise PeerError(replies.MAIL_TWICE)
        self._refusal = None
        if self._services.connections.stopping:
            self._say(replies.SHUTTING_DOWN)
            raise Closed
        mail = parse_mail(arg or "")
        refusal = TOO_BIG if mail.size_bytes > self._limits.size_bytes else self._no_room()
        if refusal is not None:
            self._refusal = refusal
            self._say(self._services.refused(refusal, reverse_path=mail.reverse_path))
            return
        self._transaction = Transaction(self._services, self._peer, mail)
        self._say(replies.SENDER_OK)

    def _no_room(self) -> Reply | None:
        try:
            trouble = self._services.acceptor.room()
        except Exception as error:  # noqa: BLE001  (whatever it is, it is ours: P3)
            self._services.trouble("room", error, self._peer)
            return LOCAL_TROUBLE
        return None if trouble is None else reply_for(trouble)

    async def smtp_RCPT(self, arg: str | None) -> None:
        """Names a recipient. Whoever is not here is refused here, not by mail later (P20)."""
        transaction = self._transaction
        if transaction is None:
            if self._refusal is None:
                raise PeerError(replies.MAIL_FIRST)
            # Pipelined behind a MAIL that was refused: a disk that is full must not look like 503 (P3).
            self._say(self._refusal)
            return
        address = parse_rcpt(arg or "", smtputf8=transaction.mail.smtputf8)
        transaction.asked = True
        if len(transaction.recipients) >= self._limits.recipients:
            self._refuse(address, replies.TOO_MANY_RECIPIENTS)
            return
        try:
            destination = await self._work(self._services.directory.find(address))
        except Exception as error:  # noqa: BLE001  (not known now is never "unknown": P3)
            self._services.trouble("directory", error, self._peer)
            self._refuse(address, LOCAL_TROUBLE)
            return
        if destination is None:
            self._refuse(address, NO_SUCH_ADDRESS)
            return
        transaction.recipients.append((address, destination))
        self._say(OK)

    def _refuse(self, address: str, reply: Reply) -> None:
        self._say(self._services.refused(reply, recipient=address))

    async def smtp_DATA(self, arg: str) -> None:
        """Takes the content, hands it on, and gives each accepted recipient its reply, in order (P2)."""
        transaction = self._transaction
        if arg:
            raise PeerError(replies.NO_ARGUMENT)
        if transaction is None or not transaction.recipients:
            # RFC 2033 4.2 asks for 503. A pipelining client comes here without any mistake of its own.
            if self._refusal is not None or (transaction is not None and transaction.asked):
                self._say(replies.NO_RECIPIENTS)
                return
            raise PeerError(replies.NO_RECIPIENTS if transaction is not None else replies.MAIL_FIRST)
        self._say(replies.GO_ON)
        content = Content(self._limits.size_bytes, self._services.memory)
        try:
            await self._content(content)
            for reply in await self._settle(transaction, content):
                self._say(reply)
        finally:
            content.drop()
        self._transaction = None
        self._errors = 0

    async def _content(self, content: Content) -> None:
        self._phase = Phase.CONTENT
        self._since = self._services.clock.monotonic()
        try:
            rest = content.feed(self._read[self._at :]) if self._at < len(self._read) else None
            while rest is None:
                rest = content.feed(await self._block())
        except (Closed, OSError):
            raise
        except Exception as error:
            # Nobody knows any more where the content ends, and nothing of it may be taken for a command.
            self._services.trouble("content", error, self._peer)
            self._say(replies.BROKEN)
            raise Closed from error
        self._read = rest
        self._at = 0

    async def _settle(self, transaction: Transaction, content: Content) -> list[Reply]:
        """One reply per recipient. It never raises of itself."""
        if content.fault is not None:
            return transaction.refuse(content.fault)
        try:
            entries = transaction.entries(content.octets())
            results = await self._work(self._services.acceptor.accept(entries))
            return transaction.settle(entries, results)
        except LocalTrouble as trouble:
            self._services.trouble("accept", trouble, self._peer)
            return transaction.refuse(reply_for(trouble))
        except Exception as error:  # noqa: BLE001  (a defect of ours: the mail waits at the peer, P3)
            self._services.trouble("accept", error, self._peer)
            return transaction.refuse(LOCAL_TROUBLE)

    async def smtp_RSET(self, arg: str) -> None:
        """Forgets the transaction."""
        if arg:
            raise PeerError(replies.NO_ARGUMENT)
        self._set_rset_state()
        self._say(replies.DONE)

    async def smtp_NOOP(self, arg: str) -> None:
        """Nothing, politely."""
        self._say(replies.DONE)

    async def smtp_VRFY(self, arg: str) -> None:
        """Never tells who is here (RFC 5321 7.3)."""
        if not arg:
            raise PeerError(replies.NEEDS_ARGUMENT)
        self._say(replies.NOT_VERIFIED)

    async def smtp_EXPN(self, arg: str) -> None:
        """Never tells who is here (RFC 5321 7.3)."""
        raise PeerError(replies.NOT_OFFERED)

    async def smtp_HELP(self, arg: str) -> None:
        """The verbs."""
        self._say(replies.HELP)

    async def smtp_QUIT(self, arg: str) -> None:
        """Ends the conversation."""
        if arg:
            raise PeerError(replies.NO_ARGUMENT)
        self._say(replies.BYE)
        raise Closed
