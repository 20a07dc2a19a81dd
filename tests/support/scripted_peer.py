"""An SMTP peer that follows a script: what it awaits, what it says, where it cuts, hangs and leaves."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

EHLO_ALL = "250-peer\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 0\r\n"
EHLO_DATA = "250-peer\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 0\r\n"
EHLO_BARE = "250 peer\r\n"


@dataclass(frozen=True)
class Say:
    """Sends text (CRLF is added where it has none). octet_by_octet: each octet in a segment of its own."""

    text: str
    octet_by_octet: bool = False


@dataclass(frozen=True)
class Raw:
    """Sends text as it is, in one piece."""

    text: str


@dataclass(frozen=True)
class Await:
    """Reads one line, which has to begin so (case counts)."""

    start: str


@dataclass(frozen=True)
class Take:
    """Reads so many octets of content."""

    count: int


@dataclass(frozen=True)
class TakeToDot:
    """Reads content up to CRLF.CRLF, or a dot alone."""


@dataclass(frozen=True)
class StartTls:
    """Goes on in TLS."""

    context: ssl.SSLContext


@dataclass(frozen=True)
class Hang:
    """Says nothing until the other side leaves."""


@dataclass(frozen=True)
class Stall:
    """Reads nothing any more, says nothing, stays."""


@dataclass(frozen=True)
class Pause:
    """Waits so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Drop:
    """Leaves, without a word."""


Step = Say | Raw | Await | Take | TakeToDot | StartTls | Hang | Stall | Pause | Drop


def greeted(ehlo: str = EHLO_ALL) -> list[Step]:
    """The steps until MAIL."""
    return [Say("220 peer"), Await("EHLO"), Say(ehlo)]


@dataclass
class ScriptedPeer:
    """`async with ScriptedPeer([steps of connection 1], [of connection 2]) as peer`. More connections than
    scripts are closed at once. A script that does not fit raises when the block ends."""

    scripts: Sequence[Sequence[Step]]
    tls: ssl.SSLContext | None = None
    port: int = 0
    connections: int = 0
    heard: list[bytes] = field(default_factory=list)
    """Every line and content read, per step."""
    finished: int = 0
    """Scripts carried out to their end."""
    errors: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        await asyncio.sleep(0)
        if kind is None and self.errors:
            raise self.errors[0]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        number = self.connections
        self.connections += 1
        script = self.scripts[number] if number < len(self.scripts) else [Drop()]
        try:
            for step in script:
                await self._carry_out(step, reader, writer)
            self.finished += 1
        except asyncio.CancelledError:
            pass
        except (ssl.SSLError, ConnectionError):
            pass  # the other side left; the test sees what it made of it
        except (AssertionError, asyncio.IncompleteReadError) as error:
            self.errors.append(error)
        finally:
            writer.transport.abort()

    async def _carry_out(
        self, step: Step, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        match step:
            case Say(text, octet_by_octet):
                octets = (text if text.endswith("\r\n") else f"{text}\r\n").encode("utf-8", "surrogateescape")
                for piece in [octets[i : i + 1] for i in range(len(octets))] if octet_by_octet else [octets]:
                    writer.write(piece)
                    await writer.drain()
                    if octet_by_octet:
                        await asyncio.sleep(0)
            case Raw(text):
                writer.write(text.encode())
                await writer.drain()
            case Await(start):
                line = await reader.readline()
                self.heard.append(line)
                assert line.startswith(start.encode()), f"{line!r} instead of {start!r}"
            case Take(count):
                self.heard.append(await reader.readexactly(count))
            case TakeToDot():
                lines = []
                while (line := await reader.readline()) not in {b".\r\n", b""}:
                    lines.append(line)
                self.heard.append(b"".join(lines))
            case StartTls(context):
                await writer.start_tls(context)
            case Hang():
                await reader.read()
            case Stall():
                await asyncio.Event().wait()
            case Pause(seconds):
                await asyncio.sleep(seconds)
            case Drop():
                # What the peer never read must not turn the close into a reset that eats its replies.
                if writer.can_write_eof():
                    writer.write_eof()
                await asyncio.sleep(0.005)
                writer.transport.abort()
