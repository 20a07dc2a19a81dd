"""Running postmap, and programs that are none."""

import asyncio
import os
import socket
import time
from pathlib import Path

import pytest

from mlcore.postfix.postmap import Postmap, PostmapFailed

POSTMAP = "/usr/sbin/postmap"


def _program(directory: Path, script: str) -> str:
    path = directory / "program"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(("map_type", "suffix"), [("hash", ".db"), ("btree", ".db"), ("lmdb", ".lmdb")])
async def test_a_database_is_made_that_can_be_read_by_whom_the_text_can(
    tmp_path: Path, map_type: str, suffix: str
) -> None:
    path = tmp_path / "map.new"
    path.write_text("ant@example.com lmtp:x\n")
    path.chmod(0o644)
    postmap = Postmap(command=POSTMAP, map_type=map_type)
    assert postmap.suffix == suffix
    old = os.umask(0o077)
    try:
        await postmap.make(str(path))
    finally:
        os.umask(old)
    made = os.stat(f"{path}{suffix}")
    assert made.st_size > 0
    assert made.st_mode & 0o777 == 0o644


@pytest.mark.parametrize("map_type", ["regexp", "texthash", "none"])
def test_some_types_have_no_database(map_type: str) -> None:
    assert Postmap(command=POSTMAP, map_type=map_type).suffix == ""


async def test_a_missing_program_is_named() -> None:
    with pytest.raises(PostmapFailed, match=r"/no/such/postmap: No such file"):
        await Postmap(command="/no/such/postmap", map_type="hash").make("/tmp/x")


async def test_what_a_failing_program_says_is_passed_on(tmp_path: Path) -> None:
    program = _program(tmp_path, "echo one; echo 'no room' >&2; exit 75")
    with pytest.raises(PostmapFailed, match=r"status 75: one\nno room"):
        await Postmap(command=program, map_type="hash").make("/tmp/x")


async def test_nothing_in_a_path_is_for_a_shell(tmp_path: Path) -> None:
    program = _program(tmp_path, 'printf "%s|" "$@"; exit 1')
    with pytest.raises(PostmapFailed, match=r"hash:/tmp/\$\(id\) ; x\|$"):
        await Postmap(command=program, map_type="hash").make("/tmp/$(id) ; x")


async def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    program = _program(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 60")
    with pytest.raises(PostmapFailed, match="did not end within"):
        await Postmap(command=program, map_type="hash", timeout_s=0.5).make("/tmp/x")
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_whoever_is_cancelled_takes_it_along(tmp_path: Path) -> None:
    program = _program(
        tmp_path, f"echo $$ > {tmp_path}/pid.new; mv {tmp_path}/pid.new {tmp_path}/pid; exec sleep 60"
    )
    task = asyncio.create_task(Postmap(command=program, map_type="hash").make("/tmp/x"))
    limit = time.monotonic() + 5
    while not (tmp_path / "pid").exists():
        assert time.monotonic() < limit
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


async def test_it_inherits_no_descriptor_and_no_word_of_the_service_manager(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of an LMTP socket in a child would take connections that nobody serves."""
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/nobody")
    said = tmp_path / "said"
    script = f'ls -l /proc/self/fd > {said}; echo "$NOTIFY_SOCKET" >> {said}'
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.set_inheritable(True)
        await Postmap(command=_program(tmp_path, script), map_type="hash").make(str(tmp_path / "map"))
    text = said.read_text()
    assert "socket:" not in text
    assert "/run/nobody" not in text
