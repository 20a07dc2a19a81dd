"""A log of strace as values, and what P1 asks of the order in it.

Expects `strace -f -y -ttt -s N -o FILE`, with N above the size of the messages. A call has begun where its
line, or the line that ends in `<unfinished ...>`, stands, and has ended where its result stands. strace
sees a call end before the thread that made it goes on, so the order of the lines is one in which nothing
can have been caused by what stands behind it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

TRACED: Final = (
    "openat,write,writev,pwrite64,pwritev,fsync,fdatasync,rename,renameat,renameat2,link,linkat,"
    "unlink,unlinkat,sendto,sendmsg"
)
"""For `-e trace=`: what changes files, makes them durable, or speaks to a peer."""

_LINE: Final = re.compile(r"(\d+) +\d+\.\d+ (.*)\Z")
_RESUMED: Final = re.compile(r"<\.\.\. (\w+) resumed>(.*)\Z")
_CALL: Final = re.compile(r"(\w+)\((.*)\) += (.+)\Z")
_HANDLE: Final = re.compile(r"(\d+)<([^>]*)>")
_TWO_NAMES: Final = re.compile(
    r'(?:\d+<([^>]*)>|AT_FDCWD\S*), "([^"]*)", (?:\d+<([^>]*)>|AT_FDCWD\S*), "([^"]*)"'
)
_ONE_NAME: Final = re.compile(r'\d+<([^>]*)>, "([^"]*)"')
_QUEUED: Final = re.compile(r"250 2\.0\.0 Ok: queued as ([0-9a-f-]+)")
_TOKEN: Final = re.compile(r"Message-ID: <([^>]+)>", re.IGNORECASE)
_SENDER: Final = re.compile(r'(?:MAIL FROM:<|reverse_path\\":\\")([^>\\]*)')
_WRITES: Final = frozenset({"write", "writev", "pwrite64", "pwritev"})
_SYNCS: Final = frozenset({"fsync", "fdatasync"})
_SENDS: Final = frozenset({"sendto", "sendmsg", "write", "writev"})


@dataclass(frozen=True, slots=True)
class Call:
    """One system call. began, ended: line numbers; result: what stands behind `=`."""

    began: int
    ended: int
    name: str
    arguments: str
    result: str

    @property
    def worked(self) -> bool:
        """Whether it returned what it returns without an error."""
        return not self.result.startswith(("-1", "?"))

    @property
    def file(self) -> str:
        """Path (or `socket:[…]`) behind the descriptor in the first argument; empty if there is none."""
        found = _HANDLE.match(self.arguments)
        return found[2] if found else ""


def parse(lines: Iterable[str]) -> list[Call]:
    """Every finished call, in order of its beginning. Signals and exits are left out."""
    calls: list[Call] = []
    begun: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(lines):
        found = _LINE.match(line.rstrip("\n"))
        if found is None:
            continue
        thread, text = found.groups()
        began = number
        if text.endswith("<unfinished ...>"):
            begun[thread] = number, text.removesuffix("<unfinished ...>").rstrip()
            continue
        resumed = _RESUMED.match(text)
        if resumed is not None:
            if thread not in begun:
                continue
            began, first = begun.pop(thread)
            text = first + resumed[2]
        call = _CALL.match(text)
        if call is not None:
            calls.append(Call(began, number, call[1], call[2], call[3]))
    return sorted(calls, key=lambda call: call.began)


@dataclass(slots=True)
class Findings:
    """What was looked at, and what was out of order (empty: nothing)."""

    acknowledged: list[str] = field(default_factory=list)
    """Name of the entry, for each 250 behind a final dot."""
    sent: list[str] = field(default_factory=list)
    """Name of the entry in out/, for each MAIL to the relay."""
    faults: list[str] = field(default_factory=list)


def check(calls: Sequence[Call], queue_dir: str) -> Findings:
    """Every acknowledgement and every MAIL of a server over `queue_dir`, against what was durable by then."""
    order = _Order(calls, queue_dir)
    findings = Findings()
    for call in calls:
        if call.name not in _SENDS or not call.file.startswith(("socket:", "TCP")):
            continue
        for name in _QUEUED.findall(call.arguments):
            findings.acknowledged.append(name)
            findings.faults += [f"250 for {name}: {fault}" for fault in order.accepted(name, call.began)]
        if '"MAIL FROM:' in call.arguments or "\\nMAIL FROM:" in call.arguments:
            child = order.child_behind(call)
            findings.sent.append(child)
            findings.faults += [f"MAIL for {child}: {fault}" for fault in order.awake(child, call.began)]
    return findings


class _Order:
    def __init__(self, calls: Sequence[Call], queue_dir: str) -> None:
        self._calls = calls
        self._root = queue_dir
        self._by_file: dict[str, list[Call]] = {}
        for call in calls:
            self._by_file.setdefault(call.file, []).append(call)
        self._child_of = dict(self._children())

    def _children(self) -> Iterator[tuple[tuple[str, str], str]]:
        """Reverse path, Message-ID and name of every entry that was written for out/."""
        for path, calls in self._by_file.items():
            if path.startswith(f"{self._root}/tmp/s-") and path.endswith(".o"):
                text = " ".join(call.arguments for call in calls)
                sender, token = _SENDER.search(text), _TOKEN.search(text)
                if sender is not None and token is not None:
                    yield (sender[1], token[1]), path.removeprefix(f"{self._root}/tmp/s-")

    def child_behind(self, mail: Call) -> str:
        """The entry that a MAIL belongs to: by its sender, and the content that follows on its connection."""
        sender = _SENDER.search(mail.arguments)
        for call in self._by_file[mail.file]:
            token = _TOKEN.search(call.arguments) if call.began >= mail.began else None
            if sender is not None and token is not None:
                return self._child_of.get((sender[1], token[1]), f"unknown {token[1]}")
        return "unknown"

    def accepted(self, name: str, before: int) -> list[str]:
        """What is missing of: file synced after its last write, then renamed, then in/ synced."""
        written = [call for call in self._writes(name) if call.ended < before]
        if not written:
            return ["nothing was written"]
        last = max(call.ended for call in written)
        synced = self._ended(f"{self._root}/tmp/s-{name}", last, before)
        if synced is None:
            return ["the file was not synced after its last write"]
        renamed = self._renamed(name, "in", synced, before)
        if renamed is None:
            return ["the file was not renamed into in/ after its sync"]
        if self._ended(f"{self._root}/in", renamed, before) is None:
            return ["no sync of in/ that began after the rename has returned"]
        return []

    def awake(self, child: str, before: int) -> list[str]:
        """What is missing of: parent unlinked, then in/ synced."""
        parent = child.rpartition(".")[0]
        gone = next(
            (
                call.ended
                for call in self._by_file.get(f"{self._root}/in", ())
                if call.name == "unlinkat" and call.worked and self._one(call) == ("in", parent)
            ),
            None,
        )
        if gone is None or gone >= before:
            return ["its parent was not unlinked before"]
        if self._ended(f"{self._root}/in", gone, before) is None:
            return ["no sync of in/ that began after the unlink of its parent has returned"]
        return []

    def _writes(self, name: str) -> list[Call]:
        calls = self._by_file.get(f"{self._root}/tmp/s-{name}", ())
        return [call for call in calls if call.name in _WRITES]

    def _ended(self, path: str, after: int, before: int) -> int | None:
        """Where a sync of `path` returned 0 ahead of `before`, the first that began behind `after`."""
        for call in self._by_file.get(path, ()):
            if call.name in _SYNCS and call.worked and call.began > after and call.ended < before:
                return call.ended
        return None

    def _renamed(self, name: str, queue: str, after: int, before: int) -> int | None:
        wanted = (f"{self._root}/tmp", f"s-{name}", f"{self._root}/{queue}", name)
        for call in self._by_file.get(f"{self._root}/tmp", ()):
            if not call.name.startswith("rename") or not call.worked or not after < call.began < before:
                continue
            names = _TWO_NAMES.match(call.arguments)
            if names is not None and names.groups() == wanted:
                return call.ended if call.ended < before else None
        return None

    def _one(self, call: Call) -> tuple[str, str]:
        names = _ONE_NAME.match(call.arguments)
        if names is None:
            return "", ""
        return names[1].removeprefix(f"{self._root}/"), names[2]
