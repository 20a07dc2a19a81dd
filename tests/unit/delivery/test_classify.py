"""Which reply means what, for whom."""

import pytest

from mlcore.delivery.classify import at_rcpt, at_transaction, settle
from mlcore.delivery.outcome import Deferred, Delivered, Failed, Outcome, Unknown
from mlcore.mail.reply import Reply

OK = Reply(250, "2.0.0", "Ok")
LOST = Unknown(Reply(451, "4.4.2", "lost"))


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(250, "2.1.5", "Ok"), None),
        (Reply(251, "", "will forward"), None),
        (Reply(450, "4.2.0", "greylisted"), Deferred),
        (Reply(452, "4.5.3", "too many recipients"), Deferred),
        (Reply(421, "", "closing"), Deferred),
        (Reply(354, "", "what"), Deferred),
        (Reply(552, "", "too many recipients"), Deferred),
        (Reply(552, "5.2.2", "mailbox full"), Deferred),
        (Reply(550, "5.2.2", "mailbox full"), Deferred),
    ],
)
def test_at_rcpt_what_passes_is_deferred(reply: Reply, outcome: type[Deferred] | None) -> None:
    found = at_rcpt(reply)
    assert found is None if outcome is None else found == outcome(reply)


@pytest.mark.parametrize(
    ("enhanced", "policy"),
    [("5.1.1", False), ("", False), ("5.7.1", True), ("5.6.7", True), ("5.5.1", False)],
)
def test_p11_at_rcpt_5xx_is_for_that_recipient(enhanced: str, policy: bool) -> None:
    reply = Reply(550, enhanced, "no")
    assert at_rcpt(reply) == Failed(reply, policy=policy)


def test_p11_5xx_about_the_message_does_not_count_against_members() -> None:
    for reply in (Reply(554, "5.7.1", "spam"), Reply(550, "", "no"), Reply(552, "5.3.4", "too big")):
        assert at_transaction(reply) == Failed(reply, policy=True)


def test_at_transaction_the_rest() -> None:
    assert at_transaction(OK) == Delivered(OK)
    for code in (451, 421, 452, 354):
        assert at_transaction(Reply(code, "", "")) == Deferred(Reply(code, "", ""))


def test_p11_each_reply_settles_one_recipient() -> None:
    gone, later = Reply(550, "5.1.1", "gone"), Reply(450, "4.2.0", "later")
    outcomes = settle(OK, [OK, gone, later, OK], OK, count=4, lost=LOST)
    assert outcomes == (Delivered(OK), Failed(gone), Deferred(later), Delivered(OK))


def test_a_refused_sender_is_everybodys_outcome() -> None:
    reply = Reply(550, "5.7.1", "not you")
    outcomes = settle(reply, [Reply(503, "", "need MAIL")] * 2, Reply(503, "", ""), count=2, lost=LOST)
    assert outcomes == (Failed(reply, policy=True),) * 2


@pytest.mark.parametrize(
    ("mail", "rcpts", "expected"),
    [
        (None, [], [LOST, LOST, LOST]),
        (OK, [], [LOST, LOST, LOST]),
        (OK, [OK, Reply(550, "", "no")], [LOST, Failed(Reply(550, "", "no")), LOST]),
        (OK, [OK, OK, OK], [LOST, LOST, LOST]),
    ],
)
def test_missing_replies(mail: Reply | None, rcpts: list[Reply], expected: list[Outcome]) -> None:
    assert settle(mail, rcpts, None, count=3, lost=LOST) == tuple(expected)
