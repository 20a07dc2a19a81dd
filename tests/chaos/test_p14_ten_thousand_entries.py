"""P14: a spool with 10,000 entries is served again within five seconds, and then worked off."""

import itertools
import os
import time
from collections import Counter
from pathlib import Path

from mlcore.base.clock import SystemClock
from mlcore.base.ids import IdMaker
from mlcore.mail.envelope import Arrived, Rendered
from mlcore.spool.entry import Entry, encode
from support.relay import Relay
from support.server import RunningServer
from support.traffic import post

ANT = "ant@example.com"
LIST_ID = "ant.example.com"
MEMBERS = ("anne@example.org", "bart@example.net")
COUNTS = {"in": 3_000, "out": 4_000, "retry": 3_000}


def test_p14_ready_in_five_seconds(tmp_path: Path) -> None:
    with Relay(tmp_path) as relay, RunningServer(tmp_path, smtp_port=relay.port) as server:
        server.make_list(ANT, MEMBERS)
        server.open_disk().shut()
        wanted = fill(Path(server.settings.paths.queue_dir))
        begun = time.monotonic()
        server.start()
        ready_s = time.monotonic() - begun
        inside_s = server.events("started")[-1]["start_s"]
        print(f"{len(wanted)} entries: ready after {ready_s:.2f} s, {inside_s} s of them inside")
        assert ready_s < 5
        server.wait_drained(120)
        drained_s = time.monotonic() - begun
        print(f"worked off after {drained_s:.1f} s: {len(wanted) / drained_s:.0f} entries a second")
        relay.barrier()
        copies = Counter((taken.message_id, to) for taken in relay.taken() for to in taken.recipients)
        assert copies == Counter((message_id, member) for message_id in wanted for member in MEMBERS)
        assert server.spool() == {}
        assert server.stop() == 0


def fill(queue_dir: Path) -> list[str]:
    """Writes the entries, as a server that is gone would have left them; their Message-IDs."""
    ids = IdMaker(SystemClock())
    numbers = itertools.count()
    message_ids = []
    for queue, count in COUNTS.items():
        for _ in range(count):
            message_ids.append(f"<{next(numbers)}@many.example>")
            name, entry = one(queue, ids.new(), message_ids[-1])
            pieces, _ = encode(entry, os.urandom(8))
            (queue_dir / queue / name).write_bytes(b"".join(pieces))
    return message_ids


def one(queue: str, root: str, message_id: str) -> tuple[str, Entry]:
    """Name and content of one entry for `queue`."""
    octets = post(message_id, ANT, MEMBERS[0], "tea", 200)
    if queue == "in":
        arrived = Arrived(list_id=LIST_ID, recipient=ANT, reverse_path=MEMBERS[0], arrived_at=time.time())
        return root, Entry(arrived, (), octets)
    rendered = Rendered(
        list_id=LIST_ID,
        reverse_path="ant-bounces@example.com",
        message_id=message_id,
        arrived_at=time.time(),
    )
    return f"{root}.o", Entry(rendered, MEMBERS, octets)
