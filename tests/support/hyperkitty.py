"""HyperKitty as archivers see it: HTTP on a port of 127.0.0.1, with faults on request."""

import asyncio
import contextlib
import email
import email.policy
import json
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Final, Literal

Fault = Literal[
    "401", "403", "404", "429", "400", "bad host", "500", "302", "other page", "hang", "drop", "slow"
]
KEY: Final = "SecretArchiverAPIKey"
_PAGES: Final = {
    "401": ("401 Unauthorized", "<html>No key</html>"),
    "403": ("403 Forbidden", "<html>Not from here</html>"),
    "404": ("404 Not Found", "<html>Nothing here</html>"),
    "429": ("429 Too Many Requests", ""),
    "400": ("400 Bad Request", json.dumps({"error": "Could not find\r\nthe Message-Id header"})),
    "bad host": ("400 Bad Request", "<h1>Bad Request (400)</h1>"),
    "500": ("500 Internal Server Error", "<html>Settings are missing</html>"),
    "302": ("302 Found\r\nLocation: http://127.0.0.1:1/", ""),
    "other page": ("200 OK", "<html>It works!</html>"),
}


@dataclass
class HyperKittyServer:
    """kept: what it has, by list and Message-ID without brackets, as it came; asked: how often it was given
    something; faults: for the next requests, in order; fault: for all others; slow_s: how long `slow`
    takes."""

    key: str = KEY
    mount: str = "/archives"
    faults: deque[Fault] = field(default_factory=deque)
    fault: Fault | None = None
    slow_s: float = 0.05
    kept: dict[tuple[str, str], bytes] = field(default_factory=dict)
    asked: int = 0
    most_at_once: int = 0
    port: int = 0
    _now: int = 0

    @property
    def base_url(self) -> str:
        """Where it is mounted, with the slash at the end."""
        return f"http://127.0.0.1:{self.port}{self.mount}/"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Requests on one connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                self.asked += 1
                self._now += 1
                self.most_at_once = max(self.most_at_once, self._now)
                try:
                    if not await self._request(head, reader, writer):
                        break
                finally:
                    self._now -= 1
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever asked has heard enough
        finally:
            writer.close()

    async def _request(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection goes on."""
        line, _, rest = head.partition("\r\n")
        fields = email.message_from_string(rest, policy=email.policy.HTTP)
        body = await reader.readexactly(int(str(fields.get("content-length", "0"))))
        fault = self.faults.popleft() if self.faults else self.fault
        if fault == "hang":
            await reader.read()
            return False
        if fault == "drop":
            return False
        if fault == "slow":
            await asyncio.sleep(self.slow_s)
        if fault in _PAGES:
            status, page = _PAGES[fault]
        elif str(fields.get("authorization")) != f"Token {self.key}":
            status, page = _PAGES["401"]
        elif not line.startswith(f"POST {self.mount}/api/mailman/archive "):
            status, page = _PAGES["404"]
        else:
            status, page = self._keep(str(fields["content-type"]), body)
        octets = page.encode()
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(octets)}\r\n\r\n".encode() + octets)
        await writer.drain()
        return True

    def _keep(self, content_type: str, body: bytes) -> tuple[str, str]:
        """The answer to a form with a list and a message."""
        form = email.message_from_bytes(
            f"Content-Type: {content_type}\r\n\r\n".encode() + body, policy=email.policy.HTTP
        )
        boundary = form.get_boundary() or ""
        octets: dict[str, bytes] = {}
        for part in body.split(f"--{boundary}".encode())[1:-1]:
            head, _, value = part.partition(b"\r\n\r\n")
            name = head.split(b'name="')[1].split(b'"')[0].decode()
            octets[name] = value.removesuffix(b"\r\n")
        if "message" not in octets:
            return "400 Bad Request", "no file"
        message = email.message_from_bytes(octets["message"], policy=email.policy.compat32)
        identification = str(message["message-id"] or "").strip("<> ")
        if not identification:
            return _PAGES["400"]
        self.kept.setdefault((octets["mlist"].decode(), identification), octets["message"])
        return "200 OK", json.dumps({"url": f"https://lists.example.com/archives/{identification}"})


@asynccontextmanager
async def hyperkitty() -> AsyncIterator[HyperKittyServer]:
    """A server in the loop of the test."""
    server = HyperKittyServer()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()


@contextmanager
def serving() -> Iterator[HyperKittyServer]:
    """A server in a thread of its own, for tests with processes."""
    found: list[HyperKittyServer] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()

    async def serve() -> None:
        async with hyperkitty() as server:
            found.append(server)
            ready.set()
            await ended.wait()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(5)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(5)
        loop.close()
