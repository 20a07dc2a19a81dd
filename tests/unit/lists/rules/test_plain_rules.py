"""Rules that look at one fact or one setting."""

import pytest

from mlcore.lists.model import NewsgroupModeration, Role
from mlcore.lists.reasons import Reason
from mlcore.lists.rules import any as any_
from mlcore.lists.rules import (
    approved,
    banned_address,
    duplicate,
    emergency,
    news_moderation,
    no_senders,
    no_subject,
    posting_rate,
    restricted_member,
    truth,
)
from mlcore.lists.verdict import Hit
from support.posts import draft, policy, post_facts, sender

POST = draft("From: anne@example.org", "Subject: Tea")


@pytest.mark.row("rule: truth")
def test_truth_always_hits() -> None:
    assert truth.rule(POST, policy(), post_facts()) == Hit("truth")


@pytest.mark.row("rule: any")
def test_any_hits_where_something_was_remembered() -> None:
    assert any_.rule(["administrivia"]) == Hit("any")
    assert any_.rule([]) is None


@pytest.mark.row("rule: approved")
@pytest.mark.parametrize(("fact", "hit"), [(True, Hit("approved")), (False, None), (None, None)])
def test_approved_by_the_right_password_alone(fact: bool | None, hit: Hit | None) -> None:
    assert approved.rule(POST, policy(), post_facts(approved=fact)) == hit


@pytest.mark.row("rule: banned-address")
def test_any_banned_sender_is_named() -> None:
    anne, bart = sender(), sender("Bart@example.org", banned=True)
    hit = banned_address.rule(POST, policy(), post_facts(senders=(anne, bart)))
    assert hit == Hit(
        "banned-address", Reason("Message sender {} is banned from this list", "bart@example.org")
    )
    assert banned_address.rule(POST, policy(), post_facts(senders=(anne,))) is None


@pytest.mark.row("rule: no-senders")
def test_nobody_sent_it() -> None:
    hit = no_senders.rule(POST, policy(), post_facts(senders=()))
    assert hit == Hit("no-senders", Reason("The message has no valid senders"))
    assert no_senders.rule(POST, policy(), post_facts()) is None


@pytest.mark.row("rule: no-subject")
@pytest.mark.parametrize(
    ("line", "hits"),
    [
        ("X-A: b", True),
        ("Subject:", True),
        ("Subject: \t ", True),
        ("Subject: =?utf-8?q?=20=E3=80=80?=", True),
        ("Subject: x", False),
        ("Subject: =?utf-8?b?44GC?=", False),
    ],
)
def test_no_subject(line: str, hits: bool) -> None:
    hit = no_subject.rule(draft(line), policy(), post_facts())
    assert hit == (Hit("no-subject", Reason("Message has no subject")) if hits else None)


@pytest.mark.row("rule: emergency")
@pytest.mark.row("attribute: emergency")
def test_in_an_emergency_everything_hits_but_what_a_moderator_let_go() -> None:
    strict = policy(emergency=True)
    hit = emergency.rule(POST, strict, post_facts())
    assert hit == Hit("emergency", Reason("Emergency moderation is in effect for this list"))
    assert emergency.rule(POST, strict, post_facts(moderator_approved=True)) is None
    assert emergency.rule(POST, policy(), post_facts()) is None


@pytest.mark.row("rule: news-moderation")
@pytest.mark.row("attribute: newsgroup_moderation")
@pytest.mark.parametrize("setting", NewsgroupModeration)
def test_news_moderation(setting: NewsgroupModeration) -> None:
    hit = news_moderation.rule(POST, policy(newsgroup_moderation=setting), post_facts())
    found = Hit("news-moderation", Reason("Post to a moderated newsgroup gateway"))
    assert hit == (found if setting is NewsgroupModeration.MODERATED else None)


@pytest.mark.row("rule: duplicate")
def test_the_same_message_twice() -> None:
    hit = duplicate.rule(POST, policy(), post_facts(duplicate_of="018bcfe56800000a1b2c0"))
    assert hit == Hit("duplicate", Reason("This message has reached the list before"))
    assert duplicate.rule(POST, policy(), post_facts()) is None


@pytest.mark.row("rule: posting-rate")
@pytest.mark.row("attribute: max_posts_per_day")
def test_posting_rate() -> None:
    limited = policy(max_posts_per_day=3)
    hit = posting_rate.rule(POST, limited, post_facts(senders=(sender(posts_today=3),)))
    assert hit == Hit("posting-rate", Reason("The sender has reached the limit of {} posts a day", "3"))
    assert posting_rate.rule(POST, limited, post_facts(senders=(sender(posts_today=2),))) is None
    assert posting_rate.rule(POST, policy(), post_facts(senders=(sender(posts_today=99),))) is None
    assert posting_rate.rule(POST, limited, post_facts(senders=())) is None


@pytest.mark.row("rule: restricted-member")
def test_restricted_members_do_not_post() -> None:
    restricted = sender(restricted=True)
    found = Hit("restricted-member", Reason("The sender may read this list, but not post to it"))
    other = sender("x@example.org", Role.NONMEMBER)
    assert restricted_member.rule(POST, policy(), post_facts(senders=(other, restricted))) == found
    assert restricted_member.rule(POST, policy(), post_facts(senders=(sender(), restricted))) is None
    assert restricted_member.rule(POST, policy(), post_facts(senders=(other,))) is None
