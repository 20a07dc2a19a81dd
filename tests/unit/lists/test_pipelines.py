"""The order of the handlers, and that each passes on what it does not own."""

import traceback
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists.attributes import PIPELINES as OFFERED
from mlcore.lists.chain import judge
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, RenderFacts
from mlcore.lists.model import (
    DmarcAction,
    ListPolicy,
    Personalization,
    Recipient,
    ReplyGoesToList,
    Topic,
    TopicChoice,
)
from mlcore.lists.patterns import Patterns
from mlcore.lists.pipelines import (
    OWNER,
    PIPELINES,
    POSTING,
    VIRGIN,
    NamedGate,
    NamedHandler,
    NoSuchPipeline,
    Pipeline,
    Result,
    SearchingHandler,
    first_pass,
    pipeline_for,
    second_pass,
)
from mlcore.lists.verdict import Accept, Discard, Reject, Trail
from mlcore.mail.fields import split
from mlcore.mail.mime import parse
from support.posts import PLAIN, draft, policy, post_facts, render_facts

MEMBERS = (Recipient("anne@example.org"), Recipient("b@example.com"))


def _rendered(octets: bytes, settings: ListPolicy, purpose: str = "post", **facts: Any) -> Draft:
    post = Draft.post(octets)
    pipeline = pipeline_for(settings, purpose)
    passed = first_pass(post, settings, post_facts(purpose=purpose), pipeline)
    assert isinstance(passed, Draft)
    made = second_pass(passed, settings, render_facts(*MEMBERS, purpose=purpose, **facts), pipeline)
    assert isinstance(made, Draft)
    return made


@pytest.mark.row("pipeline: default-posting-pipeline")
def test_a_post_as_its_members_get_it() -> None:
    settings = policy(
        subject_prefix="[Ant] ", reply_goes_to_list=ReplyGoesToList.POINT_TO_LIST, description="Ants"
    )
    made = _rendered(
        b"Return-Path: <anne@example.org>\r\nApproved: secret\r\n" + PLAIN, settings, rule_misses=("loop",)
    )
    assert made.recipients == ("anne@example.org", "b@example.com")
    added = (
        b"Delivered-To: ant@example.com\r\n"
        b"X-Mailman-Rule-Misses: loop\r\n"
        b"List-Help: <mailto:ant-request@example.com?subject=help>\r\n"
        b"List-Id: Ants <ant.example.com>\r\n"
        b"List-Owner: <mailto:ant-owner@example.com>\r\n"
        b"List-Post: <mailto:ant@example.com>\r\n"
        b"List-Subscribe: <mailto:ant-join@example.com>\r\n"
        b"List-Unsubscribe: <mailto:ant-leave@example.com>\r\n"
        b"Precedence: list\r\n"
        b"X-Mailman-Version: 0.1.0\r\n"
    )
    header, _, body = PLAIN.partition(b"\r\n\r\n")
    header = header.replace(b"Subject: ", b"Subject: [Ant] ") + b"\r\nReply-To: Ants <ant@example.com>"
    assert made.octets() == added + header + b"\r\n\r\n" + body


OWN = b"Delivered-To: ant@example.com\r\nPrecedence: list\r\nX-Mailman-Version: 0.1.0\r\n"


def test_p8_a_list_that_changes_nothing_adds_on_top_only() -> None:
    made = _rendered(PLAIN, policy(include_rfc2369_headers=False))
    assert made.octets() == OWN + PLAIN


@pytest.mark.row("pipeline: default-owner-pipeline")
def test_owner_mail_is_marked_and_otherwise_as_written() -> None:
    octets = b"Return-Path: <x@example.org>\r\nSubject: Re: Re: x\r\nReply-To: y@example.org\r\n\r\nbody"
    made = _rendered(octets, policy(subject_prefix="[Ant] "), "owner")
    assert made.octets().endswith(octets)
    assert made.fields.names()[:3] == ("delivered-to", "message-id", "date")
    assert made.recipients == ("anne@example.org", "b@example.com")


@pytest.mark.row("pipeline: virgin")
def test_mail_of_our_own_goes_to_whom_it_was_written() -> None:
    octets = b"From: ant-owner@example.com\r\nDate: x\r\nMessage-ID: <y@example.com>\r\n\r\nbody"
    settings = policy(subject_prefix="[Ant] ", reply_goes_to_list=ReplyGoesToList.POINT_TO_LIST)
    letter = Draft.post(octets).with_recipients(("c@example.com",))
    made = second_pass(letter, settings, render_facts(), pipeline_for(settings, "virgin"))
    assert isinstance(made, Draft)
    assert made.recipients == ("c@example.com",)
    assert made.fields.names() == (
        "list-help", "list-id", "list-owner", "list-subscribe", "list-unsubscribe", "x-mailman-version",
        "from", "date", "message-id",
    )  # fmt: skip
    assert made.body == b"body"


@pytest.mark.row("attribute: posting_pipeline")
@pytest.mark.row("attribute: owner_pipeline")
def test_a_list_names_its_pipelines() -> None:
    assert pipeline_for(policy(), "post") is POSTING
    assert pipeline_for(policy(), "owner") is OWNER
    assert pipeline_for(policy(), "virgin") is VIRGIN
    crossed = policy(posting_pipeline="default-owner-pipeline", owner_pipeline="default-posting-pipeline")
    assert pipeline_for(crossed, "post") is OWNER
    assert pipeline_for(crossed, "owner") is POSTING
    with pytest.raises(NoSuchPipeline, match="'mine'"):
        pipeline_for(policy(posting_pipeline="mine"), "post")
    with pytest.raises(NoSuchPipeline, match="'virgin'"):
        pipeline_for(policy(posting_pipeline="virgin"), "post")


def test_the_pipelines_are_those_that_a_list_can_be_given() -> None:
    assert sorted(PIPELINES) == sorted(OFFERED)


def test_the_order_of_the_posting_pipeline() -> None:
    assert [name for name, _ in POSTING.first] == ["cleanse", "mime-delete"]
    assert [name for name, _ in POSTING.second] == [
        "tagger", "member-recipients", "avoid-duplicates", "anonymous", "cleanse-dkim", "cook-headers",
        "subject-prefix", "rfc-2369", "rule-headers", "date", "message-id", "to-archive",
        "to-digest", "decorate", "dmarc", "to-outgoing", "personalize",
    ]  # fmt: skip


def test_p21_a_rendered_post_is_a_loop_when_it_comes_back() -> None:
    for purpose in ("post", "owner"):
        facts = post_facts(purpose=purpose)
        assert isinstance(judge(Draft.post(PLAIN), policy(), facts), Accept)
        back = _rendered(PLAIN, policy(), purpose).octets()
        assert isinstance(judge(Draft.post(back), policy(), facts), Discard)


# -- handlers that depend on each other ------------------------------------------------------------------


def test_topics_are_known_before_recipients_are_chosen() -> None:
    settings = policy(topics_enabled=True, topics=(Topic(name="Tea", pattern="tea"),))
    choices = {"b@example.com": TopicChoice(frozenset({"Tea"}))}
    assert _rendered(PLAIN, settings, topic_choices=choices).recipients == (
        "anne@example.org",
        "b@example.com",
    )
    other = PLAIN.replace(b"Tea at four", b"Coffee")
    assert _rendered(other, settings, topic_choices=choices).recipients == ("anne@example.org",)


def test_recipients_are_chosen_before_the_author_is_hidden() -> None:
    settings = policy(anonymous_list=True)
    facts = render_facts(
        Recipient("anne@example.org", own_postings=False), Recipient("cate@example.net", list_copy=False)
    )
    made = second_pass(Draft.post(PLAIN), settings, facts, POSTING)
    assert isinstance(made, Draft)
    assert made.recipients == ()


def test_an_anonymous_post_has_nothing_of_its_author_but_the_text() -> None:
    settings = policy(
        anonymous_list=True, dmarc_mitigate_action=DmarcAction.MUNGE_FROM, dmarc_mitigate_unconditionally=True
    )
    made = _rendered(PLAIN, settings, dmarc_policy="reject")
    assert b"anne" not in made.octets().lower()
    assert made.fields.text("from") == "ant@example.com"
    assert made.fields.text("reply-to") == "ant@example.com"


def test_munging_keeps_what_was_written_into_reply_to() -> None:
    settings = policy(
        reply_goes_to_list=ReplyGoesToList.POINT_TO_LIST, dmarc_mitigate_action=DmarcAction.MUNGE_FROM
    )
    made = _rendered(PLAIN, settings, dmarc_policy="reject")
    assert made.fields.text("reply-to") == "ant@example.com"
    assert made.fields.text("cc") == "cate@example.net, Anne Person <Anne@Example.org>"


def test_a_wrapped_post_has_prefix_list_fields_and_mark_outside_and_the_footer_inside() -> None:
    settings = policy(subject_prefix="[Ant] ", dmarc_mitigate_action=DmarcAction.WRAP_MESSAGE)
    made = _rendered(PLAIN, settings, dmarc_policy="reject", footer="-- \nthe ants\n", rule_misses=("loop",))
    names = made.fields.names()
    assert names[0] == "delivered-to"
    assert {"list-id", "list-post", "x-mailman-version", "x-mailman-rule-misses", "precedence"} < set(names)
    assert made.fields.text("subject") == "[Ant] Tea at four"
    whole = parse(*split(made.octets()))
    assert whole.type == "message/rfc822"
    within = whole.children[0]
    assert within.fields.text("from") == "Anne Person <Anne@Example.org>"
    assert within.fields.text("subject") == "[Ant] Tea at four"
    assert "list-id" not in within.fields.names()
    assert within.text() == "Shall we?\n-- \nthe ants\n"


def test_a_wrapped_post_of_somebody_without_date_has_one_outside_and_inside() -> None:
    settings = policy(dmarc_mitigate_action=DmarcAction.WRAP_MESSAGE)
    made = _rendered(b"From: a@x.example\r\n\r\nx\r\n", settings, dmarc_policy="reject")
    within = Draft.post(made.body)
    assert made.fields.first("date") == within.fields.first("date") is not None
    assert made.fields.first("message-id") != within.fields.first("message-id") is not None


# -- handlers of a site --------------------------------------------------------------------------------


def test_handlers_of_a_site_see_what_the_author_wrote_and_may_change_whom_it_goes_to() -> None:
    seen: list[tuple[str, ...]] = []

    def plug_in(made: Draft, _policy: ListPolicy, _facts: RenderFacts) -> Result:
        seen.append(made.recipients)
        assert made.fields.text("subject") == "Tea at four"
        marked = made.with_fields(made.fields.prepend("X-Site", "seen"))
        return marked.with_recipients(("cate@example.net", "d@example.com"))

    settings = policy(subject_prefix="[Ant] ")
    pipeline = pipeline_for(settings, "post", [NamedHandler("site", plug_in)])
    names = [name for name, _ in pipeline.second]
    assert names[names.index("member-recipients") + 1] == "site"
    facts = render_facts(*MEMBERS, Recipient("cate@example.net", list_copy=False))
    made = second_pass(Draft.post(PLAIN), settings, facts, pipeline)
    assert isinstance(made, Draft)
    assert seen == [("anne@example.org", "b@example.com", "cate@example.net")]
    assert made.recipients == ("d@example.com",)
    assert made.fields.text("x-site") == "seen"


def test_they_are_for_posts_alone() -> None:
    extra = [NamedHandler("site", _never)]
    assert pipeline_for(policy(), "owner", extra) == OWNER
    assert pipeline_for(policy(), "virgin", extra) is VIRGIN


def _never(_draft: Draft, _policy: ListPolicy, _facts: PostFacts | RenderFacts) -> Result:
    raise AssertionError("a handler behind a decision was asked")


@pytest.mark.parametrize("decision", [Discard(), Reject(), Discard(Trail(by="somebody"), forward=True)])
def test_p6_a_handler_may_end_the_matter_and_is_named(decision: Discard | Reject) -> None:
    def decided(_draft: Draft, _policy: ListPolicy, _facts: PostFacts | RenderFacts) -> Result:
        return decision

    pipeline = Pipeline(
        first=(NamedGate("mine", decided), NamedGate("never", _never)),
        second=(NamedHandler("mine", decided), NamedHandler("never", _never)),
    )
    for found in (
        first_pass(Draft.post(PLAIN), policy(), post_facts(), pipeline),
        second_pass(Draft.post(PLAIN), policy(), render_facts(), pipeline),
    ):
        assert type(found) is type(decision)
        assert not isinstance(found, Draft)
        assert found.trail.by == (decision.trail.by or "mine")
        assert getattr(found, "forward", None) == getattr(decision, "forward", None)


def test_p6_what_a_handler_raises_names_it() -> None:
    def broken(_draft: Draft, _policy: ListPolicy, _facts: PostFacts | RenderFacts) -> Result:
        raise ZeroDivisionError

    pipeline = Pipeline(first=(NamedGate("mine", broken),), second=(NamedHandler("yours", broken),))
    with pytest.raises(ZeroDivisionError) as first:
        first_pass(Draft.post(PLAIN), policy(), post_facts(), pipeline)
    with pytest.raises(ZeroDivisionError) as second:
        second_pass(Draft.post(PLAIN), policy(), render_facts(), pipeline)
    for error, name in ((first.value, "mine"), (second.value, "yours")):
        assert f"raised by the handler {name}" in "".join(traceback.format_exception(error))


def test_what_is_no_result_names_the_handler() -> None:
    def forgetful(_draft: Draft, _policy: ListPolicy, _facts: PostFacts | RenderFacts) -> Any:
        return None

    pipeline = Pipeline(first=(NamedGate("mine", forgetful),), second=(NamedHandler("yours", forgetful),))
    with pytest.raises(TypeError, match="the handler mine gave NoneType"):
        first_pass(Draft.post(PLAIN), policy(), post_facts(), pipeline)
    with pytest.raises(TypeError, match="the handler yours gave NoneType"):
        second_pass(Draft.post(PLAIN), policy(), render_facts(), pipeline)


def test_p7_patterns_of_owners_share_one_budget_and_the_late_ones_are_named() -> None:
    settings = policy(topics_enabled=True, topics=(Topic(name="slow", pattern="(x+x+)+y"),))
    patterns = Patterns()
    post = draft("From: anne@example.org", "Subject: " + "x" * 900)
    made = second_pass(post, settings, render_facts(*MEMBERS), POSTING, patterns)
    assert isinstance(made, Draft)
    assert made.topics == ()
    assert patterns.late == ["(x+x+)+y"]


# -- what each handler may add, replace or remove; everything else it hands on octet by octet --------------

OWNED = {
    "tagger": ("x-topics",),
    "member-recipients": (),
    "avoid-duplicates": (),
    "owner-recipients": (),
    "cleanse-dkim": (),
    "cook-headers": ("x-mailman-version", "precedence", "reply-to", "cc"),
    "subject-prefix": ("subject",),
    "rfc-2369": (
        "list-help", "list-id", "list-owner", "list-post", "list-subscribe", "list-unsubscribe",
        "list-unsubscribe-post",
    ),
    "rule-headers": ("x-mailman-rule-hits", "x-mailman-rule-misses"),
    "date": ("date",),
    "message-id": ("message-id",),
    "to-archive": (),
    "to-digest": (),
    "dmarc": ("from", "reply-to", "cc"),
    "to-outgoing": ("delivered-to",),
    "personalize": ("list-unsubscribe", "list-unsubscribe-post", "to"),
}  # fmt: skip
HANDLERS = {handler.name: handler for pipeline in (VIRGIN, OWNER, POSTING) for handler in pipeline.second}

NAMES = [
    "From", "To", "Cc", "Subject", "SUBJECT", "Date", "Message-ID", "Reply-To", "reply-to", "Sender",
    "Received", "MIME-Version", "Content-Type", "Precedence", "List-Id", "List-Post", "Delivered-To", "X-Any",
    "DKIM-Signature", "X-Topics", "Keywords", "X-Mailman-Rule-Hits",
]  # fmt: skip
BODIES = st.lists(
    st.binary(max_size=30).map(lambda octets: bytes(o for o in octets if o not in b"\r\n\0")), max_size=3
)
FIELDS = st.tuples(st.sampled_from(NAMES), st.sampled_from([":", ": ", " :", "\t: "]), BODIES).map(
    lambda field: field[0].encode() + field[1].encode() + b"\r\n\t.".join(field[2]) + b"\r\n"
)
POLICIES = st.builds(
    policy,
    subject_prefix=st.sampled_from(["", "[Ant] ", "[Ant %d] ", "[蟻]", "x\r\nBcc: y "]),
    description=st.sampled_from(["", "Ants", "蟻の会", "x\r\nBcc: y"]),
    charset=st.sampled_from(["", "iso-2022-jp"]),
    reply_goes_to_list=st.sampled_from(ReplyGoesToList),
    reply_to_address=st.sampled_from(["", "desk@example.com", "a@b\r\nBcc: y@example.com"]),
    first_strip_reply_to=st.booleans(),
    personalize=st.sampled_from(Personalization),
    include_rfc2369_headers=st.booleans(),
    allow_list_posts=st.booleans(),
    topics_enabled=st.booleans(),
    topics=st.just((Topic(name="x\r\nBcc: y", pattern="."),)),
    dmarc_mitigate_action=st.sampled_from([DmarcAction.NO_MITIGATION, DmarcAction.MUNGE_FROM]),
    dmarc_mitigate_unconditionally=st.just(True),
)


def _message(lines: list[bytes], body: bytes) -> bytes:
    # Not `From :` first: that is how a line of an mbox begins.
    return b"".join((b"Received: by mx.example.org\r\n", *lines, b"\r\n", body))


@given(st.lists(FIELDS, max_size=12), st.binary(max_size=40), POLICIES, st.sampled_from(sorted(OWNED)))
def test_p8_p9_a_handler_keeps_every_octet_it_does_not_own(
    lines: list[bytes], body: bytes, settings: ListPolicy, name: str
) -> None:
    before = Draft.post(_message(lines, body))
    pipeline = Pipeline(first=(), second=(HANDLERS[name],))
    made = second_pass(before, settings, render_facts(*MEMBERS, rule_hits=("x\r\nBcc: y",)), pipeline)
    assert isinstance(made, Draft)
    assert made.body is before.body
    assert made.fields.remove(*OWNED[name]).raw == before.fields.remove(*OWNED[name]).raw
    # What a reader finds is what was written: no value has become a field of its own.
    fields, found = split(made.octets())
    assert fields.raw == made.fields.raw
    assert found == body


@given(st.lists(FIELDS, max_size=12), st.binary(max_size=40), POLICIES)
def test_p8_p9_the_whole_pipeline_keeps_what_is_not_its_own(
    lines: list[bytes], body: bytes, settings: ListPolicy
) -> None:
    octets = _message(lines, body)
    made = _rendered(octets, settings, rule_misses=("loop",))
    owned = [name for names in OWNED.values() for name in names]
    assert made.fields.remove(*owned).raw == Draft.post(octets).fields.remove(*owned).raw
    assert "bcc" not in split(made.octets())[0].names()
    assert split(made.octets())[1] == body


def test_each_handler_is_tried_or_has_tests_of_its_own() -> None:
    assert set(HANDLERS) - set(OWNED) == {"anonymous", "decorate"}
    assert isinstance(HANDLERS["tagger"], SearchingHandler)


def test_p9_recipients_come_from_the_members_alone() -> None:
    post = draft("From: anne@example.org", "To: ant@example.com, x@example.net", "Bcc: y@example.net")
    assert _rendered(post.octets(), policy()).recipients == ("anne@example.org", "b@example.com")
