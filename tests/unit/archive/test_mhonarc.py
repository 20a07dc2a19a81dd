"""A program that reads posts."""

import asyncio
import contextlib
import os
import sys
import time
from pathlib import Path

import pytest

from mlcore.archive.archiver import Unavailable
from mlcore.archive.mhonarc import Mhonarc
from mlcore.base.errors import BadInput
from support.archives import OCTETS, archived
from support.posts import policy
from support.workshop import until

LF = OCTETS.replace(b"\r\n", b"\n")


def program(directory: Path, text: str) -> str:
    """A command that runs Python code: `sys`, `os` and `time` are imported."""
    file = directory / "program.py"
    file.write_text(f"import os, sys, time\n{text}\n")
    return f"{sys.executable} -I {file}"


async def test_the_post_is_its_input_and_the_list_in_its_arguments(tmp_path: Path) -> None:
    command = program(
        tmp_path, "open(sys.argv[1], 'wb').write(repr(sys.argv[2:]).encode() + sys.stdin.buffer.read())"
    )
    archiver = Mhonarc(
        "mhonarc", f"{command} $archive_dir/out '$listname; rm -rf /' ${{list_name}} -add", str(tmp_path)
    )

    await archiver.archive(archived())
    await archiver.close()

    assert (tmp_path / "out").read_bytes() == b"['ant@example.com; rm -rf /', 'ant', '-add']" + LF


async def test_p9_the_name_of_a_list_is_neither_an_option_nor_a_path(tmp_path: Path) -> None:
    command = program(tmp_path, "open(sys.argv[1], 'w').write(sys.argv[2])")
    archiver = Mhonarc("mhonarc", f"{command} $archive_dir/out $list_name", str(tmp_path))
    await archiver.archive(archived(policy=policy(list_name="-x/../y")))
    assert (tmp_path / "out").read_text() == "%2Dx%2F..%2Fy"


async def test_it_ends_with_an_error(tmp_path: Path) -> None:
    command = program(tmp_path, "sys.stderr.write('x' * 5000 + ' no\\nroom'); sys.exit(3)")
    with pytest.raises(Unavailable, match=r"ended with status 3: x+ no room$") as caught:
        await Mhonarc("mhonarc", command, "/").archive(archived())
    assert len(str(caught.value)) < 400
    with pytest.raises(Unavailable, match=r"ended with status 4$"):
        await Mhonarc("mhonarc", program(tmp_path, "sys.exit(4)"), "/").archive(archived())


async def test_it_does_not_read_its_input(tmp_path: Path) -> None:
    await Mhonarc("mhonarc", "/bin/true", "/").archive(archived(octets=b"x" * 10_000_000))


@pytest.mark.parametrize("command", ["/no/such/program", "/etc", "/bin/\0"])
async def test_it_cannot_be_started(command: str) -> None:
    with pytest.raises(Unavailable):
        await Mhonarc("mhonarc", command, "/").archive(archived())


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


async def gone(pid: int) -> None:
    await until(lambda: not alive(pid))


SLEEPERS = """
child = os.fork()
if child:
    open(sys.argv[1] + '.new', 'w').write(f'{os.getpid()} {child}')
    os.rename(sys.argv[1] + '.new', sys.argv[1])
time.sleep(60)
"""


async def test_who_takes_too_long_is_ended_with_all_that_he_has_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    archiver = Mhonarc("mhonarc", f"{program(tmp_path, SLEEPERS)} {pids}", "/", timeout_s=1.0)
    with pytest.raises(Unavailable, match="did not end within 1 s"):
        await archiver.archive(archived())
    for pid in map(int, pids.read_text().split()):
        await gone(pid)


async def test_who_cancels_ends_the_program(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    archiver = Mhonarc("mhonarc", f"{program(tmp_path, SLEEPERS)} {pids}", "/")
    task = asyncio.create_task(archiver.archive(archived()))
    await until(pids.exists)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    for pid in map(int, pids.read_text().split()):
        await gone(pid)


async def test_what_stays_in_the_background_is_not_waited_for(tmp_path: Path) -> None:
    text = "import signal\nif os.fork() == 0:\n    signal.alarm(2)\n    time.sleep(30)\n    os._exit(0)"
    began = time.monotonic()
    await Mhonarc("mhonarc", program(tmp_path, text), "/", timeout_s=20.0).archive(archived())
    assert time.monotonic() - began < 10


async def test_what_stays_in_the_background_does_not_read_either(tmp_path: Path) -> None:
    text = "import signal\nif os.fork() == 0:\n    signal.alarm(2)\n    time.sleep(30)\n    os._exit(0)"
    archiver = Mhonarc("mhonarc", program(tmp_path, text), "/", timeout_s=5.0)
    await archiver.archive(archived(octets=b"x" * 10_000_000))


@pytest.mark.parametrize("command", ["", "   ", "a 'b"])
def test_a_command_that_cannot_be_read_is_refused(command: str) -> None:
    with pytest.raises(BadInput, match="archiver mhonarc"):
        Mhonarc("mhonarc", command, "/")
