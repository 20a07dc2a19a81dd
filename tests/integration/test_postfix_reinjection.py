"""The way back into Postfix (postfix/master.cf): without milters, with XVERP."""

import smtplib
from collections.abc import Iterator

import pytest

from support.exchange import KeepingRelay, mark, message
from support.postfix import Postfix, Setting, running_postfix
from support.server import free_port

_MAIN = (
    "mydestination =\nalias_maps =\nlocal_recipient_maps =\n"
    # nobody listens there
    "smtpd_milters = inet:127.0.0.1:9\nnon_smtpd_milters = inet:127.0.0.1:9\nmilter_default_action = tempfail"
)


@pytest.fixture
def relay() -> Iterator[KeepingRelay]:
    with KeepingRelay() as relay:
        yield relay


@pytest.fixture
def postfix(relay: KeepingRelay) -> Iterator[Postfix]:
    with running_postfix(
        lmtp_port=9, relay_port=relay.port, reinjection_port=free_port(), setting=Setting(main=_MAIN)
    ) as postfix:
        yield postfix


def test_milters_see_mail_on_its_way_in_only(postfix: Postfix, relay: KeepingRelay) -> None:
    assert postfix.rcpt("bart@example.org", client="127.0.0.1")[0] in {451, 503}
    with smtplib.SMTP("127.0.0.1", postfix.reinjection_port, timeout=10) as smtp:
        smtp.sendmail("ant-bounces@lists.example.com", ["bart@example.org"], message("back"))
    assert relay.wait_copies(1, mark("back")) == {"bart@example.org": 1}


def test_postfix_makes_a_sender_for_each_recipient(postfix: Postfix, relay: KeepingRelay) -> None:
    with smtplib.SMTP("127.0.0.1", postfix.reinjection_port, timeout=10) as smtp:
        smtp.ehlo()
        assert smtp.has_extn("xverp")
        assert smtp.mail("ant-bounces@lists.example.com", ["XVERP=+="])[0] == 250
        for name in ("anne", "bart"):
            assert smtp.rcpt(f"{name}@example.org")[0] == 250
        assert smtp.data(message("each"))[0] == 250
    relay.wait_copies(2, mark("each"))
    assert {taken.reverse_path for taken, _ in relay.accepted(mark("each"))} == {
        "ant-bounces+anne=example.org@lists.example.com",
        "ant-bounces+bart=example.org@lists.example.com",
    }
