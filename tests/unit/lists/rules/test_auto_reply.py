"""Answering machines."""

from typing import Any

import pytest

from mlcore.lists.facts import SenderFacts
from mlcore.lists.model import Action, Role
from mlcore.lists.patterns import Patterns
from mlcore.lists.reasons import Reason
from mlcore.lists.rules.auto_reply import rule
from mlcore.lists.verdict import Hit
from support.posts import draft, policy, post_facts, sender

REASON = Reason("The message is an automatic reply, or a program wrote it")
HIT = Hit("auto-reply", REASON, "discard")


def _nonmember(**facts: Any) -> SenderFacts:
    return sender("anne@example.org", Role.NONMEMBER, **facts)


def _hit(*lines: str, by: SenderFacts | None = None, settings: Any = None, **facts: Any) -> Hit | None:
    given = post_facts(senders=(by or sender(),), **facts)
    return rule(draft(*lines), policy(**(settings or {})), given, Patterns())


@pytest.mark.row("rule: auto-reply")
@pytest.mark.parametrize(
    "line",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: AUTO-REPLIED (vacation); x=y",
        "Auto-Submitted: auto-notified",
        "X-Autoreply: yes",
        "X-Autorespond: Re: tea",
        "Precedence: auto_reply",
        "From: MAILER-DAEMON@example.org",
    ],
)
def test_p18_automatic_replies_of_members_go_nowhere(line: str) -> None:
    assert _hit(line) == HIT


@pytest.mark.row("rule: auto-reply")
def test_a_person_who_begins_the_subject_as_a_program_does_is_not_discarded_unseen() -> None:
    """`Out of office: Monday` may be news for everybody."""
    held = Hit("auto-reply", REASON, "hold")
    for line in ("Subject: Out of office: Monday", "Subject: Automatic reply: Tea"):
        assert _hit(line) == held
        assert _hit(line, by=_nonmember()) == held
        assert _hit(line, by=_nonmember(), settings={"default_nonmember_action": Action.DISCARD}) == HIT
        assert _hit(line, by=_nonmember(moderation_action=Action.REJECT)) == HIT
        assert _hit(line, by=_nonmember(), settings={"discard_these_nonmembers": ("^anne@",)}) == HIT
        assert _hit(line, approved=True) is None


@pytest.mark.row("rule: auto-reply")
def test_the_null_sender_writes_no_posts() -> None:
    assert _hit("Subject: x", reverse_path="") == HIT
    assert _hit("Subject: x", reverse_path="", from_usenet=True) is None


@pytest.mark.parametrize(
    "line",
    [
        "Subject: Tea",
        "Auto-Submitted: no",
        "Auto-Submitted: No (really)",
        "X-Auto-Response-Suppress: All",
        "Precedence: bulk",
        "Subject: Re: Out of office: Tea",
    ],
)
def test_what_people_write_passes(line: str) -> None:
    assert _hit(line) is None


@pytest.mark.parametrize(
    "line", ["Auto-Submitted: auto-generated", "Auto-Submitted: Auto-Generated; type=cron"]
)
def test_programs_of_members_and_welcome_nonmembers_pass(line: str) -> None:
    assert _hit(line) is None
    assert _hit(line, by=sender("anne@example.org", Role.OWNER)) is None
    assert _hit(line, by=_nonmember(moderation_action=Action.ACCEPT)) is None
    assert _hit(line, by=_nonmember(moderation_action=Action.DEFER)) is None
    assert _hit(line, by=_nonmember(), settings={"accept_these_nonmembers": ("^anne@",)}) is None
    assert _hit(line, by=_nonmember()) == HIT
    assert _hit(line, by=_nonmember(moderation_action=Action.HOLD)) == HIT
    assert _hit(line, reverse_path="") == HIT
