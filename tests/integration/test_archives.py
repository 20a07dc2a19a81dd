"""Archives of a real server: posts get there, whatever happens on the way, and keep nobody waiting."""

import email
import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlcore.lists.archiving import hash_of
from support.exchange import KeepingRelay
from support.hyperkitty import KEY, HyperKittyServer, serving
from support.server import RunningServer, Sections, wait_until

ANT = "ant@example.com"
MEMBERS = ["anne@example.org", "bart@example.org"]
PUBLIC = "https://lists.example.com/archives/"


@pytest.fixture
def kitty() -> Iterator[HyperKittyServer]:
    with serving() as made:
        yield made


@pytest.fixture
def relay() -> Iterator[KeepingRelay]:
    with KeepingRelay() as made:
        yield made


@pytest.fixture
def server(tmp_path: Path, relay: KeepingRelay, kitty: HyperKittyServer) -> Iterator[RunningServer]:
    plugin = tmp_path / "mailman-hyperkitty.cfg"
    plugin.write_text(f"[general]\nbase_url: {kitty.base_url}\napi_key: {KEY}\n")
    archivers: Sections = {
        "archiver.hyperkitty": {
            "class": "mailman_hyperkitty.Archiver",
            "enable": "yes",
            "configuration": plugin,
            "public_url": PUBLIC,
        },
        "archiver.prototype": {"enable": "yes"},
    }
    with RunningServer(tmp_path, smtp_port=relay.port, config=archivers) as made:
        made.make_list(ANT, MEMBERS)
        yield made.start()


def post(server: RunningServer, number: int, *more: str) -> None:
    lines = (
        f"From: {MEMBERS[0]}", f"To: {ANT}", f"Message-ID: <{number}@example.org>",
        f"Subject: tea {number}", "Date: Fri, 01 Jan 2038 00:00:00 +0000", *more, "", "At four", "",
    )  # fmt: skip
    with smtplib.LMTP("127.0.0.1", server.lmtp_port, timeout=20) as client:
        client.sendmail(MEMBERS[0], [ANT], "\r\n".join(lines).encode())


def files(server: RunningServer) -> list[Path]:
    return sorted(server.directory.glob("var/archives/prototype/ant@example.com/new/*"))


def test_each_archive_has_each_post_and_readers_find_it_there(
    server: RunningServer, relay: KeepingRelay, kitty: HyperKittyServer
) -> None:
    post(server, 1)
    post(server, 2, "X-No-Archive: yes")
    server.wait_drained()

    assert list(kitty.kept) == [(ANT, "1@example.org")]
    (file,) = files(server)
    assert file.read_bytes() == kitty.kept[ANT, "1@example.org"]
    kept = email.message_from_bytes(file.read_bytes())
    assert (kept["From"], kept["Subject"]) == (MEMBERS[0], "[Ant] tea 1")
    assert kept["X-Original-Date"] == "Fri, 01 Jan 2038 00:00:00 +0000"
    assert not kept["Date"].startswith("Fri, 01 Jan 2038")
    copies = {
        str(found["message-id"]): found
        for found in (email.message_from_bytes(octets) for _, octets in relay.accepted())
    }
    page = f"{PUBLIC}list/{ANT}/"
    sent, secret = copies["<1@example.org>"], copies["<2@example.org>"]
    assert sent["List-Archive"] == secret["List-Archive"] == f"<{page}>"
    assert sent["Archived-At"] == f"<{page}message/{hash_of('<1@example.org>')}/>"
    assert secret["Archived-At"] is None
    assert sent["Date"] == "Fri, 01 Jan 2038 00:00:00 +0000"
    assert KEY not in "".join(server.log_lines())


def test_an_archive_that_is_down_keeps_nobody_waiting_and_gets_all_in_the_end(
    server: RunningServer, relay: KeepingRelay, kitty: HyperKittyServer
) -> None:
    kitty.faults.extend(["500", "drop", "401"])
    kitty.fault = "hang"
    for number in range(20):
        post(server, number)
    wait_until(lambda: len(relay.accepted()) == 20)
    wait_until(lambda: len(files(server)) == 20)
    assert kitty.kept == {}
    assert len(server.names("archive")) == 20

    server.kill()
    kitty.fault = None
    server.start()
    server.wait_drained(60)

    assert sorted(kitty.kept) == sorted((ANT, f"{number}@example.org") for number in range(20))
    assert len(files(server)) == 20
    assert server.names("shunt") == []
    assert {event["archiver"] for event in server.events("unavailable")} == {"hyperkitty"}


def test_what_the_archive_never_takes_is_dropped(server: RunningServer, kitty: HyperKittyServer) -> None:
    kitty.faults.append("400")
    post(server, 1)
    server.wait_drained()
    assert kitty.kept == {}
    (event,) = server.events("refused")
    assert event["reason"] == "Could not find the Message-Id header"
    assert len(files(server)) == 1


def test_a_list_switches_an_archive_off(server: RunningServer, kitty: HyperKittyServer) -> None:
    done = server.mlcore("settings", ANT, "disabled_archivers=hyperkitty")
    assert done.returncode == 0, done.stderr.decode()
    post(server, 1)
    server.wait_drained()
    assert kitty.asked == 0
    assert len(files(server)) == 1


def test_archives_by_mail_and_by_a_program(tmp_path: Path, relay: KeepingRelay) -> None:
    archivers: Sections = {
        "archiver.mail_archive": {"enable": "yes", "recipient": "archive@example.net"},
        "archiver.mhonarc": {"enable": "yes", "command": f"/usr/bin/tee -a {tmp_path}/$fqdn_listname"},
    }
    with RunningServer(tmp_path, smtp_port=relay.port, config=archivers) as server:
        server.make_list(ANT, MEMBERS)
        server.start()
        post(server, 1)
        server.wait_drained()
        assert server.mlcore("settings", ANT, "archive_policy=private").returncode == 0
        post(server, 2)
        server.wait_drained()

    (kept,) = [octets for taken, octets in relay.accepted() if taken.recipients == ("archive@example.net",)]
    assert b"Message-ID: <1@example.org>" in kept
    assert b"List-Archive: <https://www.mail-archive.com/ant@example.com/>" in kept
    told = (tmp_path / ANT).read_bytes()
    assert told.count(b"Message-ID: <1@example.org>\n") == told.count(b"Message-ID: <2@example.org>\n") == 1
    assert relay.copies()["bart@example.org"] == 2


def test_a_file_that_is_missing_stops_the_start_with_one_line(server: RunningServer) -> None:
    server.stop()
    (server.directory / "mailman-hyperkitty.cfg").unlink()
    done = server.mlcore("start", "--foreground")
    assert done.returncode == 2
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith(f"Error: {server.directory}/mailman-hyperkitty.cfg: cannot be read (No such file")
