"""What hits add up to."""

import pytest

from mlcore.lists.chain import OWNER, POSTING, judge
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.verdict import Accept, Action, Discard, Hit, Hold, Reject
from support.posts import PLAIN, draft, policy, post_facts

STRANGER = post_facts(sender_roles=frozenset())


class Hits:
    """A rule that always finds the same, and counts how often it is asked."""

    def __init__(self, action: Action | None) -> None:
        self.hit = Hit("fake", str(action), action) if action else None
        self.asked = 0

    def __call__(self, _draft: Draft, _policy: ListPolicy, _facts: PostFacts) -> Hit | None:
        self.asked += 1
        return self.hit


def _judged(*actions: Action | None) -> object:
    return judge(Draft.post(PLAIN), policy(), post_facts(), tuple(Hits(action) for action in actions))


def test_p6_a_member_is_accepted() -> None:
    assert judge(Draft.post(PLAIN), policy(), post_facts()) == Accept()


def test_p6_a_stranger_is_held_with_sender_and_subject() -> None:
    assert judge(Draft.post(PLAIN), policy(), STRANGER) == Hold(
        (Hit("nonmember-moderation", "The message is not from a list member", "hold"),),
        sender="Anne@Example.org",
        subject="Tea at four",
    )


def test_p21_a_loop_wins_over_a_hold() -> None:
    verdict = judge(draft("From: ant@example.com"), policy(), STRANGER)
    assert isinstance(verdict, Discard)
    assert [hit.rule for hit in verdict.hits] == ["loop"]


def test_p6_every_mixture_ends_as_exactly_one_verdict() -> None:
    assert _judged() == Accept()
    assert _judged(None, None) == Accept()
    assert _judged("hold", "reject", "discard") == Discard((Hit("fake", "discard", "discard"),))
    assert _judged("hold", "reject", "reject") == Reject((Hit("fake", "reject", "reject"),) * 2)
    held = _judged("hold", None, "hold")
    assert isinstance(held, Hold)
    assert held.hits == (Hit("fake", "hold", "hold"),) * 2


def test_after_a_discard_no_rule_is_asked() -> None:
    last = Hits("hold")
    judge(Draft.post(PLAIN), policy(), post_facts(), (Hits("discard"), last))
    assert last.asked == 0


def test_owner_mail_of_strangers_is_accepted_unless_it_loops() -> None:
    facts = post_facts(purpose="owner", sender_roles=frozenset(), reverse_path="")
    assert judge(Draft.post(PLAIN), policy(), facts) == Accept()
    assert isinstance(judge(draft("From: ant-owner@example.com"), policy(), facts), Discard)
    assert set(OWNER) < set(POSTING)


@pytest.mark.parametrize(
    "subject",
    [
        "Subject: =?utf-8?q?one=0D=0Atwo=00=1B[31m?=",
        "Subject: one\r\n two",
        b"Subject: one two \xff\xfe",
        "Subject: " + "long " * 200,
        "Subject: =?iso-2022-jp?B?GyRCJUYlOSVIGyhC?=",
        "Subject:",
        "X-None: x",
    ],
)
def test_p9_a_held_subject_is_one_bounded_line(subject: str | bytes) -> None:
    verdict = judge(draft(subject, "From: anne@example.org"), policy(), STRANGER)
    assert isinstance(verdict, Hold)
    assert len(verdict.subject) <= 255
    assert not any(ord(sign) < 32 for sign in verdict.subject)


def test_a_japanese_subject_is_held_as_text() -> None:
    verdict = judge(
        draft("Subject: =?iso-2022-jp?B?GyRCJUYlOSVIGyhC?=", "From: a@example.org"), policy(), STRANGER
    )
    assert isinstance(verdict, Hold)
    assert verdict.subject == "テスト"


def test_a_hold_without_sender_says_so_by_an_empty_text() -> None:
    verdict = judge(draft(*["X-A: b"] * 2_001), policy(), post_facts(purpose="owner", reverse_path=""))
    assert isinstance(verdict, Hold)
    assert verdict.sender == ""
    assert verdict.subject == ""
