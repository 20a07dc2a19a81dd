"""The worker child: it answers, it tells what was raised, and it ends at its budget."""

import asyncio
import io
import resource
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mlcore import worker
from mlcore.base.errors import RemoteError
from mlcore.lists import styles, wire
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, RenderFacts, SiteFacts
from mlcore.lists.model import Recipient
from mlcore.lists.pipelines import NamedHandler
from mlcore.lists.stages import NOTHING_MORE, Extensions
from mlcore.runners.child import Child, WorkerKilled

ANT = styles.new_policy("legacy-default", "ant", "example.com")
SITE = SiteFacts(version="0", site_owner="root@example.com")
POST = b"From: anne@example.org\r\nSubject: tea\r\nMessage-ID: <1@example.org>\r\n\r\nAt four\r\n"
EXAMINE = wire.Examine(policy=ANT, site=SITE, reverse_path="", root="1")


def test_it_answers_until_the_input_ends() -> None:
    requests = io.BytesIO(wire.frame(EXAMINE, POST) * 2)
    replies = io.BytesIO()
    before = resource.getrlimit(resource.RLIMIT_CPU)
    try:
        worker.serve(requests, replies, NOTHING_MORE, 3_600)
    finally:
        resource.setrlimit(resource.RLIMIT_CPU, before)
    answered = replies.getvalue()
    line, octets = wire.lengths(answered[: wire.HEAD_OCTETS])
    assert isinstance(wire.reply(answered[wire.HEAD_OCTETS : wire.HEAD_OCTETS + line]), wire.WasExamined)
    assert answered == answered[: wire.HEAD_OCTETS + line + octets] * 2


def test_what_a_handler_raises_is_told() -> None:
    def handler(*_: object) -> Draft:
        raise KeyError("odd")

    facts = PostFacts(site=SITE, entry="1", now=1.0, reverse_path="", purpose="post")
    rendering = RenderFacts(post=facts, number=1, recipients=(Recipient("bart@example.net"),))
    line = wire.frame(wire.Render(policy=ANT, facts=rendering))[wire.HEAD_OCTETS :]
    answered = worker.answer(line, POST, Extensions(handlers=(NamedHandler("odd", handler),)))
    reply = wire.reply(answered[wire.HEAD_OCTETS :])
    assert isinstance(reply, wire.Failed)
    assert reply.error.startswith("KeyError: 'odd' (")
    assert "KeyError: 'odd'\n" in reply.traceback


def test_what_is_no_request_is_told() -> None:
    answered = worker.answer(b"{}", b"", NOTHING_MORE)
    reply = wire.reply(answered[wire.HEAD_OCTETS :])
    assert isinstance(reply, wire.Failed)
    assert "DecodeError" in reply.traceback or "ValidationError" in reply.traceback


def test_no_memory_is_not_told_but_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def carry_out(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(wire, "carry_out", carry_out)
    with pytest.raises(MemoryError):
        worker.answer(wire.frame(EXAMINE)[wire.HEAD_OCTETS :], b"", NOTHING_MORE)


def test_as_a_program() -> None:
    asked = wire.frame(EXAMINE, POST)
    done = subprocess.run(
        [sys.executable, "-m", "mlcore.worker", "5", str(512 << 20), "", ""],
        input=asked,
        capture_output=True,
        check=True,
        timeout=30,
    )
    line, _ = wire.lengths(done.stdout[: wire.HEAD_OCTETS])
    reply = wire.reply(done.stdout[wire.HEAD_OCTETS : wire.HEAD_OCTETS + line])
    assert isinstance(reply, wire.WasExamined)
    assert done.stderr == b""


@pytest.fixture
async def child() -> AsyncIterator[Child]:
    one = Child(seconds=1, octets=256 << 20)
    yield one
    await one.stop()


async def test_one_child_for_many_messages(child: Child) -> None:
    first, _ = await child.ask(EXAMINE, POST)
    process = child._process
    second, draft = await child.ask(EXAMINE, POST)
    assert first == second
    assert draft == POST
    assert child._process is process
    assert child.waiting == 0


async def test_messages_wait_for_each_other(child: Child) -> None:
    asked = [asyncio.create_task(child.ask(EXAMINE, POST)) for _ in range(5)]
    await asyncio.sleep(0)
    assert child.waiting == 5
    replies = await asyncio.gather(*asked)
    assert len({octets for _, octets in replies}) == 1


async def test_p7_processor_time_is_cut_off(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    instead(monkeypatch, "while True: pass")
    with pytest.raises(WorkerKilled, match=r"^it took more than 1 s of processor time$"):
        await child.ask(EXAMINE, POST)
    monkeypatch.undo()
    reply, _ = await child.ask(EXAMINE, POST)  # the next one has a new child
    assert isinstance(reply, wire.WasExamined)


async def test_p7_memory_is_cut_off(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    instead(monkeypatch, "x = bytearray(1 << 30)")
    with pytest.raises(WorkerKilled, match=r"^it took more than 256 MiB of memory$"):
        await child.ask(EXAMINE, POST)


async def test_p7_what_crashes_the_interpreter_ends_the_child_alone(
    child: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead(monkeypatch, "os.abort()")
    with pytest.raises(WorkerKilled, match=r"^the worker ended with status -6 over it$"):
        await child.ask(EXAMINE, POST)


async def test_what_is_raised_there_is_raised_here(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    instead(monkeypatch, "raise KeyError('odd')")
    with pytest.raises(RemoteError, match=r"(?s)Traceback.*KeyError: 'odd'$"):
        await child.ask(EXAMINE, POST)


async def test_a_caller_that_is_cancelled_leaves_no_answer_behind(child: Child) -> None:
    task = asyncio.create_task(child.ask(EXAMINE, POST))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    other = POST.replace(b"tea", b"cake")
    _, draft = await child.ask(EXAMINE, other)
    assert draft == other


async def test_what_lies_in_the_working_directory_is_not_imported(
    child: Child, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "regex.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    reply, _ = await child.ask(EXAMINE, POST)
    assert isinstance(reply, wire.WasExamined)


async def test_who_is_not_asked_ends() -> None:
    child = Child(seconds=1, octets=256 << 20, idle_s=0.01)
    await child.ask(EXAMINE, POST)
    process = child._process
    assert process is not None
    assert await asyncio.wait_for(process.wait(), 10) == 0
    assert child._process is None
    reply, _ = await child.ask(EXAMINE, POST)
    assert isinstance(reply, wire.WasExamined)
    await child.stop()


def instead(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """The next child does `code` with every message."""
    program = (
        "import os, sys, resource\n"
        "from mlcore import worker\n"
        "from mlcore.lists import wire\n"
        f"def odd(*_):\n    {code}\n"
        "wire.carry_out = odd\n"
        "sys.exit(worker.main(sys.argv[1:]))\n"
    )
    start = asyncio.create_subprocess_exec

    async def other(*arguments: str, **more: Any) -> asyncio.subprocess.Process:
        return await start(arguments[0], "-c", program, *arguments[4:], **more)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", other)
