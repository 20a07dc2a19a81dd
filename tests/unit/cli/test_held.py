"""`mlcore held`."""

from pathlib import Path

import pytest
from sqlalchemy import update

from mlcore.base.durable import Place
from mlcore.cli.site import Site
from mlcore.mail.envelope import Arrived, Held
from mlcore.spool.entry import Entry
from mlcore.spool.operator import inject
from mlcore.store.held import HeldPost, by_id, insert_if_absent
from mlcore.store.schema import held
from support.site import SiteInDirectory, answering

NOW = 1_700_000_000.0


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    site.run("create", "ant@example.com")
    site.run("create", "bee@example.com")
    with site.connection() as connection:
        for letter in "abc":
            post = HeldPost(
                spool="here",
                entry=f"{letter * 21}.h",
                list_id="ant.example.com",
                sender="eve@example.net",
                subject="ご案内",
                reasons=("The message is not from a list member",),
                arrived_at=NOW,
                held_at=NOW,
            )
            insert_if_absent(connection, post)
    return site


def test_held_posts_are_shown(site: SiteInDirectory) -> None:
    lines = site.run("held", "list", "ant@example.com").output.splitlines()

    assert lines[:4] == [
        "1  2023-11-14T22:13:20Z  ant.example.com",
        "    Sender: eve@example.net",
        "    Subject: ご案内",
        "    Reason: The message is not from a list member",
    ]
    assert site.run("held", "list", "bee@example.com").output == "No held posts\n"
    shown = site.json("held", "list")
    assert [post["request_id"] for post in shown] == [1, 2, 3]
    assert shown[0]["reasons"] == ["The message is not from a list member"]


def test_a_held_post_is_shown_as_a_whole(site: SiteInDirectory) -> None:
    arrived = Arrived(list_id="ant.example.com", recipient="ant@example.com", arrived_at=NOW)
    entry = Entry(Held(arrived=arrived, reasons=("spam",)), (), b"Subject: x\r\n\r\n\x1b[2Jbuy\r\n")
    name = "18bcfe568000000a1b2c3"
    with site.connection() as connection:
        connection.execute(update(held).where(held.c.id == 2).values(entry=f"{name}.h"))
    with Site(str(site.config)).disk() as disk:
        inject(disk, "in", name, entry)
        disk.rename(Place("in", name), Place("hold", f"{name}.h"))

    output = site.run("held", "show", "2").output

    assert output.startswith("2  2023-11-14T22:13:20Z  ant.example.com\n    Sender: eve@example.net\n")
    assert f"[----- hold/{name}.h -----]" in output
    assert "\\x1b[2Jbuy" in output


def test_what_cannot_be_shown_is_said(site: SiteInDirectory) -> None:
    result = site.run("held", "show", "99")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: No such held post: 99: ")

    torn = "18bcfe568000000a1b2c3.h"
    with site.connection() as connection:
        connection.execute(update(held).where(held.c.id == 3).values(entry=torn))
    with Site(str(site.config)).disk():
        Path(site.settings.paths.queue_dir, "hold", torn).write_bytes(b"torn")
    result = site.run("held", "show", "3")
    assert result.exit_code == 2
    assert f"Error: {torn} cannot be read: " in result.stderr


def test_decisions_are_written_down_and_the_server_is_told(site: SiteInDirectory) -> None:
    with answering(site.settings.paths.control_socket, {"bell": {"ok": True}}) as heard:
        assert site.run("held", "accept", "1", "3").output == "Accepted: 1\nAccepted: 3\n"
    assert heard == [{"do": "changed"}, {"do": "bell", "queue": "hold"}]
    assert site.run("held", "discard", "2").output == "Discarded: 2\n"

    with site.connection() as connection:
        decisions = [post.decision for number in (1, 2, 3) if (post := by_id(connection, number))]
    assert decisions == ["accept", "discard", "accept"]
    assert site.run("held", "list").output == "No held posts\n"


def test_a_decision_is_not_taken_twice(site: SiteInDirectory) -> None:
    site.run("held", "accept", "1")

    result = site.run("held", "discard", "1")

    assert (result.exit_code, result.stderr) == (0, "Decided before (accept): 1\n")


def test_an_unknown_number_decides_nothing(site: SiteInDirectory) -> None:
    result = site.run("held", "accept", "1", "99")

    assert result.exit_code == 2
    assert result.stderr == "Error: No such held post: 99: `mlcore held list` shows those there are\n"
    assert len(site.json("held", "list")) == 3
