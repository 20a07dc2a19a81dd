"""`mlcore held`."""

import sys
import time
from pathlib import Path
from typing import Any

import click
import pytest
from sqlalchemy import delete, update

from mlcore.base.durable import Place
from mlcore.cli import chosen
from mlcore.cli.site import Site
from mlcore.lists.model import Action, Role
from mlcore.lists.reasons import Reason
from mlcore.mail.envelope import Arrived, Held
from mlcore.spool.entry import Entry
from mlcore.spool.operator import inject
from mlcore.store import memberships
from mlcore.store.held import HeldPost, by_id, due, insert_if_absent
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
                reasons=(Reason("The message is not from a list member"),),
                arrived_at=NOW,
                held_at=NOW,
                identity=letter,
                token_hash=letter,
            )
            insert_if_absent(connection, post)
    return site


def add(site: SiteInDirectory, entry: str, **values: Any) -> None:
    """One more held post."""
    given: dict[str, Any] = {
        "spool": "here",
        "entry": entry,
        "list_id": "ant.example.com",
        "sender": "eve@example.net",
        "subject": "",
        "reasons": (),
        "arrived_at": NOW,
        "held_at": NOW,
        "identity": entry,
        "token_hash": entry,
    }
    with site.connection() as connection:
        assert insert_if_absent(connection, HeldPost(**(given | values)))


def waiting(site: SiteInDirectory) -> list[int]:
    return [post["request_id"] for post in site.json("held", "list")]


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


def test_held_posts_are_chosen_and_counted(site: SiteInDirectory) -> None:
    add(site, "d.h", sender="Bob@spam.example", held_at=time.time())
    add(site, "e.h", sender="bob@SPAM.example", reasons=(Reason("More than {} recipients", "10"),))

    assert [post["request_id"] for post in site.json("held", "list", "--sender", "@spam.example")] == [4, 5]
    assert [post["request_id"] for post in site.json("held", "list", "--older-than", "1d")] == [1, 2, 3, 5]
    assert (
        site.run("held", "list", "--by-sender").output
        == "     3  eve@example.net\n     2  bob@spam.example\n"
    )
    assert site.json("held", "list", "--by-sender")[1] == {"sender": "bob@spam.example", "posts": 2}
    assert "    Reason: More than 10 recipients\n" in site.run("held", "list").output
    result = site.run("held", "list", "--older-than", "soon")
    assert result.exit_code == 2
    assert "write a span like 7d" in result.stderr


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


# -- what may go with a decision -----------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["accept", "reject", "discard"])
def test_copies_are_asked_for_with_a_decision(site: SiteInDirectory, command: str) -> None:
    arguments = ("--forward-to", "a@example.org", "--forward-to", "b@example.org", "--preserve")
    assert site.run("held", command, "1", *arguments).exit_code == 0
    with site.connection() as connection:
        (post,) = due(connection, "here")
    assert (post.decision, post.preserve) == (command, True)
    assert post.forward_to == ("a@example.org", "b@example.org")


def test_authors_are_told_why(site: SiteInDirectory) -> None:
    assert site.run("held", "reject", "1", "2", "--reason", "Ask bee@").output == "Rejected: 1\nRejected: 2\n"
    with site.connection() as connection:
        assert [(post.decision, post.comment) for post in due(connection, "here")] == [
            ("reject", "Ask bee@")
        ] * 2


def test_a_sender_is_accepted_from_now_on(site: SiteInDirectory) -> None:
    assert site.run("held", "accept", "--accept-sender", "1").output == "Accepted: 1\n"
    with site.connection() as connection:
        (found,) = memberships.on_list(connection, "ant.example.com", Role.NONMEMBER, ["eve@example.net"])
    assert found.moderation_action is Action.ACCEPT


def test_posts_are_forwarded_and_wait_on(site: SiteInDirectory) -> None:
    with answering(site.settings.paths.control_socket, {}) as heard:
        assert site.run("held", "forward", "1", "3", "--to", "a@example.org").output == (
            "Forwarded: 1\nForwarded: 3\n"
        )
    assert heard == [{"do": "changed"}, {"do": "bell", "queue": "hold"}]
    assert waiting(site) == [1, 2, 3]
    with site.connection() as connection:
        assert [post.forward_to for post in due(connection, "here")] == [("a@example.org",)] * 2
    assert site.run("held", "forward", "1").exit_code == 2
    result = site.run("held", "forward", "1", "--to", "ant@example.com")
    assert (result.exit_code, result.stdout) == (2, "")
    assert (
        result.stderr
        == "Error: ant@example.com cannot be forwarded to: a list of this site reads it itself\n"
    )


# -- many at once --------------------------------------------------------------------------------------------


def test_many_posts_are_decided_about_at_once(site: SiteInDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen, "PORTION", 3)
    for number in range(8):
        add(site, f"{number}.h", sender=f"bob{number}@spam.example")
    add(site, "bee.h", sender="bob@spam.example", list_id="bee.example.com")

    discard = ("held", "discard", "--list", "ant@example.com", "--sender", "@spam.example", "--yes")
    assert site.run(*discard).output == "Discarded: 8 in all\n"
    assert waiting(site) == [1, 2, 3, 12]
    assert site.run(*discard).stderr == "No held posts\n"
    assert site.run("held", "reject", "--older-than", "7d", "-y", "-l", "bee.example.com").output == (
        "Rejected: 1 in all\n"
    )
    assert site.run("held", "accept", "--all", "--yes").output == "Accepted: 3 in all\n"
    assert waiting(site) == []


def test_it_is_asked_before_many_are_decided_about(
    site: SiteInDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chosen, "is_terminal", lambda: True)
    result = site.run("held", "discard", "--all", stdin="n\n")
    assert (result.exit_code, result.stdout) == (0, "Discard 3 posts? [y/N]: n\n")
    assert result.stderr == "Nothing was decided\n"
    assert waiting(site) == [1, 2, 3]

    result = site.run("held", "forward", "--all", "--to", "a@example.org", stdin="y\n")
    assert result.stdout == "Forward 3 posts? [y/N]: y\nForwarded: 3 in all\n"
    site.run("held", "accept", "1", "2")
    result = site.run("held", "reject", "--all", stdin="y\n")
    assert result.stdout == "Reject 1 post, and tell the authors? [y/N]: y\nRejected: 1 in all\n"


def test_nothing_is_decided_where_nobody_can_be_asked(site: SiteInDirectory) -> None:
    result = site.run("held", "discard", "--all", stdin="y\n")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "Error: nobody can be asked here: give --yes\n"
    assert waiting(site) == [1, 2, 3]


def test_what_somebody_else_has_decided_meanwhile_is_left_out(
    site: SiteInDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decide_meanwhile(*_: object, **__: object) -> bool:
        site.run("held", "accept", "2")
        with site.connection() as connection:
            connection.execute(delete(held).where(held.c.id == 3))
        return True

    monkeypatch.setattr(chosen, "is_terminal", lambda: True)
    monkeypatch.setattr(click, "confirm", decide_meanwhile)

    result = site.run("held", "discard", "--all")

    assert (result.exit_code, result.output) == (0, "Discarded: 1 in all\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no posts chosen: give IDs, --all, --sender or --older-than"),
        (["--list", "ant@example.com"], "no posts chosen: give IDs, --all, --sender or --older-than"),
        (["1", "--all"], "IDs, and options that choose posts: give one of the two"),
        (["1", "--list", "ant@example.com"], "IDs, and options that choose posts: give one of the two"),
        (["--all", "--list", "wasp@example.com", "--yes"], "No such list: wasp@example.com"),
    ],
)
def test_a_choice_in_doubt_is_refused(site: SiteInDirectory, arguments: list[str], message: str) -> None:
    result = site.run("held", "discard", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {message}")
    assert waiting(site) == [1, 2, 3]


def test_a_terminal_is_known() -> None:
    assert chosen.is_terminal() == sys.stdin.isatty()
