"""A web server that answers each path with the octets of a test, and keeps what it was asked."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field


@dataclass
class WebServer:
    """answers: whole replies by path; other paths are 404. asked: whole requests, in order. hanging: it takes
    connections, and says nothing."""

    answers: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    hanging: bool = False
    port: int = 0

    def says(self, path: str, body: bytes | str, *, content_type: str = "text/plain", more: str = "") -> None:
        """A reply with status 200. more: further header lines, each with its line end."""
        octets = body.encode() if isinstance(body, str) else body
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(octets)}\r\n{more}\r\n"
        )
        self.answers[path] = head.encode() + octets

    def leads(self, path: str, location: str, status: int = 302) -> None:
        """A redirection."""
        head = f"HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        self.answers[path] = head.encode()

    def url(self, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
        """Of `path` on this server."""
        return f"{scheme}://{host}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [request.split(" ")[1] for request in self.asked]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(request)
            if self.hanging:
                await reader.read()
            missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
            writer.write(self.answers.get(request.split(" ")[1], missing))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # whoever asked has heard enough
        finally:
            writer.close()


@asynccontextmanager
async def web_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[WebServer]:
    """A server on a free port of 127.0.0.1."""
    server = WebServer()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()


@contextmanager
def serving(**texts: str) -> Iterator[WebServer]:
    """A server in a thread of its own, with these texts by path, for tests of what has a loop of its own."""
    found: list[WebServer] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()

    async def serve() -> None:
        async with web_server() as server:
            for path, text in texts.items():
                server.says(f"/{path}", text)
            found.append(server)
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(5)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(5)
        loop.close()
