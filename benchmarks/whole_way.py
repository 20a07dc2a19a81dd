"""The whole way of a post: LMTP in, rules, handlers, SMTP out to a fast counting sink.

    .venv/bin/python benchmarks/whole_way.py [--posts 300] [--members 10] [--connections 8]
        [--large 100000] [--everything] [--profile FILE]

--everything: every rule on, header matches, a header and a footer of the list's own, a prefix; no topics.
--large: one post to so many members, and what others wait for their 250 meanwhile; this alone.
Prints posts/s, processor time and fsyncs per post, LMTP latency and memory. Nothing is asserted."""

import argparse
import asyncio
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "benchmarks"))

from load import EVERYTHING, Load, make_list, post_octets, write_texts  # noqa: E402
from mlcore.config.loader import load  # noqa: E402
from mlcore.lists.model import Member  # noqa: E402
from mlcore.server.control import ask  # noqa: E402
from mlcore.store import members  # noqa: E402
from mlcore.store.engine import open_sync  # noqa: E402

_FEW, _MANY = 10, 100_000
_PAUSE_S = 0.02
TICK = os.sysconf("SC_CLK_TCK")
EVERYTHING_CONFIG = "[antispam]\nheader_checks:\n  X-Virus-Status: infected\n  X-Spam-Flag: ^yes\n"
"""And `hold_digest`, which stands in [mailman]."""


@dataclass(frozen=True)
class Scene:
    """One measurement. posts to lists of `members` each, over `connections` at once."""

    name: str
    posts: int
    members: int
    connections: int
    lists: int = 1
    size: int = 4096


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=0)
    parser.add_argument("--members", type=int, default=10)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--profile", default="", help="cProfile of the server into this file")
    parser.add_argument("--idle", type=float, default=10.0, help="seconds to watch the idle server")
    parser.add_argument("--large", type=int, default=0, help="a post to so many, and others meanwhile")
    parser.add_argument("--everything", action="store_true", help="every rule on, header, footer, prefix")
    parser.add_argument("--verp", action="store_true", help="a sender of its own for each recipient")
    parser.add_argument("--size", type=int, default=4096, help="octets of a post")
    options = parser.parse_args()
    scenes = []
    if options.posts:
        scenes = [Scene("as asked", options.posts, options.members, options.connections, size=options.size)]
    elif not options.large:
        scenes = [
            Scene("10 members, 300 posts", 300, 10, 4),
            Scene("10 members, 1,000 posts", 1000, 10, 12),
            Scene("burst of 1,000 posts, 10 members", 1000, 10, 32),
            Scene("one post at a time", 100, 10, 1),
            Scene("20 posts to 1,000 members", 20, 1000, 4),
        ]
    print(f"this processor, now: {calibrate():.2f} s for ten million additions in Python")
    for scene in scenes:
        with tempfile.TemporaryDirectory(prefix="mlcore-bench-", dir=os.environ.get("BENCH_DIR")) as place:
            asyncio.run(measure(scene, Path(place), options))
    if options.large or not options.posts:
        with tempfile.TemporaryDirectory(prefix="mlcore-bench-", dir=os.environ.get("BENCH_DIR")) as place:
            asyncio.run(beside_a_large_one(options.large or _MANY, Path(place), options))


@dataclass(frozen=True)
class Serving:
    """A server under measurement. names: posting addresses; log: of the sink, where its copies stand."""

    pid: int
    port: int
    control: str
    names: list[str]
    log: Path

    def asked(self) -> dict[str, Any]:
        """What it says of itself."""
        return ask(self.control, {"do": "status"})


@asynccontextmanager
async def serving(place: Path, options: argparse.Namespace, counts: Sequence[int]) -> AsyncIterator[Serving]:
    """counts: members of each list."""
    log = place / "sink.log"
    sink = subprocess.Popen(
        [sys.executable, str(ROOT / "benchmarks" / "sink.py"), "--port", "0", "--log", str(log)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert sink.stdout is not None
    sink_port = int(sink.stdout.readline().split()[1])
    config = place / "mlcore.cfg"
    config.write_text(
        f"[mailman]\nsite_owner: owner@example.net\nlayout: bench\n"
        f"hold_digest: {'yes' if options.everything else 'no'}\n[paths.bench]\nvar_dir: {place}/var\n"
        f"[mta]\nsmtp_host: 127.0.0.1\nsmtp_port: {sink_port}\nlmtp_port: 0\n"
        f"[logging.root]\npath: mlcore.log\n" + (EVERYTHING_CONFIG if options.everything else "")
    )
    settings = load(str(config))
    names = make_list(settings, counts[0], len(counts), **(EVERYTHING if options.everything else {}))
    with open_sync(settings.database.url) as connection:
        for name, count in zip(names, counts, strict=True):
            if count != counts[0]:
                people = [
                    Member(address=f"other{i}@site{i % 7}.example.net") for i in range(count - counts[0])
                ]
                members.add_many(connection, name.replace("@", "."), people, time.time())
    if options.everything:
        write_texts(settings)
    command = [sys.executable, *(["-m", "cProfile", "-o", options.profile] if options.profile else [])]
    command.append(str(Path(sys.executable).with_name("mlcore")))
    server = subprocess.Popen([*command, "-C", str(config), "start", "--foreground"])
    try:
        status = await ready(settings.paths.control_socket)
        port = int(status["lmtp"][0].rpartition(":")[2])
        await asyncio.sleep(1)
        yield Serving(server.pid, port, settings.paths.control_socket, names, log)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)
        sink.terminate()
        sink.wait(10)


async def measure(scene: Scene, place: Path, options: argparse.Namespace) -> None:
    async with serving(place, options, [scene.members] * scene.lists) as server:
        names = server.names
        idle_cpu = cpu(server.pid)
        await asyncio.sleep(options.idle)
        idle_share = (cpu(server.pid) - idle_cpu) / max(options.idle, 0.001) * 100
        idle_memory = memory(server.pid)
        posts = [post_octets(name, number, scene.size) for number in range(scene.posts) for name in names[:1]]
        parts_before = cpu_parts(server.pid)
        before = server.asked()
        begun = time.perf_counter()
        load_run = Load(server.port, scene.connections)
        latencies = await load_run.send([(names[i % len(names)], posts[i]) for i in range(scene.posts)])
        accepted = time.perf_counter() - begun
        await drained(server.log, scene.posts * scene.members)
        took = time.perf_counter() - begun
        await asyncio.sleep(0.3)
        after = server.asked()
        user, system = (
            (now - then) / scene.posts * 1000
            for now, then in zip(cpu_parts(server.pid), parts_before, strict=True)
        )
        per_post = user + system
        print(f"{scene.name} ({scene.connections} LMTP connections, {scene.size} octets)")
        print(
            f"  {scene.posts / took:8.0f} posts/s to all members; accepted at {scene.posts / accepted:.0f}/s"
        )
        print(
            f"  {per_post:8.2f} ms processor time a post (user {user:.2f}, kernel {system:.2f}); "
            f"{per_post / scene.members:.3f} ms a recipient"
        )
        syncs, commits = ((after[key] - before[key]) / scene.posts for key in ("fsyncs", "commits"))
        print(f"  {syncs + commits:8.2f} fsyncs a post (spool {syncs:.2f}, database {commits:.2f})")
        print(
            f"  {statistics.median(latencies) * 1000:8.2f} ms LMTP latency (median), "
            f"{sorted(latencies)[int(len(latencies) * 0.99)] * 1000:.2f} ms (99 %)"
        )
        print(
            f"  {memory(server.pid):8.0f} MiB resident after, {idle_memory:.0f} MiB idle; "
            f"idle {idle_share:.2f} % of a core",
            flush=True,
        )


async def beside_a_large_one(count: int, place: Path, options: argparse.Namespace) -> None:
    """How long others wait for their 250 while one post goes to `count` members."""
    async with serving(place, options, [_FEW, count]) as server:
        small, large = server.names
        begun = time.perf_counter()
        client = Load(server.port, 1)
        await client.send([(large, post_octets(large, 0, 4096))])
        watch = asyncio.create_task(drained(server.log, count))
        latencies: list[float] = []
        while not watch.done():
            latencies += await client.send([(small, post_octets(small, len(latencies) + 1, 4096))])
            await asyncio.sleep(_PAUSE_S)
        await watch
        await drained(server.log, count + _FEW * len(latencies))  # theirs were counted too
        took = time.perf_counter() - begun
        print(f"one post to {count:,} members, and others to {_FEW} meanwhile")
        print(f"  {took:8.1f} s until all have it ({count / took:,.0f} copies/s)")
        print(
            f"  {statistics.median(latencies) * 1000:8.2f} ms LMTP latency (median of {len(latencies)}), "
            f"{max(latencies) * 1000:.0f} ms at most"
        )
        print(f"  {memory(server.pid, 'VmHWM'):8.0f} MiB resident at most", flush=True)


async def ready(path: str) -> dict[str, list[str]]:
    for _ in range(200):
        try:
            return ask(path, {"do": "status"})
        except Exception:  # noqa: BLE001  (it is not there yet)
            await asyncio.sleep(0.05)
    raise SystemExit("the server did not start")


async def drained(log: Path, copies: int) -> None:
    """Until the sink has taken that many copies; gives up after two minutes."""
    seen, position, rest = 0, 0, b""
    for _ in range(12_000):
        with log.open("rb") as file:
            file.seek(position)
            octets = file.read()
        position += len(octets)
        lines = (rest + octets).split(b"\n")
        rest = lines.pop()
        seen += sum(len(json.loads(line)["recipients"]) for line in lines if line)
        if seen >= copies:
            return
        await asyncio.sleep(0.01)
    raise SystemExit(f"only {seen} of {copies} copies arrived")


def calibrate() -> float:
    """Shared hosts change their speed by the minute: a figure without this one says little."""
    begun, total = time.process_time(), 0
    for number in range(10_000_000):
        total += number
    return time.process_time() - begun


def cpu_parts(pid: int) -> tuple[float, float]:
    """Seconds in user mode and in the kernel, of all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) / TICK, int(fields[12]) / TICK


def cpu(pid: int) -> float:
    return sum(cpu_parts(pid))


def memory(pid: int, which: str = "VmRSS") -> float:
    """Resident now (VmRSS), or at most so far (VmHWM), in MiB."""
    found = re.search(rf"{which}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    main()
