"""Runs tests/dialogs/*.txt, each over a real connection; their README tells what the lines mean."""

import dataclasses
import fnmatch
import re
from pathlib import Path

import pytest

from mlcore.base.errors import DiskTrouble
from mlcore.ingress.limits import LmtpLimits
from mlcore.mail.envelope import Arrived, Command, Report
from mlcore.spool.entry import NewEntry
from support.ingress import Scene, serving
from support.lmtp import LmtpClient

DIALOGS = sorted((Path(__file__).parents[2] / "dialogs").glob("*.txt"))
ESCAPE = re.compile(rb"\\(r|n|0|\\|x[0-9a-f]{2})")
ROOMS = {
    "full": DiskTrouble("no space", full=True),
    "trouble": DiskTrouble("fsync"),
    "defect": DiskTrouble("defect"),
}


def octets(text: str) -> bytes:
    plain = {b"r": b"\r", b"n": b"\n", b"0": b"\0", b"\\": b"\\"}
    return ESCAPE.sub(
        lambda found: plain.get(found[1]) or bytes.fromhex(found[1][1:].decode()), text.encode()
    )


def shown(new: NewEntry) -> tuple[str, bytes]:
    envelope = new.entry.envelope
    assert isinstance(envelope, Arrived | Command | Report)
    return f"{new.queue} {envelope.recipient} <{envelope.reverse_path}>", new.entry.octets


def parsed(path: Path) -> list[tuple[str, str]]:
    """Kind and text of each line that says something."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            kind, _, text = line.partition(" ")
            lines.append((kind, text))
    return lines


async def act(client: LmtpClient, scene: Scene, text: str) -> None:
    if text == "close":
        await client.finish_writing()
    elif text == "reset":
        client.reset()
    else:
        assert text == "pause"
    await scene.settle()


async def talk(scene: Scene, lines: list[tuple[str, str]]) -> None:
    async with await LmtpClient.to(scene.address) as client:
        waiting = b""
        for kind, text in lines:
            if kind in {"C:", "C-"}:
                waiting += octets(text) + (b"\r\n" if kind == "C:" else b"")
                continue
            if waiting:
                await client.write(waiting)
                waiting = b""
            if kind == "C!":
                await act(client, scene, text)
            elif kind == "S:":
                said = await client.line()
                assert fnmatch.fnmatchcase(said, text.replace("[", "[[]")), f"{said!r} is not {text!r}"
            else:
                assert (kind, text) == ("S!", "closed")
                assert await client.at_eof()


@pytest.mark.parametrize("path", DIALOGS, ids=lambda path: path.stem)
async def test_dialog(path: Path) -> None:
    lines = parsed(path)
    limits = {
        name: int(number)
        for name, _, number in (text.partition(" ") for kind, text in lines if kind == "limit")
    }
    async with serving(dataclasses.replace(LmtpLimits(), **limits)) as scene:
        scene.acceptor.no_room = next((ROOMS[text] for kind, text in lines if kind == "room"), None)
        await talk(scene, [line for line in lines if line[0] in {"C:", "C-", "C!", "S:", "S!"}])
        await scene.server.stop(1.0)
        expected = []
        for kind, text in lines:
            if kind == "Q:":
                head, _, content = text.partition("> ")
                expected.append((f"{head}>", octets(content)))
        assert [shown(new) for new in scene.acceptor.entries] == expected


def test_there_are_dialogs_and_nothing_else_in_them() -> None:
    assert len(DIALOGS) >= 25
    kinds = {kind for path in DIALOGS for kind, _ in parsed(path)}
    assert kinds == {"C:", "C-", "C!", "S:", "S!", "Q:", "limit", "room"}
