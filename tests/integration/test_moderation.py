"""Posts that wait for a moderator: LMTP in, notices out, decisions by command and by mail, and what becomes
of the posts."""

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from mlcore.base.passwords import hashed
from support.exchange import KeepingRelay, change_list, mark, message, post
from support.server import RunningServer, wait_until

MEMBERS = ("bart@example.org", "cate@example.net")
EVE = "eve@example.net"
LIST_ID = "ant.example.com"


@pytest.fixture
def relay() -> Iterator[KeepingRelay]:
    with KeepingRelay() as made:
        yield made


@pytest.fixture
def server(tmp_path: Path, relay: KeepingRelay) -> Iterator[RunningServer]:
    with RunningServer(tmp_path, smtp_port=relay.port) as made:
        made.make_list("ant", MEMBERS, owners=["olga@example.org"], plain=False)
        made.start()
        yield made


def run(server: RunningServer, *arguments: str) -> str:
    done = server.mlcore(*arguments)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def mail_to(relay: KeepingRelay, recipient: str, subject: str = "") -> list[EmailMessage]:
    """What one address got, with such a subject."""
    found = []
    for taken, octets in relay.accepted():
        text = message_from_bytes(octets, policy=policy.default)
        assert isinstance(text, EmailMessage)
        if recipient in taken.recipients and subject in str(text["Subject"]):
            found.append(text)
    return found


def wait_mail(
    server: RunningServer, relay: KeepingRelay, recipient: str, subject: str, count: int = 1
) -> list[EmailMessage]:
    wait_until(
        lambda: len(mail_to(relay, recipient, subject)) >= count,
        20.0,
        lambda: f"{[str(one['Subject']) for one in mail_to(relay, recipient)]}\n{server.tail()}",
    )
    return mail_to(relay, recipient, subject)


def hold(server: RunningServer, token: str, *, author: str = EVE) -> None:
    (reply,) = post(server.lmtp_port, message(token, author=author), sender=author)
    assert reply.code == 250
    wait_until(lambda: any(token in one["message_id"] for one in server.events("held")), 20.0, server.tail)


@pytest.mark.row("decision: accept")
def test_p6_an_accepted_post_goes_to_the_members(server: RunningServer, relay: KeepingRelay) -> None:
    hold(server, "first")
    wait_mail(server, relay, EVE, "Your message to ant@example.com awaits moderator approval")
    wait_mail(server, relay, "olga@example.org", "post from eve@example.net requires approval")
    assert relay.copies(mark("first")).keys() == {"olga@example.org"}

    assert run(server, "held", "accept", "--accept-sender", "1") == "Accepted: 1\n"

    wait_until(lambda: mail_to(relay, MEMBERS[0], "Tea"), 20.0, server.tail)
    (copy,) = mail_to(relay, MEMBERS[0], "Tea")
    assert copy["X-Mailman-Approved-At"]
    assert "nonmember-moderation" in copy["X-Mailman-Rule-Hits"]
    assert len(mail_to(relay, MEMBERS[1], "Tea")) == 1
    assert run(server, "held", "list") == "No held posts\n"

    post(server.lmtp_port, message("second", author=EVE), sender=EVE)
    wait_until(lambda: len(mail_to(relay, MEMBERS[0], "Tea")) == 2, 20.0, server.tail)
    server.wait_drained()
    assert server.spool() == {}


@pytest.mark.row("decision: reject")
def test_p6_a_rejected_post_goes_to_nobody_and_its_author_hears_why(
    server: RunningServer, relay: KeepingRelay
) -> None:
    hold(server, "first")
    run(
        server,
        "held",
        "reject",
        "1",
        "--reason",
        "Please ask the help desk.",
        "--forward-to",
        "desk@example.org",
    )

    (refusal,) = wait_mail(server, relay, EVE, 'Request to mailing list "Ant" rejected')
    assert "Please ask the help desk." in refusal.get_content()
    (copy,) = wait_mail(server, relay, "desk@example.org", "Forward of moderated message")
    assert copy.get_content_type() == "message/rfc822"
    assert "This is first." in copy.as_string()
    server.wait_drained()
    assert mail_to(relay, MEMBERS[0]) == []
    assert server.spool() == {}


def test_a_copy_is_sent_to_somebody_who_can_judge_it(server: RunningServer, relay: KeepingRelay) -> None:
    hold(server, "first")
    assert run(server, "held", "forward", "1", "--to", "desk@example.org") == "Forwarded: 1\n"
    wait_mail(server, relay, "desk@example.org", "Forward of moderated message")
    server.wait_drained()
    assert run(server, "held", "list").startswith("1  ")
    assert len(server.names("hold")) == 1

    server.restart()
    run(server, "held", "discard", "1")
    wait_until(lambda: not server.names("hold"), 20.0, server.tail)
    server.wait_drained()
    assert len(mail_to(relay, "desk@example.org")) == 1


@pytest.mark.row("decision: reply with Approved")
@pytest.mark.row("decision: plain reply")
@pytest.mark.row("attribute: moderator_password")
@pytest.mark.parametrize("accept", [True, False])
def test_a_moderator_decides_by_replying(server: RunningServer, relay: KeepingRelay, accept: bool) -> None:
    change_list(server, LIST_ID, moderator_password=hashed("open sesame"))
    server.control("changed")
    hold(server, "first")
    (notice,) = wait_mail(server, relay, "olga@example.org", "requires approval")
    *_, control = notice.iter_parts()
    assert isinstance(control, EmailMessage)
    inner = control.get_content()
    token = re.fullmatch(r"confirm ([0-9a-f]{40})", inner["Subject"])
    assert token is not None

    approved = "Approved: open sesame\r\n" if accept else ""
    reply = (
        f"From: olga@example.org\r\nTo: {inner['From']}\r\nSubject: Re: {inner['Subject']}\r\n"
        f"Message-ID: <reply@example.org>\r\n{approved}\r\n\r\n"
    )
    post(server.lmtp_port, reply.encode(), str(inner["From"]), sender="olga@example.org")

    wait_until(lambda: not server.names("hold"), 20.0, server.tail)
    server.wait_drained()
    assert len(mail_to(relay, MEMBERS[0], "Tea")) == (1 if accept else 0)
    assert [one["decision"] for one in server.events("decided")] == ["accept" if accept else "discard"]


def test_p18_a_flood_fills_no_mailbox_and_is_thrown_away_at_once(
    server: RunningServer, relay: KeepingRelay
) -> None:
    for number in range(70):
        author = f"eve{number % 7}@spam.example"
        post(server.lmtp_port, message(f"spam{number}", author=author), sender=author)
    wait_until(lambda: len(server.events("held")) == 70, 60.0, server.tail)
    server.wait_drained()
    assert len(mail_to(relay, "olga@example.org", "requires approval")) == 60
    assert run(server, "held", "list", "--by-sender").splitlines()[0] == "    10  eve0@spam.example"

    assert run(server, "notify", "-v") == "The ant@example.com list has 70 moderation requests waiting.\n"
    wait_mail(
        server, relay, "olga@example.org", "The ant@example.com list has 70 moderation requests waiting."
    )

    assert run(server, "held", "discard", "--sender", "@spam.example", "--yes") == "Discarded: 70 in all\n"
    wait_until(lambda: not server.names("hold"), 30.0, server.tail)
    server.wait_drained()
    assert mail_to(relay, MEMBERS[0]) == []
