"""The order of the rules, and what hits add up to."""

import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists import attributes
from mlcore.lists.chain import CHAINS, FIRST, NoSuchChain, judge, rule_names
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.links import OBEY, Always, IfAny, Link, NamedRule, SearchingLink
from mlcore.lists.model import Action, DmarcAction, HeaderMatch, ListPolicy, Role
from mlcore.lists.patterns import Patterns
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Accept, Discard, Hit, Hold, Reject, Terminal, Trail, Verdict
from mlcore.mail.lines import normalise
from support.posts import PLAIN, SITE, draft, policy, post_facts, sender

STRANGER = post_facts(senders=(sender("Anne@Example.org", Role.NONMEMBER),))
SLOW = "(?:a|b|(?R))*(?R)?x"
TWO_REASONS = draft("From: anne@example.org", "To: bee@example.com")
"""Names another list, and has no subject."""


def _site(**settings: Any) -> PostFacts:
    return post_facts(site=msgspec.structs.replace(SITE, **settings))


def _kind(verdict: Verdict) -> str:
    return type(verdict).__name__.lower()


def _reasons(verdict: Verdict) -> list[str]:
    return [reason.english for reason in verdict.trail.reasons]


@pytest.mark.row("chain: default-posting-chain")
@pytest.mark.row("chain: accept")
def test_p6_a_member_is_accepted_after_all_rules_were_asked() -> None:
    verdict = judge(Draft.post(PLAIN), policy(), post_facts())
    assert isinstance(verdict, Accept)
    assert verdict.trail == Trail(misses=verdict.trail.misses, chain="accept")
    assert verdict.trail.misses == (
        *("loop", "header-limits", "duplicate", "auto-reply", "no-senders", "banned-address"),
        *("dmarc-mitigation", "approved", "spam-score", "emergency", "restricted-member", "posting-rate"),
        *("member-moderation", "nonmember-moderation", "mime-limits", "administrivia", "implicit-dest"),
        *("max-recipients", "max-size", "news-moderation", "no-subject", "digests", "suspicious-header"),
    )


@pytest.mark.row("chain: hold")
@pytest.mark.row("chain: moderation")
def test_p6_a_stranger_is_held_with_sender_and_subject() -> None:
    verdict = judge(Draft.post(PLAIN), policy(), STRANGER)
    assert isinstance(verdict, Hold)
    assert (verdict.sender, verdict.subject) == ("Anne@Example.org", "Tea at four")
    assert verdict.trail.hits == ("nonmember-moderation",)
    assert verdict.trail.reasons == (Reason("The message is not from a list member"),)
    assert (verdict.trail.chain, verdict.trail.by) == ("hold", "nonmember-moderation")


@pytest.mark.row("chain: moderation")
@pytest.mark.row("chain: reject")
@pytest.mark.row("chain: discard")
@pytest.mark.parametrize("action", [action for action in Action if action is not Action.DEFER])
def test_moderation_ends_where_the_action_says(action: Action) -> None:
    moderated = policy(default_member_action=action, default_nonmember_action=action)
    for facts, rule in ((post_facts(), "member-moderation"), (STRANGER, "nonmember-moderation")):
        verdict = judge(TWO_REASONS, moderated, facts)
        assert _kind(verdict) == verdict.trail.chain == action.value
        assert (verdict.trail.hits, verdict.trail.by) == ((rule,), rule)


def test_all_that_is_wrong_with_a_post_is_found_at_once() -> None:
    verdict = judge(TWO_REASONS, policy(), post_facts())
    assert isinstance(verdict, Hold)
    assert verdict.trail.hits == ("implicit-dest", "no-subject")
    assert _reasons(verdict) == ["Message has implicit destination", "Message has no subject"]
    assert verdict.trail.by == "any"


@pytest.mark.row("chain: dmarc")
@pytest.mark.parametrize("action", ["reject", "discard"])
def test_dmarc(action: str) -> None:
    strict = policy(dmarc_mitigate_action=DmarcAction(action), dmarc_moderation_notice="Not from there.")
    verdict = judge(Draft.post(PLAIN), strict, post_facts(dmarc_policy="reject", approved=True))
    assert _kind(verdict) == verdict.trail.chain == action
    assert verdict.trail.by == "dmarc-mitigation"
    assert verdict.trail.text == ("Not from there." if action == "reject" else "")


@pytest.mark.row("chain: default-owner-chain")
def test_owner_mail_of_strangers_is_accepted_unless_it_loops() -> None:
    facts = post_facts(purpose="owner", senders=(), reverse_path="", duplicate_of="x")
    verdict = judge(draft("Auto-Submitted: auto-replied"), policy(emergency=True), facts)
    assert verdict == Accept(Trail(misses=("loop", "header-limits"), chain="accept"))
    assert isinstance(judge(draft("From: ant-owner@example.com"), policy(), facts), Discard)
    held = judge(draft(*["X-A: b"] * 2_001), policy(), facts)
    assert isinstance(held, Hold)
    assert (held.sender, held.subject) == ("", "")


@pytest.mark.row("attribute: posting_chain")
@pytest.mark.row("attribute: owner_chain")
@pytest.mark.parametrize("end", get_args(Terminal))
def test_a_list_says_where_its_rules_begin(end: str) -> None:
    chains = policy(posting_chain=end, owner_chain=end)
    assert _kind(judge(Draft.post(PLAIN), chains, STRANGER)) == end
    assert _kind(judge(Draft.post(PLAIN), chains, post_facts(purpose="owner"))) == end


def test_the_chains_are_those_that_a_list_may_name() -> None:
    assert set(CHAINS) == set(attributes.CHAINS)
    assert len(CHAINS) == 9
    with pytest.raises(NoSuchChain, match="no chain is called 'nightly'"):
        judge(Draft.post(PLAIN), policy(posting_chain="nightly"), post_facts())


def test_a_chain_that_ends_without_a_decision_leaves_it_to_a_person() -> None:
    for chain in ("moderation", "dmarc", "header-match"):
        verdict = judge(Draft.post(PLAIN), policy(posting_chain=chain), post_facts())
        assert isinstance(verdict, Hold)


@pytest.mark.parametrize("chain", ["accept", "default-posting-chain", "default-owner-chain", "hold"])
@pytest.mark.parametrize(
    ("line", "facts", "rule"),
    [
        ("From: ant@example.com", {}, "loop"),
        ("Auto-Submitted: auto-replied", {}, "auto-reply"),
        ("A: b", {"duplicate_of": "x"}, "duplicate"),
    ],
)
def test_p21_no_setting_makes_a_list_part_of_a_loop(chain: str, line: str, facts: Any, rule: str) -> None:
    given = post_facts(approved=True, **facts)
    verdict = judge(draft(line), policy(posting_chain=chain), given)
    assert isinstance(verdict, Discard)
    assert (verdict.trail.hits, verdict.trail.by) == ((rule,), rule)


def test_an_approved_post_skips_moderation_but_neither_bans_nor_limits() -> None:
    strict = policy(emergency=True, default_member_action=Action.DISCARD, spam_discard_score=1.0)
    spam = draft("X-Spam-Score: 9")
    verdict = judge(spam, strict, post_facts(approved=True, senders=(sender(restricted=True),)))
    assert isinstance(verdict, Accept)
    assert (verdict.trail.hits, verdict.trail.by) == (("approved",), "approved")
    assert isinstance(judge(spam, strict, post_facts(approved=True, senders=(sender(banned=True),))), Discard)
    large = draft(*["X-A: b"] * 2_001)
    assert isinstance(judge(large, strict, post_facts(approved=True)), Hold)
    assert isinstance(judge(spam, strict, post_facts(approved=True, senders=())), Discard)
    assert isinstance(judge(spam, strict, post_facts(approved=False)), Discard)


def test_spam_is_not_answered() -> None:
    """Rejections would go to whoever is named as its sender."""
    strict = policy(default_nonmember_action=Action.REJECT, spam_hold_score=5.0)
    assert isinstance(judge(draft("X-Spam-Score: 9"), strict, STRANGER), Hold)
    assert isinstance(judge(draft("X-Spam-Score: 1"), strict, STRANGER), Reject)


def test_restricted_members_are_told() -> None:
    verdict = judge(Draft.post(PLAIN), policy(), post_facts(senders=(sender(restricted=True),)))
    assert isinstance(verdict, Reject)
    assert verdict.trail.by == "restricted-member"


def test_who_sends_too_much_is_held_whatever_else_holds_for_members() -> None:
    busy = post_facts(senders=(sender(posts_today=3),))
    generous = policy(max_posts_per_day=3, default_member_action=Action.ACCEPT)
    assert isinstance(judge(Draft.post(PLAIN), generous, busy), Hold)


def test_p7_a_message_too_complex_for_the_rules_is_held() -> None:
    deep = draft(
        'Content-Type: multipart/mixed; boundary="b"', "Subject: x", body=b"--b\r\n\r\nx\r\n" * 1_001
    )
    match = HeaderMatch(header="x-odd", pattern=".", action=Action.DISCARD)
    verdict = judge(deep, policy(header_matches=(match,)), post_facts())
    assert isinstance(verdict, Hold)
    assert verdict.trail.by == "mime-limits"


# -- header matches -------------------------------------------------------------------------------------

TEA = HeaderMatch(header="subject", pattern="^tea")
FOUR = HeaderMatch(header="subject", pattern="four$")
NO = HeaderMatch(header="subject", pattern="coffee")


@pytest.mark.row("chain: header-match")
@pytest.mark.row("rule: header-match")
def test_header_checks_of_the_site_are_all_tried() -> None:
    facts = _site(header_checks=(NO, TEA, FOUR), jump_action=Action.REJECT)
    verdict = judge(Draft.post(PLAIN), policy(header_matches=(NO,)), facts)
    assert isinstance(verdict, Reject)
    assert verdict.trail.hits == ("header-match-config-2", "header-match-config-3")
    assert _reasons(verdict) == ['Header "subject" matched a header rule'] * 2
    assert verdict.trail.by == "any"
    assert "header-match-config-1" in verdict.trail.misses
    assert "header-match-ant.example.com-0" not in verdict.trail.misses


@pytest.mark.row("attribute: header_matches")
@pytest.mark.row("chain: header-match")
@pytest.mark.row("rule: header-match")
@pytest.mark.parametrize("action", [action for action in Action if action is not Action.DEFER])
@pytest.mark.parametrize("own", [True, False])
def test_the_first_match_of_a_list_decides(action: Action, own: bool) -> None:
    first = msgspec.structs.replace(TEA, action=action if own else None)
    last = msgspec.structs.replace(FOUR, action=Action.HOLD)
    facts = _site(jump_action=Action.DISCARD if own else action)
    verdict = judge(Draft.post(PLAIN), policy(header_matches=(NO, first, last), emergency=True), facts)
    assert _kind(verdict) == action.value
    assert verdict.trail.hits == ("header-match-ant.example.com-1",)
    assert verdict.trail.by == "header-match-ant.example.com-1"
    assert "header-match-ant.example.com-0" in verdict.trail.misses
    assert "emergency" not in verdict.trail.misses


def test_a_match_that_defers_is_told_and_no_more() -> None:
    """There the message was shunted."""
    matches = (msgspec.structs.replace(TEA, action=Action.DEFER), NO)
    verdict = judge(Draft.post(PLAIN), policy(header_matches=matches), post_facts())
    assert isinstance(verdict, Accept)
    assert verdict.trail.hits == ("header-match-ant.example.com-0",)
    assert verdict.trail.reasons == ()
    assert verdict.trail.by == ""
    by_site = judge(Draft.post(PLAIN), policy(header_matches=(TEA,)), _site(jump_action=Action.DEFER))
    assert isinstance(by_site, Accept)


def test_p7_expressions_that_take_too_long_are_named_those_of_the_site_too() -> None:
    odd = draft("Subject: " + "a" * 60 + "!@example.org", "To: ant@example.com")
    slow = HeaderMatch(header="subject", pattern=SLOW)
    other = HeaderMatch(header="subject", pattern=SLOW.replace("b", "c"))
    patterns = Patterns()
    facts = _site(header_checks=(slow,))
    verdict = judge(odd, policy(header_matches=(other,)), facts, patterns=patterns)
    assert isinstance(verdict, Accept)
    assert sorted(patterns.late) == sorted([slow.pattern, other.pattern])


# -- rules of the site ----------------------------------------------------------------------------------


def _named(name: str, action: Terminal | None, *, hits: bool = True) -> NamedRule:
    def function(_draft: Draft, _policy: ListPolicy, _facts: PostFacts) -> Hit | None:
        return Hit(name, Reason(f"{name} says so"), action) if hits else None

    return NamedRule(name, function)


@pytest.mark.parametrize("action", get_args(Terminal))
def test_a_rule_of_the_site_may_decide(action: Terminal) -> None:
    extra = (_named("calm", None, hits=False), _named("strict", action), _named("late", "discard"))
    verdict = judge(Draft.post(PLAIN), policy(), post_facts(), extra=extra)
    assert _kind(verdict) == action
    assert verdict.trail.hits == ("strict",)
    assert verdict.trail.misses[-1] == "calm"
    assert verdict.trail.by == "strict"


def test_a_rule_of_the_site_may_add_a_reason() -> None:
    verdict = judge(TWO_REASONS, policy(), post_facts(), extra=(_named("also", None),))
    assert isinstance(verdict, Hold)
    assert verdict.trail.hits == ("implicit-dest", "no-subject", "also")
    assert _reasons(verdict)[-1] == "also says so"


def test_what_a_rule_of_the_site_raises_goes_through() -> None:
    def broken(_draft: Draft, _policy: ListPolicy, _facts: PostFacts) -> Hit | None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        judge(Draft.post(PLAIN), policy(), post_facts(), extra=(NamedRule("broken", broken),))


# -- the table ------------------------------------------------------------------------------------------


def test_every_jump_and_detour_leads_to_a_chain_and_none_in_a_circle() -> None:
    leads = {
        name: {
            step.chain if isinstance(step, IfAny) else step.then.chain
            for step in chain
            if isinstance(step, (Link, SearchingLink, Always, IfAny))
        }
        - {""}
        for name, chain in CHAINS.items()
    }
    assert {chain for found in leads.values() for chain in found} <= set(CHAINS)
    assert all(
        isinstance(step, (Link, SearchingLink))
        and (step.then is OBEY or step.then.chain in get_args(Terminal))
        for chain in FIRST.values()
        for step in chain
    )
    left = dict(leads)
    while left:
        done = {name for name, found in left.items() if found.isdisjoint(left)}
        assert done, f"a circle of {sorted(left)}"
        left = {name: found for name, found in left.items() if name not in done}


def test_names_of_all_rules() -> None:
    names = rule_names()
    assert len(names) == len(set(names))
    assert {"any", "truth", "header-match", "loop", "suspicious-header"} <= set(names)
    assert len(names) == 26


EVERYTHING = policy(
    acceptable_aliases=("^old",),
    accept_these_nonmembers=("^friend@",),
    bounce_matching_headers="Subject: spam",
    dmarc_mitigate_action=DmarcAction.REJECT,
    dmarc_addresses=("^evil",),
    header_matches=(NO, HeaderMatch(header="content-type", pattern="x-msdownload")),
    spam_hold_score=5.0,
)
NAMES = (
    "From",
    "To",
    "Subject",
    "Content-Type",
    "List-Post",
    "X-Spam-Score",
    "Auto-Submitted",
    "Delivered-To",
)


@given(
    st.lists(st.tuples(st.sampled_from(NAMES), st.binary(max_size=60)), max_size=8),
    st.binary(max_size=300),
    st.booleans(),
)
def test_p6_every_message_ends_somewhere(
    fields: list[tuple[str, bytes]], body: bytes, by_member: bool
) -> None:
    head = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in fields)
    facts = post_facts(
        site=msgspec.structs.replace(SITE, hold_digest=True, mastheads=("$listname",), header_checks=(NO,)),
        senders=(sender(),) if by_member else STRANGER.senders,
    )
    verdict = judge(Draft.post(normalise(head + b"\r\n" + body)), EVERYTHING, facts)
    assert _kind(verdict) == verdict.trail.chain


def test_the_document_has_the_rules_in_their_order() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "rules.md").read_text("utf-8")
    documented = re.findall(
        r"^\| `([a-z-]+)` \| .* \|$", text.partition("## The other chains")[0], re.MULTILINE
    )
    asked = [name for name in rule_names() if name != "header-match"]
    assert list(dict.fromkeys(documented)) == asked


# -- what a moderator is shown ----------------------------------------------------------------------------


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
