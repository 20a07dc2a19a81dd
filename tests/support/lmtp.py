"""An LMTP client for tests: polite by `send`, anything else by `write` and `line`."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Self

from mlcore.mail.reply import Reply

PATIENCE_S = 5.0


class LmtpClient:
    """One connection. Every wait ends after `PATIENCE_S` with TimeoutError."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def tcp(cls, host: str, port: int) -> Self:
        """Connects to a TCP listener; the greeting is not read yet."""
        return cls(*await asyncio.open_connection(host, port))

    @classmethod
    async def unix(cls, path: str) -> Self:
        """Connects to a Unix socket; the greeting is not read yet."""
        return cls(*await asyncio.open_unix_connection(path))

    @classmethod
    async def to(cls, address: tuple[str, int] | str) -> Self:
        """Connects to an address as `LmtpServer.addresses` gives them."""
        return await (cls.unix(address) if isinstance(address, str) else cls.tcp(*address))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def write(self, octets: bytes) -> None:
        """Sends octets as they are, in one write."""
        self._writer.write(octets)
        await self._writer.drain()

    async def line(self) -> str:
        """The next line without its CRLF. Raises EOFError when the server has closed."""
        async with asyncio.timeout(PATIENCE_S):
            line = await self._reader.readline()
        if not line:
            raise EOFError("the server has closed")
        assert line.endswith(b"\r\n"), line
        return line[:-2].decode()

    async def reply(self) -> Reply:
        """The next reply; of several lines the last one counts."""
        while True:
            line = await self.line()
            if line[3:4] != "-":
                break
        code, _, text = line.partition(" ")
        enhanced, _, rest = text.partition(" ")
        if enhanced.count(".") == 2 and enhanced.replace(".", "").isdigit():
            return Reply(int(code), enhanced, rest)
        return Reply(int(code), "", text)

    async def command(self, line: str) -> Reply:
        """Sends one command and reads its reply."""
        await self.write(f"{line}\r\n".encode())
        return await self.reply()

    async def lhlo(self, name: str = "client.example.com") -> None:
        """Reads the greeting and says LHLO."""
        greeting = await self.reply()
        assert greeting.code == 220, greeting
        answer = await self.command(f"LHLO {name}")
        assert answer.code == 250, answer

    async def send(
        self, mail_from: str, recipients: Sequence[str], octets: bytes, parameters: str = ""
    ) -> list[Reply]:
        """One pipelined transaction, dots stuffed. One reply per recipient, in order: the one behind the dot,
        or the one that refused it before."""
        commands = [f"MAIL FROM:<{mail_from}>{parameters}", *(f"RCPT TO:<{to}>" for to in recipients), "DATA"]
        await self.write("".join(f"{command}\r\n" for command in commands).encode())
        mail = await self.reply()
        replies = [await self.reply() for _ in recipients]
        data = await self.reply()
        if data.code != 354:
            return replies if mail.positive else [mail] * len(recipients)
        await self.write(stuffed(octets))
        return [await self.reply() if reply.positive else reply for reply in replies]

    async def at_eof(self) -> bool:
        """Waits for the server to close: True; False when it says something more instead."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                return await self._reader.read(1) == b""
            except ConnectionError:
                return True

    async def finish_writing(self) -> None:
        """Closes the sending half."""
        self._writer.write_eof()

    def reset(self) -> None:
        """Cuts the connection."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Closes, without QUIT."""
        self._writer.close()
        with contextlib.suppress(OSError):  # the server was quicker
            await self._writer.wait_closed()


def stuffed(octets: bytes) -> bytes:
    """Content as it goes over the wire (RFC 5321 4.5.2), with its final dot, and a CRLF if none ends it."""
    if octets and not octets.endswith(b"\r\n"):
        octets += b"\r\n"
    dotted = (b"\r\n" + octets).replace(b"\r\n.", b"\r\n..")[2:]
    return dotted + b".\r\n"
