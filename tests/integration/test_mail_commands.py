"""Joining, options and leaving by mail alone: LMTP in, questions and answers out, replies back in."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path

import pytest

from mlcore.lists.model import RosterVisibility
from support.exchange import KeepingRelay, change_list, codes, mark, message, post
from support.server import SITE_OWNER, RunningServer, wait_until

LIST_ID = "ant.example.com"
BART, EVE = "bart@example.org", "eve@example.net"
NAMES = ("mailman", "mailman-owner", "mailman-request", "mailman-bounces", "noreply")


@pytest.fixture
def relay() -> Iterator[KeepingRelay]:
    with KeepingRelay() as made:
        yield made


@pytest.fixture
def server(tmp_path: Path, relay: KeepingRelay) -> Iterator[RunningServer]:
    with RunningServer(tmp_path, smtp_port=relay.port) as made:
        made.make_list("ant", [BART], owners=["olga@example.org"], plain=False)
        made.start()
        yield made


def send(
    server: RunningServer, to: str, subject: str = "", text: str = "", *more: str, sender: str = EVE
) -> None:
    fields = [
        f"From: Eve <{sender}>",
        f"To: {to}",
        f"Subject: {subject}",
        "Message-ID: <m@example.net>",
        *more,
    ]
    octets = "\r\n".join([*fields, "", text, ""]).encode()
    assert codes(post(server.lmtp_port, octets, to, sender=sender)) == [250]


def mail_to(relay: KeepingRelay, recipient: str, subject: str = "") -> list[EmailMessage]:
    found = []
    for taken, octets in relay.accepted():
        text = message_from_bytes(octets, policy=policy.default)
        assert isinstance(text, EmailMessage)
        if recipient in taken.recipients and subject in str(text["Subject"]):
            found.append(text)
    return found


def wait_mail(
    server: RunningServer, relay: KeepingRelay, recipient: str, subject: str, count: int = 1
) -> EmailMessage:
    """The last of `count` mails."""
    wait_until(
        lambda: len(mail_to(relay, recipient, subject)) >= count,
        20.0,
        lambda: f"{[str(one['Subject']) for one in mail_to(relay, recipient)]}\n{server.tail()}",
    )
    return mail_to(relay, recipient, subject)[-1]


def answer_to(server: RunningServer, relay: KeepingRelay, *parts: str, count: int = 1) -> str:
    """The results of one mail to -request."""
    send(server, "ant-request@example.com", *parts)
    answer = wait_mail(server, relay, EVE, "The results of your email commands", count)
    assert answer["Auto-Submitted"] == "auto-replied"
    return str(answer.get_content()).replace("\r\n", "\n")


def reply(server: RunningServer, question: EmailMessage, *more: str) -> None:
    """As a person replies: the subject kept, the question quoted, nothing changed."""
    to = parseaddr(str(question["Reply-To"] or question["From"]))[1]
    quoted = "\r\n".join(f"> {line}" for line in question.get_content().splitlines())
    send(server, to, f"Re: {question['Subject']}", f"Yes!\r\n{quoted}", *more)


@pytest.mark.row("command: join")
@pytest.mark.row("command: leave")
@pytest.mark.row("command: confirm")
@pytest.mark.row("command: set")
@pytest.mark.row("command: who")
def test_a_life_as_a_member_by_mail_alone(server: RunningServer, relay: KeepingRelay) -> None:
    change_list(server, LIST_ID, member_roster_visibility=RosterVisibility.MEMBERS)
    server.control("changed")

    send(server, "ant-join@example.com", "Please")
    question = wait_mail(server, relay, EVE, "Your confirmation is needed to join")
    reply(server, question)
    wait_mail(server, relay, EVE, "Welcome")

    text = answer_to(server, relay, "", "set ack on\r\nset hide on\r\nshow\r\nwho\r\n-- \r\nleave\r\n")
    assert text.count("The option has been changed.") == 2
    assert "ack: on (" in text
    assert "hide: on (" in text
    assert f"        {BART}\n" in text
    assert "Members who hide their addresses: 1" in text

    post(server.lmtp_port, message("a post", author=EVE), sender=EVE)
    assert relay.wait_copies(2, mark("a post")) == {BART: 1, EVE: 1}
    wait_mail(server, relay, EVE, "post acknowledgment")

    send(server, "ant-request@example.com", "ｕｎｓｕｂｓｃｒｉｂｅ")
    reply(server, wait_mail(server, relay, EVE, "Your confirmation is needed to leave"))
    wait_mail(server, relay, EVE, "You have been unsubscribed")
    assert "You are not allowed" in answer_to(server, relay, "who", count=2)
    server.wait_drained()
    assert server.spool() == {}


def test_confirmation_by_subject(tmp_path: Path, relay: KeepingRelay) -> None:
    """Where -confirm+TOKEN is not used, a plain reply has to do as well."""
    config = {"mta": {"verp_confirmations": "no"}}
    with RunningServer(tmp_path, smtp_port=relay.port, config=config) as server:
        server.make_list("ant", [BART], plain=False)
        server.start()
        send(server, "ant-request@example.com", "subscribe")
        question = wait_mail(server, relay, EVE, "confirm ")
        assert parseaddr(str(question["From"]))[1] == "ant-request@example.com"
        reply(server, question)
        wait_mail(server, relay, EVE, "Welcome")


def test_p18_an_answering_machine_confirms_nothing(server: RunningServer, relay: KeepingRelay) -> None:
    send(server, "ant-join@example.com")
    question = wait_mail(server, relay, EVE, "Your confirmation is needed to join")
    reply(server, question, "Auto-Submitted: auto-replied")
    wait_until(lambda: server.events("discarded"), 20.0, server.tail)
    server.wait_drained()
    assert mail_to(relay, EVE, "Welcome") == []
    reply(server, question)
    wait_mail(server, relay, EVE, "Welcome")


def test_p19_commands_in_the_name_of_a_victim_make_few_mails(
    server: RunningServer, relay: KeepingRelay
) -> None:
    for number in range(40):
        to = ("ant-join", "ant-leave", "ant-request")[number % 3]
        send(server, f"{to}@example.com", "help me with this", f"buy pills number {number}")
    server.wait_drained()
    wait_until(lambda: len(server.events("commands")) == 40, 20.0, server.tail)
    wait_mail(server, relay, EVE, "Last autoresponse notification for today")
    wait_mail(server, relay, EVE, "Your confirmation is needed")
    server.wait_drained()
    mails = mail_to(relay, EVE)
    assert len(mails) == 10 + 1 + 1
    assert not any("pills" in mail.as_string() for mail in mails)


def test_the_site_has_addresses_in_each_domain(server: RunningServer, relay: KeepingRelay) -> None:
    for name in NAMES:
        send(server, f"{name}@example.com", f"lists to {name}", "help\r\nlists\r\n")
    (refused,) = post(server.lmtp_port, message("x"), "mailman-join@example.com")
    assert refused.code == 550
    (refused,) = post(server.lmtp_port, message("x"), "mailman@example.org")
    assert refused.code == 550

    answer = wait_mail(server, relay, EVE, "The results of your email commands")
    assert "        ant@example.com" in str(answer.get_content()).replace("\r\n", "\n")
    for name in ("mailman", "mailman-owner"):
        forwarded = wait_mail(server, relay, SITE_OWNER, f"lists to {name}")
        assert forwarded["Delivered-To"] == "mailman@example.com"
    server.wait_drained()
    assert len(mail_to(relay, EVE)) == 1
    assert len(mail_to(relay, SITE_OWNER)) == 2
    reasons = [event["reason"] for event in server.events("discarded")]
    assert reasons == ["nobody reads this address"] * 2
    assert server.spool() == {}


def test_p18_a_step_cut_off_by_a_crash_gives_one_answer_more_at_the_most(
    server: RunningServer, relay: KeepingRelay
) -> None:
    """What was carried out is not carried out again; the same answer may come a second time (P10)."""
    for _ in range(5):
        send(server, "ant-request@example.com", "", "show\r\nset ack on\r\n", sender=BART)
    server.kill()
    server.start()
    server.wait_drained()
    wait_mail(server, relay, BART, "The results of your email commands", 5)
    ids = {mail["Message-ID"] for mail in mail_to(relay, BART)}
    assert len(ids) == 5
