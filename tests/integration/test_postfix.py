"""A real Postfix on both sides, with the settings that postfix/ of this repository recommends."""

import smtplib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from mlcore.mail.fields import split
from support.exchange import KeepingRelay, change_list, mark, message
from support.postfix import LIST_DOMAIN, Postfix, running_postfix
from support.server import RunningServer, free_port, wait_until

_LIST = f"ant@{LIST_DOMAIN}"
_MEMBERS = [f"member-{number}@example.net" for number in range(20)]
_OUTSIDE = "127.0.0.9"
"""A client that is not in mynetworks."""


class Chain(NamedTuple):
    """The world, Postfix, mlcore, Postfix again, and the server of the members."""

    postfix: Postfix
    server: RunningServer
    members: KeepingRelay

    def submit(
        self, octets: bytes, *recipients: str, sender: str = _MEMBERS[0], client: str = _OUTSIDE
    ) -> None:
        """Hands a message to Postfix by SMTP. Raises what smtplib raises for a refusal."""
        with smtplib.SMTP("127.0.0.1", self.postfix.port, timeout=30, source_address=(client, 0)) as smtp:
            smtp.sendmail(sender, recipients or [_LIST], octets, mail_options=["BODY=8BITMIME"])

    def settle(self) -> None:
        """Until nothing is under way anywhere."""
        wait_until(lambda: not self.postfix.queued() and not self.server.in_transit(), 15, self.postfix.log)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    reinjection_port = free_port()
    directory: Path = tmp_path_factory.mktemp("chain")
    with KeepingRelay() as members, RunningServer(directory, smtp_port=reinjection_port) as server:
        policy = server.make_list(_LIST, _MEMBERS)
        change_list(server, policy.list_id, subject_prefix=" ")
        server.start()
        with running_postfix(
            lmtp_port=server.lmtp_port, relay_port=members.port, reinjection_port=reinjection_port
        ) as postfix:
            yield Chain(postfix, server, members)


def test_a_post_from_outside_reaches_each_of_twenty_members_once(chain: Chain) -> None:
    chain.submit(message("from outside", author=_MEMBERS[0], to=_LIST))
    assert chain.members.wait_copies(20, mark("from outside")) == dict.fromkeys(_MEMBERS, 1)
    chain.settle()
    assert chain.members.copies(mark("from outside")) == dict.fromkeys(_MEMBERS, 1)
    for taken, octets in chain.members.accepted(mark("from outside")):
        assert taken.reverse_path == f"ant-bounces@{LIST_DOMAIN}"
        assert split(octets)[0].first("delivered-to") == _LIST.encode()


def test_p8_long_lines_and_8bit_come_through_both_postfixes_unchanged(chain: Chain) -> None:
    body = ("本文" * 2_000 + "\r\n.leading dot\r\n" + "x" * 5_000 + "\r\n").encode()
    octets = message("long lines", author=_MEMBERS[0], to=_LIST, body=body)
    chain.submit(octets)
    chain.members.wait_copies(20, mark("long lines"))
    for _, received in chain.members.accepted(mark("long lines")):
        assert split(received)[1] == split(octets)[1]


@pytest.mark.parametrize("local_part", ["nobody", "ant-nosuch", "ant-owner-nosuch"])
def test_p20_an_unknown_list_is_refused_by_postfix_at_rcpt(chain: Chain, local_part: str) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        chain.submit(message("refused"), f"{local_part}@{LIST_DOMAIN}")
    ((code, text),) = caught.value.recipients.values()
    assert code == 550
    assert b"No such mailing list address here" in text
    chain.settle()
    assert not chain.members.copies(mark("refused"))


def test_p20_a_list_that_was_just_made_is_accepted_by_postfix_at_once(chain: Chain) -> None:
    address = f"new@{LIST_DOMAIN}"
    assert chain.server.mlcore("create", "--quiet", address).returncode == 0
    added = chain.server.mlcore("addmembers", "-", address, stdin=b"member-0@example.net\n")
    assert added.returncode == 0
    chain.submit(message("brand new", author=_MEMBERS[0], to=address), address)
    assert chain.members.wait_copies(1, mark("brand new")) == {_MEMBERS[0]: 1}


def test_an_unknown_list_is_a_bounce_for_a_sender_in_mynetworks(chain: Chain) -> None:
    """Postfix takes it without asking; the 550 of LMTP makes Postfix, not mlcore, write the report."""
    chain.submit(
        message("from inside"), f"nobody@{LIST_DOMAIN}", sender="insider@example.net", client="127.0.0.1"
    )
    wait_until(lambda: chain.members.copies()["insider@example.net"])
    ((taken, octets),) = (
        pair for pair in chain.members.accepted() if "insider@example.net" in pair[0].recipients
    )
    assert taken.reverse_path == ""
    assert b"No such mailing list address here" in octets


def test_a_stranger_cannot_relay(chain: Chain) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        chain.submit(message("relay"), "somebody@example.net")
    ((code, _),) = caught.value.recipients.values()
    assert code == 554
