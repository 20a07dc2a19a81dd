"""A post to 100,000 members: all of them get it, the server stays small, and others need not wait for it."""

import asyncio
import itertools
import re
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from support.exchange import message
from support.lmtp import LmtpClient
from support.relay import Relay
from support.server import RunningServer, wait_until

LARGE, SMALL = "large@example.com", "small@example.com"
FEW = tuple(f"few-{number}@example.org" for number in range(5))
MEMORY_MIB = 150
LATENCY_MS = 250
"""Generous: tests run beside others on small machines. The aim is 50: see `benchmarks/whole_way.py`."""


_PAUSE_S = 0.02


class Seen(NamedTuple):
    """added_s: of the command; delivered_s: of the post; latencies_ms: of posts to others meanwhile;
    peak_mib: most memory the server ever had."""

    added_s: float
    delivered_s: float
    latencies_ms: list[float]
    peak_mib: float


SHARED: dict[str, object] = {}
EACH: dict[str, object] = {"verp_delivery_interval": 1}


@pytest.mark.parametrize(
    ("count", "mta"),
    [
        pytest.param(100_000, SHARED, id="shared"),
        pytest.param(20_000, EACH, id="each"),
        pytest.param(100_000, EACH, id="each of all", marks=pytest.mark.soak),
    ],
)
async def test_p5_p10_a_large_list(tmp_path: Path, count: int, mta: dict[str, object]) -> None:
    with (
        Relay(tmp_path) as relay,
        RunningServer(tmp_path, smtp_port=relay.port, config={"mta": mta}) as server,
    ):
        seen = await watch(relay, server, count)
        median = statistics.median(seen.latencies_ms)
        print(
            f"{count} members: added in {seen.added_s:.1f} s, post delivered in {seen.delivered_s:.1f} s; "
            f"meanwhile {len(seen.latencies_ms)} posts answered, median {median:.1f} ms, "
            f"longest {max(seen.latencies_ms):.0f} ms; peak {seen.peak_mib:.0f} MiB"
        )
        assert seen.peak_mib < MEMORY_MIB
        assert median <= LATENCY_MS
        copies = [recipient for taken in relay.taken() for recipient in taken.recipients]
        assert Counter(copies) == Counter(
            dict.fromkeys(addresses_of(count), 1) | dict.fromkeys(FEW, len(seen.latencies_ms))
        )
        assert server.stop() == 0
        assert server.spool() == {}


def addresses_of(count: int) -> list[str]:
    """So many members."""
    return [f"m{number}@d{number % 100}.example.net" for number in range(count)]


async def watch(relay: Relay, server: RunningServer, count: int) -> Seen:
    """One post to everybody, and posts to a few people until all have it."""
    server.make_list(SMALL, FEW)
    server.make_list(LARGE, ())
    addresses = addresses_of(count)
    begun = time.monotonic()
    done = server.mlcore("addmembers", "-W", "-", LARGE, stdin="\n".join(addresses).encode())
    added_s = time.monotonic() - begun
    assert done.returncode == 0, done.stderr
    server.start()
    queue_dir = Path(server.settings.paths.queue_dir)
    latencies = []
    async with await LmtpClient.tcp("127.0.0.1", server.lmtp_port) as client:
        await client.lhlo()
        begun = time.monotonic()
        octets = message("large", author=addresses[0], to=LARGE)
        assert [one.code for one in await client.send(addresses[0], (LARGE,), octets)] == [250]
        (root,) = _roots(queue_dir)
        for number in itertools.count():
            octets = message(f"small {number}", author=FEW[0], to=SMALL)
            sent = time.monotonic()
            assert [one.code for one in await client.send(FEW[0], (SMALL,), octets)] == [250]
            latencies.append((time.monotonic() - sent) * 1000)
            if root not in _roots(queue_dir):
                break
            await asyncio.sleep(_PAUSE_S)
    delivered_s = time.monotonic() - begun
    server.wait_drained()
    relay.barrier()
    wait_until(lambda: _copies(relay) >= count)
    return Seen(added_s, delivered_s, latencies, _peak_mib(server.pid))


def _roots(queue_dir: Path) -> set[str]:
    """The posts that are on their way."""
    return {
        path.name.partition(".")[0]
        for queue in ("in", "out", "retry")
        for path in (queue_dir / queue).iterdir()
    }


def _copies(relay: Relay) -> int:
    return sum(len(taken.recipients) for taken in relay.taken())


def _peak_mib(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024
