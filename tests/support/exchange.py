"""Posts into a running server and the relay behind it, for tests that have no event loop of their own."""

import asyncio
import threading
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import fields
from typing import Any, Self, TypeVar

import msgspec
from sqlalchemy import select

from mlcore.mail.reply import Reply
from mlcore.store import lists
from mlcore.store.engine import open_sync
from mlcore.store.schema import delivery_failures
from support.lmtp import LmtpClient
from support.server import RunningServer, wait_until
from support.sink import Sink, SinkSettings, Taken

T = TypeVar("T")
PATIENCE_S = 20.0


class KeepingRelay:
    """A sink in a thread, which keeps all octets: it listens on `port` inside of `with`, but for the time
    between `close` and `open`. settings: `keep` is always on."""

    def __init__(self, settings: SinkSettings | None = None) -> None:
        self._settings = settings or SinkSettings()
        self.port = 0
        self._earlier: list[tuple[Taken, bytes]] = []
        self._sink: Sink | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def open(self, **changes: Any) -> None:
        """Listens, on the same port as before. changes: settings that are different from now on."""
        given = {field.name: getattr(self._settings, field.name) for field in fields(SinkSettings)}
        self._settings = SinkSettings(**(given | changes | {"keep": True}))
        sink = Sink(self._settings)
        self._run(sink.start(self.port))
        self.port = sink.port
        self._sink = sink

    def close(self) -> None:
        """Closes the port and every connection, as the end of its process would."""
        if self._sink is not None:
            self._run(self._sink.stop())
            self._earlier = self.transactions()
            self._sink = None

    def transactions(self) -> list[tuple[Taken, bytes]]:
        """Every transaction so far with its octets, in order."""
        sink = self._sink
        if sink is None:
            return self._earlier
        taken = list(sink.taken)
        return self._earlier + list(zip(taken, sink.contents[: len(taken)], strict=False))

    def accepted(self, part: bytes = b"") -> list[tuple[Taken, bytes]]:
        """Those that got 250 and whose message holds `part`."""
        return [
            (taken, octets)
            for taken, octets in self.transactions()
            if taken.outcome == "accepted" and part in octets
        ]

    def copies(self, part: bytes = b"") -> Counter[str]:
        """How many copies of messages that hold `part` each recipient got."""
        return Counter(recipient for taken, _ in self.accepted(part) for recipient in taken.recipients)

    def wait_copies(self, count: int, part: bytes = b"", timeout_s: float = PATIENCE_S) -> Counter[str]:
        """`copies`, once there are `count` of them."""
        wait_until(
            lambda: self.copies(part).total() >= count,
            timeout_s,
            lambda: f"{self.copies(part).total()} copies instead of {count}",
        )
        return self.copies(part)

    def begun(self) -> int:
        """How many MAIL commands it heard since it was opened last."""
        return self._sink.begun if self._sink else 0

    def mails(self) -> list[str]:
        """The MAIL commands heard since it was opened last."""
        return list(self._sink.mails) if self._sink else []

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)


def message(
    token: str,
    *,
    author: str = "anne@example.com",
    to: str = "ant@example.com",
    subject: str = "Tea",
    body: bytes = b"",
) -> bytes:
    """A post whose first line is `This is TOKEN.`; the token stands in its Message-ID too, without blanks."""
    return (
        f"From: {author}\r\nTo: {to}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{token.replace(' ', '-')}@example.com>\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
        f"\r\nThis is {token}.\r\n"
    ).encode() + body


def mark(token: str) -> bytes:
    """The first line of `message(token)`."""
    return f"This is {token}.".encode()


def post(
    port: int,
    octets: bytes,
    *recipients: str,
    sender: str = "anne@example.com",
    parameters: str = "",
) -> list[Reply]:
    """One transaction by LMTP, over a connection of its own. recipients: default `ant@example.com`."""

    async def talk() -> list[Reply]:
        async with await LmtpClient.tcp("127.0.0.1", port) as client:
            await client.lhlo()
            return await client.send(sender, recipients or ("ant@example.com",), octets, parameters)

    return asyncio.run(talk())


def codes(replies: Sequence[Reply]) -> list[int]:
    """The numbers alone."""
    return [reply.code for reply in replies]


def change_list(server: RunningServer, list_id: str, **settings: Any) -> None:
    """Other settings for a list, as an owner would change them beside a running server."""
    with open_sync(server.settings.database.url) as connection:
        policy = lists.get(connection, list_id)
        assert policy is not None
        lists.change(connection, msgspec.structs.replace(policy, **settings))


def failures(server: RunningServer) -> list[tuple[Any, ...]]:
    """What is written down of recipients that failed for good: address, code, enhanced, text, policy."""
    columns = delivery_failures.c
    wanted = select(columns.address, columns.code, columns.enhanced, columns.text, columns.policy)
    with open_sync(server.settings.database.url) as connection:
        return [tuple(row) for row in connection.execute(wanted.order_by(columns.address))]
