"""Codes in what servers say, and whether they refuse the recipient or the mail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.mail import refusals


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("550 5.1.1 <anne@example.org>: unknown", "5.1.1"),
        ("smtp; 550-5.7.26 unauthenticated", "5.7.26"),
        ("#550 5.1.1 RESOLVER.ADR.RecipNotFound", "5.1.1"),
        ("Sorry, no mailbox here. (#5.1.1)", "5.1.1"),
        ("no such user.  5.1.1.", "5.1.1"),
        ("554 5.0.0 Service unavailable (550 5.2.1 disabled)", "5.2.1"),
        ("550 5.0.0 refused, later 4.2.2", "5.0.0"),
        ("host mx[192.0.2.5] said: 550 no", "550"),
        ("550", "550"),
        ("552: full", "552"),
        ("host 5.1.1.9 refused", ""),
        ("version 15.1.1 and 2.5.1.1.3", ""),
        ("waited 450 seconds", "450"),
        ("nothing", ""),
        ("", ""),
    ],
)
def test_the_code_in_a_text(text: str, code: str) -> None:
    assert refusals.code(text) == code


@pytest.mark.parametrize(
    ("said", "diagnostic", "code"),
    [
        ("5.1.1", "550 5.7.1 other", "5.1.1"),
        (" 5.1.1 (bad destination)", "", "5.1.1"),
        ("5.0.0", "550 5.2.1 disabled", "5.2.1"),
        ("5.0.0", "450 4.2.1 busy", "5.0.0"),
        ("5.0.0", "550 no", "5.0.0"),
        ("", "550 no", "550"),
        ("failed", "550 5.1.1 no", "5.1.1"),
    ],
)
def test_the_status_is_taken_from_where_it_says_most(said: str, diagnostic: str, code: str) -> None:
    assert refusals.status(said, diagnostic) == code


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("5.7.1", "550 5.7.1 Our system has detected unsolicited mail"),
        ("5.7.0", "552 5.7.0 blocked because its content presents a potential security issue"),
        ("5.7.0", ""),
        ("5.7.26", "Unauthenticated email is not accepted due to DMARC policy"),
        ("5.6.0", "no such user"),
        ("5.1.8", "Sender address rejected: Domain not found"),
        ("5.3.4", "Message size exceeds fixed limit"),
        ("550", "Mail rejected, see http://www.spamhaus.org/query"),
        ("554", "Your access to this mail system has been rejected due to the sending MTA's poor reputation"),
        ("", "he is not accepting mail from you"),
        ("5.1.1", "blocked using zen.dnsbl.example"),
        ("554", "Transaction failed (in reply to end of DATA command)"),
        ("", "受信拒否されました"),
    ],
)
def test_a_refusal_of_the_mail_is_policy(code: str, text: str) -> None:
    assert refusals.is_policy(code, text)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("5.1.1", "<anne.spam@example.org>: user unknown"),
        ("5.1.1", "host mx.antispam.example[192.0.2.1] said: 550 5.1.1 no such user"),
        ("5.1.1", "550 5.1.1 sender policy says: unknown user"),
        ("5.7.1", "550 5.7.1 anne@example.org... User unknown"),
        ("5.7.13", "account disabled"),
        ("5.7.17", "mailbox owner has changed"),
        ("5.4.1", "Recipient address rejected: Access denied"),
        ("5.4.6", "routing loop"),
        ("5.2.2", "mailbox full: over quota"),
        ("550", "mailbox unavailable"),
        ("550", "your account is blocked"),
        ("550", "550 mailbox full (in reply to end of DATA command)"),
        ("4.2.2", "452 over quota (in reply to end of DATA command)"),
        ("", ""),
    ],
)
def test_what_is_wrong_with_the_address_is_no_policy(code: str, text: str) -> None:
    assert not refusals.is_policy(code, text)


@pytest.mark.parametrize(
    ("domain", "code", "text", "is_policy"),
    [
        ("docomo.ne.jp", "5.0.0", "550 Unknown user (in reply to end of DATA command)", True),
        ("docomo.ne.jp", "5.2.0", "550 Unknown user anne@docomo.ne.jp", True),
        ("docomo.ne.jp", "5.0.0", "550 Unknown user (in reply to RCPT TO command)", False),
        ("example.org", "5.0.0", "550 Unknown user (in reply to end of DATA command)", False),
        ("softbank.ne.jp", "5.2.0", "", True),
        ("t.vodafone.ne.jp", "5.2.0", "", True),
        ("softbank.ne.jp", "5.1.1", "550 Invalid recipient", False),
        ("example.org", "5.2.0", "", False),
    ],
)
def test_carriers_of_japan_tell_refusals_in_their_own_way(
    domain: str, code: str, text: str, *, is_policy: bool
) -> None:
    assert refusals.is_policy(code, text, domain) is is_policy


def test_what_says_that_it_is_tried_again_is_a_warning() -> None:
    assert refusals.is_warning("THIS IS A WARNING\nMESSAGE ONLY.")
    assert refusals.is_warning("再送信する必要はありません")
    assert not refusals.is_warning("This is a permanent error; I've given up.")


def test_whether_somebody_is_gone() -> None:
    assert refusals.is_gone("User Unknown")
    assert not refusals.is_gone("I do not want this")


@given(st.text(max_size=2_000), st.text(max_size=8))
def test_no_text_raises(text: str, code: str) -> None:
    refusals.is_policy(refusals.status(code, text), text, code)
    refusals.is_warning(text)
