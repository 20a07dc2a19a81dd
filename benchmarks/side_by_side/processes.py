"""What a process and all that it started take: processor time, memory; and how they are ended."""

import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

_TICK: Final = os.sysconf("SC_CLK_TCK")
_PSS: Final = re.compile(r"^Pss:\s+(\d+)", re.MULTILINE)
_RSS: Final = re.compile(r"^VmRSS:\s+(\d+)", re.MULTILINE)
_SAMPLE_S: Final = 1.0
_STOP_S: Final = 30.0


@dataclass(frozen=True)
class Memory:
    """MiB. pss: pages that several processes share count in parts; rss: in each of them."""

    pss: float
    rss: float


def tree(root: int) -> list[int]:
    """The process `root` and all that descend from it, while they live."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (words := _stat(int(entry))):
            children.setdefault(int(words[1]), []).append(int(entry))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def processor_s(root: int) -> float:
    """Seconds of processor, user and kernel, of the tree: of those who live, and of those they waited for.
    The former exact, the latter in hundredths."""
    return sum(_own_processor_s(pid) + _children_processor_s(pid) for pid in tree(root))


def _own_processor_s(pid: int) -> float:
    """By the clock that clock_getcpuclockid(3) names, whose number is made so in the kernel's interface."""
    with suppress(OSError):
        return time.clock_gettime((~pid << 3) | 2)
    return 0.0


def _children_processor_s(pid: int) -> float:
    return sum(int(word) for word in _stat(pid)[13:15]) / _TICK


def memory(pids: Iterable[int]) -> Memory:
    """Of these processes together; who is gone counts nothing."""
    pss = rss = 0
    for pid in pids:
        with suppress(OSError):
            shared = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8"))
            whole = _RSS.search(Path(f"/proc/{pid}/status").read_text("utf-8"))
            pss += int(shared[1]) if shared else 0
            rss += int(whole[1]) if whole else 0
    return Memory(pss / 1024, rss / 1024)


def command_line(pid: int) -> str:
    """Empty if it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    return ""


def _stat(pid: int) -> list[str]:
    """The fields behind the name, of which the first is the state; nothing if it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    return []


@dataclass
class Peak:
    """The most memory that a tree had while `watched`, looked at once a second and at the end."""

    root: int
    found: Memory = field(default_factory=lambda: Memory(0, 0))
    _over: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        now = memory(tree(self.root))
        self.found = Memory(max(self.found.pss, now.pss), max(self.found.rss, now.rss))

    def _watch(self) -> None:
        while not self._over.wait(_SAMPLE_S):
            self.look()

    @contextmanager
    def watched(self) -> Iterator[Self]:
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join()
            self.look()


def end_tree(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM to the first, which is to end the others; after half a minute SIGKILL to all that are left."""
    members = tree(process.pid)
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_S)
    if process.poll() is None:
        members = tree(process.pid)
    # Numbers of processes come back only after all others were used, so these are still the same ones.
    until = time.monotonic() + (5 if process.poll() is not None else 0)
    while time.monotonic() < until and any(_stat(pid) for pid in members):
        time.sleep(0.02)
    for pid in members:
        if _stat(pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    process.wait()


def free_port() -> int:
    """One of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def greets(port: int) -> bool:
    """Whether somebody answers there as LMTP servers do."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as peer:
            peer.settimeout(5)
            return peer.recv(100).startswith(b"220")
    except OSError:
        return False
