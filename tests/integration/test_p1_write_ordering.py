"""P1: what a 250 and what a MAIL stand on, read from the system calls of a real server."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from support.exchange import KeepingRelay, codes, message, post
from support.lmtp import LmtpClient
from support.server import wait_until
from support.system_calls import TRACED, Call, Findings, check, parse
from support.wrapped import WrappedServer

_LISTS = ("ant@example.com", "bee@example.com", "cat@example.com")
_ALONE, _CONNECTIONS, _EACH = 2, 6, 4
_ENTRIES = _ALONE + _CONNECTIONS * _EACH + len(_LISTS)


class TracedServer(WrappedServer):
    """A server that is watched (`-D`: the process is the server, and strace hangs on it)."""

    def __init__(self, directory: Path, *, smtp_port: int) -> None:
        strace = ["strace", "-D", "-f", "--seccomp-bpf", "-y", "-ttt", "-s", "8192", "-e", f"trace={TRACED}"]
        super().__init__(directory, prefix=[*strace, "-o", str(directory / "calls")], smtp_port=smtp_port)

    @property
    def trace(self) -> Path:
        """What strace writes."""
        return self.directory / "calls"

    def finished_trace(self) -> list[str]:
        """Stops the server; the log once strace has seen it end."""
        pid = self.pid
        assert self.stop() == 0

        def ended() -> bool:
            last = self.trace.read_text("utf-8").splitlines()[-1]
            return last.startswith(f"{pid} ") and "+++ exited with 0 +++" in last

        wait_until(ended)
        return self.trace.read_text("utf-8").splitlines()


class Recorded(NamedTuple):
    """The calls of a server, and the spool they are about."""

    calls: list[Call]
    queue_dir: str

    def findings(self, calls: list[Call] | None = None) -> Findings:
        """What the checker says of them, or of `calls` in their place."""
        return check(self.calls if calls is None else calls, self.queue_dir)

    def is_sync(self, call: Call, path: str) -> bool:
        """Whether it is a sync of something whose path below the spool begins with `path`."""
        return call.name == "fsync" and call.file.startswith(f"{self.queue_dir}/{path}")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    """Posts one after the other, several at once over several connections, and one to several lists."""
    with (
        KeepingRelay() as relay,
        TracedServer(tmp_path_factory.mktemp("traced"), smtp_port=relay.port) as server,
    ):
        for address in _LISTS:
            server.make_list(address, ["anne@example.com", "bo@example.net"])
        server.start()
        for number in range(_ALONE):
            assert codes(post(server.lmtp_port, message(f"alone-{number}"))) == [250]
        asyncio.run(_many(server.lmtp_port))
        assert codes(post(server.lmtp_port, message("to-all"), *_LISTS)) == [250] * len(_LISTS)
        relay.wait_copies(2 * _ENTRIES)
        server.wait_drained()
        yield Recorded(parse(server.finished_trace()), server.settings.paths.queue_dir)


async def _many(port: int) -> None:
    async def one(number: int) -> None:
        async with await LmtpClient.tcp("127.0.0.1", port) as client:
            await client.lhlo()
            for turn in range(_EACH):
                octets = message(f"many-{number}-{turn}")
                assert codes(await client.send("anne@example.com", _LISTS[:1], octets)) == [250]

    async with asyncio.TaskGroup() as group:
        for number in range(_CONNECTIONS):
            group.create_task(one(number))


def test_p1_every_250_and_every_mail_stands_on_finished_syncs(recorded: Recorded) -> None:
    findings = recorded.findings()
    assert not findings.faults
    assert len(findings.acknowledged) == len(set(findings.acknowledged)) == _ENTRIES
    assert sorted(findings.sent) == sorted(f"{name}.o" for name in findings.acknowledged)


def test_p1_posts_that_came_together_shared_syncs(recorded: Recorded) -> None:
    """The order above is the interesting one: a sync of in/ serves several renames and unlinks here."""
    syncs = [call for call in recorded.calls if recorded.is_sync(call, "in")]
    assert len(syncs) < 2 * _ENTRIES


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("in", "no sync of in/ that began after the rename"),
        ("in", "no sync of in/ that began after the unlink"),
        ("tmp/s-", "the file was not synced"),
    ],
)
def test_p1_the_check_sees_syncs_that_are_left_out(recorded: Recorded, path: str, missing: str) -> None:
    findings = recorded.findings([call for call in recorded.calls if not recorded.is_sync(call, path)])
    assert sum(missing in fault for fault in findings.faults) == _ENTRIES


@pytest.mark.parametrize("path", ["in", "tmp/s-"])
def test_p1_the_check_sees_syncs_that_failed(recorded: Recorded, path: str) -> None:
    calls = [
        replace(call, result="-1 EIO (Input/output error)") if recorded.is_sync(call, path) else call
        for call in recorded.calls
    ]
    assert len(recorded.findings(calls).faults) >= _ENTRIES


def test_p1_the_check_sees_one_sync_that_is_left_out(recorded: Recorded) -> None:
    name = recorded.findings().acknowledged[0]
    calls = [call for call in recorded.calls if not recorded.is_sync(call, f"tmp/s-{name}")]
    assert recorded.findings(calls).faults[0] == (
        f"250 for {name}: the file was not synced after its last write"
    )


def test_p1_the_check_sees_a_sync_that_began_before_the_rename(recorded: Recorded) -> None:
    """The first post was alone: no other sync of in/ helps it."""
    name = recorded.findings().acknowledged[0]
    rename = next(
        call for call in recorded.calls if call.name.startswith("rename") and name in call.arguments
    )
    sync = next(call for call in recorded.calls if call.began > rename.began and recorded.is_sync(call, "in"))
    early = replace(sync, began=rename.began - 1)
    calls = [early if call is sync else call for call in recorded.calls]
    assert recorded.findings(calls).faults == [
        f"250 for {name}: no sync of in/ that began after the rename has returned"
    ]


def test_p1_the_check_sees_a_sync_that_returned_behind_the_250(recorded: Recorded) -> None:
    name = recorded.findings().acknowledged[0]
    sent = next(call for call in recorded.calls if f"queued as {name}" in call.arguments)
    calls = [
        replace(call, ended=max(call.ended, sent.began + 1))
        if recorded.is_sync(call, "in") and call.began < sent.began
        else call
        for call in recorded.calls
    ]
    assert recorded.findings(calls).faults == [
        f"250 for {name}: no sync of in/ that began after the rename has returned"
    ]
