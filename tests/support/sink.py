"""A fast SMTP server that takes mail, counts it, and misbehaves on request.

In a process of its own (`sink_command`) it is what throughput is measured against and what tests of
crashes deliver to: its log says who got how many copies. Inside a test it is the well-behaved peer."""

import asyncio
import contextlib
import hashlib
import os
import random
import re
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Self

import msgspec

_MESSAGE_ID: Final = re.compile(rb"^message-id:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)

SinkOutcome = Literal["accepted", "refused", "put_off", "dropped_in_data", "dropped_after_dot"]

Fault = Literal[
    "451 at MAIL",
    "421 at MAIL",
    "drop in content",
    "hang in content",
    "451 at end",
    "554 at end",
    "drop after end",
    "hang after end",
]
"""What becomes of one transaction. drop: leaves without a word; hang: says nothing any more until the other
side leaves. In the log a hang is what the drop at that place is."""


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """One transaction as the sink saw it; a line of the log is the same without `octets`."""

    time: float
    reverse_path: str
    recipients: tuple[str, ...]
    digest: str
    message_id: str
    size: int
    outcome: SinkOutcome


@dataclass(frozen=True, slots=True)
class SinkSettings:
    """refuse: address → reply to RCPT. faults: by number of the MAIL, counted from 1 over all connections.
    Rates: 0 to 1; temporary failures per RCPT, drops per transaction. greylist: the first RCPT of each
    address for each sender is answered 450."""

    refuse: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[int, Fault] = field(default_factory=dict)
    greylist: bool = False
    temp_fail_rate: float = 0.0
    drop_in_data_rate: float = 0.0
    drop_after_dot_rate: float = 0.0
    delay_s: float = 0.0
    max_size: int = 0
    pipelining: bool = True
    chunking: bool = True
    eight_bit: bool = True
    smtputf8: bool = True
    size: bool = True
    seed: int | None = None
    keep: bool = False
    """Keep `Taken` and octets in memory (`Sink.taken`, `Sink.contents`)."""

    def greeting_lines(self) -> list[str]:
        """What EHLO answers."""
        offered = {
            "PIPELINING": self.pipelining,
            "CHUNKING": self.chunking,
            "8BITMIME": self.eight_bit,
            "SMTPUTF8": self.smtputf8,
            f"SIZE {self.max_size}": self.size,
            "ENHANCEDSTATUSCODES": True,
        }
        return ["sink", *(keyword for keyword, on in offered.items() if on)]


class Sink:
    """The server; `async with Sink() as sink` listens on `sink.port` of 127.0.0.1."""

    def __init__(
        self,
        settings: SinkSettings | None = None,
        *,
        log_handle: int | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.settings = settings or SinkSettings()
        self.random = random.Random(self.settings.seed)
        lines = self.settings.greeting_lines()
        ehlo = [f"250-{line}\r\n" for line in lines[:-1]] + [f"250 {lines[-1]}\r\n"]
        self.ehlo = "".join(ehlo).encode()
        self.refused = {
            address.encode(): f"{reply}\r\n".encode() for address, reply in self.settings.refuse.items()
        }
        self.log_handle = log_handle
        self.connections = 0
        self.open: set[asyncio.Transport] = set()
        self.begun = 0
        self.seen: set[tuple[bytes, bytes]] = set()
        """Sender and recipient of every RCPT, where there is greylisting."""
        self.transactions = 0
        self.copies = 0
        self.taken: list[Taken] = []
        self.contents: list[bytes] = []
        self.mails: list[str] = []
        self._tls = tls
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self, port: int = 0) -> None:
        """Listens on 127.0.0.1."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Session(self), "127.0.0.1", port, ssl=self._tls, backlog=1_024
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Closes everything."""
        if self._server is not None:
            self._server.close()
            self.hang_up()
            await self._server.wait_closed()
            await asyncio.sleep(0)

    def hang_up(self) -> None:
        """Closes every connection, as a restart of the server would."""
        for transport in list(self.open):
            with contextlib.suppress(OSError):  # the other side may have left already
                transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
            transport.abort()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def received(self) -> list[tuple[str, bytes]]:
        """Recipient and octets of every copy made (with `keep`)."""
        return [
            (recipient, octets)
            for taken, octets in zip(self.taken, self.contents, strict=True)
            if taken.outcome in {"accepted", "dropped_after_dot"}
            for recipient in taken.recipients
        ]

    def record(
        self, reverse_path: bytes, recipients: Sequence[bytes], octets: bytes, outcome: SinkOutcome
    ) -> None:
        """Counts, keeps and logs one transaction; called before its reply is sent."""
        self.transactions += 1
        if outcome in {"accepted", "dropped_after_dot"}:
            self.copies += len(recipients)
        if self.log_handle is None and not self.settings.keep:
            return
        match = _MESSAGE_ID.search(octets, 0, 16_384)
        taken = Taken(
            time=time.time(),
            reverse_path=reverse_path.decode("utf-8", "replace"),
            recipients=tuple(recipient.decode("utf-8", "replace") for recipient in recipients),
            digest=hashlib.sha256(octets).hexdigest()[:32],
            message_id=match[1].decode("utf-8", "replace") if match else "",
            size=len(octets),
            outcome=outcome,
        )
        if self.settings.keep:
            self.taken.append(taken)
            self.contents.append(octets)
        if self.log_handle is not None:
            os.write(self.log_handle, msgspec.json.encode(taken) + b"\n")


class _Session(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._settings = sink.settings
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._out: list[bytes] = []
        self._earlier = 0  # how much of it is about transactions before this one
        self._mode: Literal["command", "data", "bdat", "held", "hung", "closed"] = "command"
        self._needed = 0  # octets of the BDAT chunk
        self._last_chunk = False
        self._scanned = 0
        self._mail: bytes | None = None
        self._fault: Fault | None = None
        self._rcpts: list[bytes] = []
        self._chunks: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._sink.connections += 1
        self._sink.open.add(transport)
        transport.write(b"220 sink ESMTP\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._sink.open.discard(self._transport)
        self._mode = "closed"

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._go_on()

    def _go_on(self) -> None:
        while True:
            if self._mode == "command":
                more = self._commands()
            elif self._mode == "bdat":
                more = self._chunk()
            elif self._mode == "data":
                more = self._content()
            else:
                more = False
            if not more:
                break
        self._flush()

    def _commands(self) -> bool:
        """Carries out whole lines while they are commands; whether there may be more to do."""
        buffer = self._buffer
        start = 0
        while self._mode == "command":
            end = buffer.find(b"\r\n", start)
            if end < 0:
                break
            line = bytes(buffer[start:end])
            start = end + 2
            if line[:8].upper() == b"RCPT TO:":
                self._out.append(self._rcpt(line))
            else:
                self._command(line)
        del buffer[:start]
        return self._mode in {"bdat", "data"}

    def _rcpt(self, line: bytes) -> bytes:
        address = line[line.find(b"<") + 1 : line.rfind(b">")]
        if self._mail is None:
            return b"503 5.5.1 MAIL first\r\n"
        if address in self._sink.refused:
            return self._sink.refused[address]
        if self._settings.greylist and (self._mail, address) not in self._sink.seen:
            self._sink.seen.add((self._mail, address))
            return b"450 4.7.1 Greylisted\r\n"
        rate = self._settings.temp_fail_rate
        if rate and self._sink.random.random() < rate:
            return b"450 4.2.0 Not now\r\n"
        self._rcpts.append(address)
        return b"250 2.1.5 Ok\r\n"

    def _command(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb == b"MAIL":
            self._out.append(self._begin(line))
        elif verb == b"BDAT" and self._settings.chunking:
            words = line.split()
            self._needed = int(words[1])
            self._last_chunk = len(words) > 2
            self._mode = "bdat"
            self._perhaps_leave()
        elif verb == b"DATA":
            self._out.append(b"354 Go on\r\n" if self._rcpts else b"554 5.5.1 No valid recipients\r\n")
            if self._rcpts:
                self._mode = "data"
                self._scanned = 0
                self._perhaps_leave()
        elif verb == b"EHLO":
            self._out.append(self._sink.ehlo)
        elif verb == b"RSET":
            self._forget()
            self._out.append(b"250 2.0.0 Ok\r\n")
        elif verb == b"QUIT":
            self._out.append(b"221 2.0.0 Bye\r\n")
            self._close()
        else:
            self._out.append(b"250 2.0.0 Ok\r\n" if verb in {b"HELO", b"NOOP"} else b"502 5.5.1 What?\r\n")

    def _begin(self, line: bytes) -> bytes:
        if self._mail is not None:
            return b"503 5.5.1 Nested MAIL\r\n"
        self._earlier = len(self._out)
        if self._settings.keep:
            self._sink.mails.append(line.decode())
        limit = self._settings.max_size
        declared = re.search(rb" SIZE=([0-9]+)", line)
        if limit and declared and int(declared[1]) > limit:
            return b"552 5.3.4 Too big\r\n"
        self._sink.begun += 1
        self._fault = self._settings.faults.get(self._sink.begun)
        if self._fault == "451 at MAIL":
            return b"451 4.3.0 Not now\r\n"
        if self._fault == "421 at MAIL":
            asyncio.get_running_loop().call_soon(self._close)
            self._mode = "held"
            return b"421 4.3.2 Going down\r\n"
        self._mail = line[line.find(b"<") + 1 : line.find(b">")]
        return b"250 2.1.0 Ok\r\n"

    def _chunk(self) -> bool:
        if len(self._buffer) < self._needed:
            return False
        self._chunks.append(bytes(self._buffer[: self._needed]))
        del self._buffer[: self._needed]
        self._mode = "command"
        if not self._rcpts:
            self._chunks.clear()
            self._out.append(b"503 5.5.1 RCPT first\r\n")
        elif self._last_chunk:
            self._end(b"".join(self._chunks))
        else:
            self._out.append(b"250 2.0.0 Ok\r\n")
        return self._mode == "command" and bool(self._buffer)

    def _content(self) -> bool:
        if self._buffer.startswith(b".\r\n"):
            octets, end = b"", 3
        else:
            found = self._buffer.find(b"\r\n.\r\n", max(0, self._scanned - 4))
            if found < 0:
                self._scanned = len(self._buffer)
                return False
            octets, end = bytes(self._buffer[: found + 2]), found + 5
        del self._buffer[:end]
        if octets.startswith(b"."):
            octets = octets[1:]
        self._mode = "command"
        self._end(octets.replace(b"\r\n.", b"\r\n"))
        return self._mode == "command" and bool(self._buffer)

    def _perhaps_leave(self) -> None:
        """Leaves before the content is read, as a crash in the middle of it would."""
        rate = self._settings.drop_in_data_rate
        faulty = self._fault in {"drop in content", "hang in content"}
        if self._rcpts and (faulty or (rate and self._sink.random.random() < rate)):
            self._sink.record(self._mail or b"", self._rcpts, b"", "dropped_in_data")
            self._leave()

    def _end(self, octets: bytes) -> None:
        """The content is complete: counts it, says so, or leaves without a word."""
        sink, settings = self._sink, self._settings
        reverse_path, rcpts = self._mail or b"", self._rcpts
        self._forget()
        if settings.max_size and len(octets) > settings.max_size:
            sink.record(reverse_path, rcpts, octets, "refused")
            self._answer(b"552 5.3.4 Too big\r\n")
            return
        if self._fault == "451 at end":
            sink.record(reverse_path, rcpts, octets, "put_off")
            self._answer(b"451 4.3.0 Not now\r\n")
            return
        if self._fault == "554 at end":
            sink.record(reverse_path, rcpts, octets, "refused")
            self._answer(b"554 5.7.1 Not this one\r\n")
            return
        rate = settings.drop_after_dot_rate
        faulty = self._fault in {"drop after end", "hang after end"}
        if faulty or (rate and sink.random.random() < rate):
            sink.record(reverse_path, rcpts, octets, "dropped_after_dot")
            self._leave()
        else:
            sink.record(reverse_path, rcpts, octets, "accepted")
            self._answer(b"250 2.0.0 Ok: taken\r\n")

    def _answer(self, reply: bytes) -> None:
        if not self._settings.delay_s:
            self._out.append(reply)
            return
        self._mode = "held"
        asyncio.get_running_loop().call_later(self._settings.delay_s, self._release, reply)

    def _release(self, reply: bytes) -> None:
        if self._mode == "held":
            self._mode = "command"
            self._out.append(reply)
            self._go_on()

    def _forget(self) -> None:
        self._mail = None
        self._rcpts = []
        self._chunks = []

    def _close(self) -> None:
        self._flush()
        self._mode = "closed"
        if self._transport is not None:
            self._transport.close()

    def _leave(self) -> None:
        """Says nothing more about this transaction, and is gone, or stays as if asleep."""
        # What was taken before was answered before: else more replies are lost than the log says.
        del self._out[self._earlier :]
        self._flush()
        self._buffer.clear()
        if self._fault is not None and self._fault.startswith("hang"):
            self._mode = "hung"
            return
        self._mode = "closed"
        if self._transport is not None:
            self._transport.abort()

    def _flush(self) -> None:
        if self._out and self._transport is not None:
            self._transport.write(b"".join(self._out))
            self._out.clear()
        self._earlier = 0
