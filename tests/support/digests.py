"""Posts on their way into digests, and digests as members have got them."""

import os
import re
import secrets
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from mlcore.base.clock import SystemClock
from mlcore.base.durable import Place, write_new
from mlcore.base.ids import IdMaker
from mlcore.mail.envelope import Rendered
from mlcore.spool.entry import NONCE_BYTES, Entry, encode
from support.server import RunningServer

_MARK = re.compile(rb"mark-[0-9]{4}")


def mark(number: int) -> str:
    """What stands in the body of post `number`, once."""
    return f"mark-{number:04d}"


def put(server: RunningServer, list_id: str, numbers: Iterable[int], *, size: int = 300) -> None:
    """Posts as the pipeline leaves them for digests, durable in digest/; `size` octets each. The server
    hears of them by a bell or when it starts."""
    ids = IdMaker(SystemClock())
    disk = server.open_disk()
    try:
        for number in numbers:
            octets = (
                f"From: anne@example.org\r\nTo: ant@example.com\r\nSubject: post {number}\r\n"
                f"Message-ID: <{number}@example.org>\r\nDate: Mon, 01 Jun 2026 12:00:00 +0000\r\n\r\n"
                f"{mark(number)}\r\n"
            ).encode()
            octets += b"." * 70 + b"\r\n"
            octets = octets.ljust(size, b".")
            envelope = Rendered(
                list_id=list_id,
                reverse_path="ant-bounces@example.com",
                message_id=f"<{number}@example.org>",
                arrived_at=SystemClock().time(),
                number=number,
            )
            name = f"{ids.new()}.d"
            pieces, _ = encode(Entry(envelope, ("digest",), octets), secrets.token_bytes(NONCE_BYTES))
            place = Place("tmp", f"c-{os.getpid()}-{name}")
            write_new(disk, place, pieces)
            disk.rename(place, Place("digest", name))
        disk.sync_directory("digest")
    finally:
        disk.shut()


def copies(server: RunningServer, address: str) -> list[bytes]:
    """The messages that the outbox has for an address, oldest first."""
    directory = Path(server.settings.paths.outbox_dir, address, "new")
    if not directory.is_dir():
        return []
    return [path.read_bytes() for path in sorted(directory.iterdir())]


def marks(messages: Iterable[bytes]) -> Counter[str]:
    """How often each mark stands in the messages."""
    return Counter(found.decode() for octets in messages for found in _MARK.findall(octets))
