"""P7: messages that take minutes or gigabytes are cut off in the worker child, and nobody waits for them.

The spinning and the eating is done by handlers of a plug-in that is installed for the test: no message is
known with which mlcore's own would do it. Handlers run in the loop at first, so marked posts are large."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlcore.lists.model import Action
from support.exchange import KeepingRelay, change_list, codes, mark, message, post
from support.server import RunningServer, wait_until

LIST = "ant.example.com"
LARGE = 300 << 10
"""Above `[worker] threshold`."""
_EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "plugin"
_PLUGIN = """
import os, time

def handler(draft, policy, facts):
    subject = draft.fields.text("subject") or ""
    if subject.startswith("spin"):
        while True:
            pass
    if subject.startswith("eat"):
        return [bytearray(1 << 24) for _ in range(1000)]
    if subject.startswith("sleep") and not os.path.exists("{flag}"):
        open("{flag}", "w").close()
        time.sleep(600)
    return draft
"""
_POINTS = "[mlcore.handlers]\nodd = odd_plugin:handler\n"


@pytest.fixture
def relay() -> Iterator[KeepingRelay]:
    with KeepingRelay() as made:
        yield made


@pytest.fixture
def server(tmp_path: Path, relay: KeepingRelay) -> Iterator[RunningServer]:
    plugin = tmp_path / "plugin"
    info = plugin / "odd_plugin-1.dist-info"
    info.mkdir(parents=True)
    (plugin / "odd_plugin.py").write_text(_PLUGIN.replace("{flag}", str(flag(tmp_path))))
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-plugin\nVersion: 1\n")
    (info / "entry_points.txt").write_text(_POINTS)
    config: dict[str, dict[str, object]] = {
        "worker": {"time": "1s", "memory": "256M"},
        "plugins": {"handlers": "odd"},
    }
    with RunningServer(tmp_path, smtp_port=relay.port, config=config) as made:
        for name in ("ant", "bee"):
            made.make_list(name, [f"m@{name}.example"], plain=False)
            change_list(
                made, f"{name}.example.com", default_nonmember_action=Action.ACCEPT, max_message_size=0
            )
        made.start(PYTHONPATH=path_with(plugin))
        yield made


def path_with(plugin: Path) -> str:
    """Where Python of a server finds what tests need, and this."""
    return os.pathsep.join((str(Path(__file__).parents[1]), str(plugin)))


def flag(directory: Path) -> Path:
    return directory / "has-slept"


def send(server: RunningServer, token: str, *lists: str, subject: str = "tea", size: int = 0) -> list[str]:
    """The queue ids."""
    lists = lists or ("ant",)
    line = b"abcdefghijklmnopqrstuvwxyz 0123456789 abcdefghijklmnopqrstuvwxy\r\n"
    octets = message(token, subject=subject, body=line * -(-size // len(line)))
    octets = octets.replace(b"To: ant@", b"To: bee@example.com, ant@")
    replies = post(server.lmtp_port, octets, *[f"{name}@example.com" for name in lists])
    assert codes(replies) == [250] * len(lists)
    return [reply.text.rpartition(" ")[2] for reply in replies]


def children(server: RunningServer) -> dict[int, str]:
    """Processes whose parent is the server, with their states (Z: a zombie)."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue  # it has ended meanwhile
        state, parent = text.rpartition(")")[2].split()[:2]
        if int(parent) == server.pid:
            found[int(stat.parent.name)] = state
    return found


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        # by the clock on a host that has no processor left for it
        ("spin", r"it took (?:more than 1 s of processor time|longer than 12 s)"),
        ("eat", r"it took more than 256 MiB of memory"),
    ],
)
def test_p7_it_is_cut_off_tried_again_and_shunted_and_nobody_waits(
    server: RunningServer, relay: KeepingRelay, subject: str, reason: str
) -> None:
    (name,) = send(server, "bad", subject=subject, size=LARGE)
    send(server, "of the same list")
    send(server, "of another list", "bee")

    relay.wait_copies(1, mark("of the same list"))
    relay.wait_copies(1, mark("of another list"))
    if subject == "spin":
        assert not server.events("shunted"), "the others went first"
    wait_until(lambda: server.events("shunted"), 30, server.tail)

    (event,) = server.events("shunted")
    assert (event["queue_id"], event["queue"], event["list_id"]) == (name, "in", LIST)
    assert re.search(reason, event["reason"])
    assert len(server.events("raised")) == 1, "it was tried once more"
    assert server.names("shunt") == [name]
    assert re.search(reason, server.mlcore("qfile", name).stdout.decode())
    assert re.search(reason, server.mlcore("status").stdout.decode())
    assert relay.copies(mark("bad")) == {}
    server.wait_drained()
    assert "Z" not in children(server).values()
    assert server.stop() == 0


def test_p7_twelve_of_them_do_not_stop_normal_posts(server: RunningServer, relay: KeepingRelay) -> None:
    names = [send(server, f"bad {n}", "ant", subject="spin", size=LARGE)[0] for n in range(12)]
    for number in range(20):
        send(server, f"normal {number}", "ant", "bee")
    send(server, "of 100 KiB", "ant", size=100 << 10)

    for number in range(20):
        relay.wait_copies(2, mark(f"normal {number}"))
    relay.wait_copies(1, mark("of 100 KiB"))
    assert len(server.events("shunted")) < 12, "they were delivered before"

    assert server.stop() == 0
    left = server.spool()
    assert sorted(left.get("in", []) + left.get("shunt", [])) == sorted(names), "and none of them is lost"


@pytest.mark.parametrize("size", [1 << 20, 20 << 20])
def test_p8_large_posts_go_through_the_child_and_come_out_identical(
    server: RunningServer, relay: KeepingRelay, size: int
) -> None:
    change_list(server, LIST, subject_prefix="", include_rfc2369_headers=False)
    texts = Path(server.settings.paths.template_dir) / "lists" / LIST / "en"
    texts.mkdir(parents=True)
    (texts / "list:member:regular:footer.txt").write_text("")
    server.restart(PYTHONPATH=path_with(server.directory / "plugin"))
    send(server, "large", size=size)

    relay.wait_copies(1, mark("large"), 60)
    ((_, octets),) = relay.accepted(mark("large"))
    line = b"abcdefghijklmnopqrstuvwxyz 0123456789 abcdefghijklmnopqrstuvwxy\r\n"
    body = octets.partition(b"\r\n\r\n")[2]
    assert body == mark("large") + b"\r\n" + line * -(-size // len(line))
    assert len(children(server)) == 1
    assert server.stop() == 0


def test_p6_a_child_killed_from_outside_loses_nothing(server: RunningServer, relay: KeepingRelay) -> None:
    send(server, "killed", subject="sleep", size=LARGE)
    wait_until(lambda: flag(server.directory).exists())
    ((child, _),) = children(server).items()
    os.kill(child, signal.SIGKILL)

    relay.wait_copies(1, mark("killed"), 30)
    server.wait_drained()
    assert relay.copies(mark("killed")) == {"m@ant.example": 1}
    assert server.spool() == {}
    (event,) = server.events("raised")
    assert "the worker was killed over it" in event["error"]
    assert child not in children(server)
    assert "Z" not in children(server).values()
    assert server.stop() == 0


def test_p16_a_stop_does_not_wait_for_the_child(server: RunningServer, relay: KeepingRelay) -> None:
    (name,) = send(server, "interrupted", subject="sleep", size=LARGE)
    wait_until(lambda: flag(server.directory).exists())
    ((child, _),) = children(server).items()

    assert server.stop() == 0
    assert not Path(f"/proc/{child}").exists()
    assert server.spool() == {"in": [name]}

    server.start(PYTHONPATH=path_with(server.directory / "plugin"))
    relay.wait_copies(1, mark("interrupted"), 30)
    server.wait_drained()
    assert relay.copies(mark("interrupted")) == {"m@ant.example": 1}
    assert server.stop() == 0


def test_the_example_plug_in_as_the_document_has_it(tmp_path: Path, relay: KeepingRelay) -> None:
    target = tmp_path / "installed"
    source = tmp_path / "source"
    subprocess.run(["cp", "-r", str(_EXAMPLE), str(source)], check=True)  # a build leaves files behind
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"),
            *("--no-index", "--disable-pip-version-check", "--target", str(target), str(source)),
        ],
        check=True,
        timeout=120,
    )
    config: dict[str, dict[str, object]] = {"plugins": {"rules": "shouting", "handlers": "room"}}
    with RunningServer(tmp_path, smtp_port=relay.port, config=config) as server:
        server.make_list("ant", ["anne@example.com", "m@ant.example"], plain=False)
        change_list(server, LIST, description="tea and cake", max_message_size=0)
        server.start(PYTHONPATH=path_with(target))
        send(server, "quiet")
        send(server, "large", size=LARGE)
        send(server, "loud", subject="TEA AT FOUR")
        send(server, "loud and large", subject="CAKE AT FIVE", size=LARGE)

        for token in ("quiet", "large"):
            relay.wait_copies(2, mark(token))
            for _, octets in relay.accepted(mark(token)):
                assert b"\r\nX-Room: tea\r\n" in octets
        wait_until(lambda: len(server.events("held")) == 2)
        assert {event["by"] for event in server.events("held")} == {"shouting"}
        assert {event["reason"] for event in server.events("held")} == {"The subject is in capital letters"}
        assert "m@ant.example" not in relay.copies(mark("loud"))
        assert server.stop() == 0
