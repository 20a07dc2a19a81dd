"""The order of the handlers, and that each passes on what it does not own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists import pipelines
from mlcore.lists.chain import judge
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, RenderFacts
from mlcore.lists.model import ListPolicy, Recipient, ReplyGoesToList
from mlcore.lists.pipelines import OWNER, POSTING, Pipeline, Result, first_pass, pipeline_for, second_pass
from mlcore.lists.verdict import Accept, Discard, Reject
from mlcore.mail.fields import split
from support.posts import PLAIN, draft, policy, post_facts, render_facts

MEMBERS = (Recipient("anne@example.org"), Recipient("b@example.com"))


def _rendered(octets: bytes, settings: ListPolicy, purpose: str = "post") -> Draft:
    post = Draft.post(octets)
    pipeline = pipeline_for(purpose)
    passed = first_pass(post, settings, post_facts(purpose=purpose), pipeline)
    assert isinstance(passed, Draft)
    made = second_pass(passed, settings, render_facts(*MEMBERS, purpose=purpose), pipeline)
    assert isinstance(made, Draft)
    return made


def test_a_post_as_its_members_get_it() -> None:
    settings = policy(
        subject_prefix="[Ant] ", reply_goes_to_list=ReplyGoesToList.POINT_TO_LIST, description="Ants"
    )
    made = _rendered(b"Return-Path: <anne@example.org>\r\nApproved: secret\r\n" + PLAIN, settings)
    assert made.recipients == ("anne@example.org", "b@example.com")
    added = (
        b"Delivered-To: ant@example.com\r\n"
        b"List-Help: <mailto:ant-request@example.com?subject=help>\r\n"
        b"List-Id: Ants <ant.example.com>\r\n"
        b"List-Owner: <mailto:ant-owner@example.com>\r\n"
        b"List-Post: <mailto:ant@example.com>\r\n"
        b"List-Subscribe: <mailto:ant-join@example.com>\r\n"
        b"List-Unsubscribe: <mailto:ant-leave@example.com>\r\n"
        b"Precedence: list\r\n"
    )
    header, _, body = PLAIN.partition(b"\r\n\r\n")
    header = header.replace(b"Subject: ", b"Subject: [Ant] ") + b"\r\nReply-To: Ants <ant@example.com>"
    assert made.octets() == added + header + b"\r\n\r\n" + body


def test_p8_a_list_that_changes_nothing_adds_on_top_only() -> None:
    made = _rendered(PLAIN, policy(include_rfc2369_headers=False))
    assert made.octets() == b"Delivered-To: ant@example.com\r\nPrecedence: list\r\n" + PLAIN


def test_owner_mail_is_marked_and_otherwise_as_written() -> None:
    octets = b"Return-Path: <x@example.org>\r\nSubject: Re: Re: x\r\nReply-To: y@example.org\r\n\r\nbody"
    made = _rendered(octets, policy(subject_prefix="[Ant] "), "owner")
    assert made.octets().endswith(octets)
    assert made.fields.names()[:3] == ("delivered-to", "message-id", "date")
    assert made.recipients == ("anne@example.org", "b@example.com")


def test_every_purpose_has_its_pipeline() -> None:
    assert pipeline_for("post") is POSTING
    assert pipeline_for("owner") is OWNER


def test_p21_a_rendered_post_is_a_loop_when_it_comes_back() -> None:
    for purpose in ("post", "owner"):
        facts = post_facts(purpose=purpose)
        assert judge(Draft.post(PLAIN), policy(), facts) == Accept()
        back = _rendered(PLAIN, policy(), purpose).octets()
        assert isinstance(judge(Draft.post(back), policy(), facts), Discard)


def _never(_draft: Draft, _policy: ListPolicy, _facts: PostFacts | RenderFacts) -> Result:
    raise AssertionError("a handler behind a decision was asked")


@pytest.mark.parametrize("decision", [Discard(), Reject()])
def test_p6_a_handler_may_end_the_matter(decision: Discard | Reject) -> None:
    def decided(_draft: Draft, _policy: ListPolicy, _facts: PostFacts | RenderFacts) -> Result:
        return decision

    pipeline = Pipeline(first=(decided, _never), second=(decided, _never))
    assert first_pass(Draft.post(PLAIN), policy(), post_facts(), pipeline) is decision
    assert second_pass(Draft.post(PLAIN), policy(), render_facts(), pipeline) is decision


# What each handler may add, replace or remove; everything else it hands on octet by octet.
OWNED = {
    "to_members": (),
    "to_owners": (),
    "reply_to": ("reply-to",),
    "subject_prefix": ("subject",),
    "precedence": ("precedence",),
    "list_headers": (
        "list-help", "list-id", "list-owner", "list-post", "list-subscribe", "list-unsubscribe",
        "list-unsubscribe-post",
    ),
    "date": ("date",),
    "message_id": ("message-id",),
    "delivered_to": ("delivered-to",),
}  # fmt: skip

NAMES = [
    "From", "To", "Cc", "Subject", "SUBJECT", "Date", "Message-ID", "Reply-To", "reply-to", "Sender",
    "Received", "MIME-Version", "Content-Type", "Precedence", "List-Id", "List-Post", "Delivered-To", "X-Any",
    "DKIM-Signature",
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
    reply_goes_to_list=st.sampled_from(ReplyGoesToList),
    reply_to_address=st.sampled_from(["", "desk@example.com", "a@b\r\nBcc: y@example.com"]),
    first_strip_reply_to=st.booleans(),
    include_rfc2369_headers=st.booleans(),
    allow_list_posts=st.booleans(),
)


def _message(lines: list[bytes], body: bytes) -> bytes:
    # Not `From :` first: that is how a line of an mbox begins.
    return b"".join((b"Received: by mx.example.org\r\n", *lines, b"\r\n", body))


@given(st.lists(FIELDS, max_size=12), st.binary(max_size=40), POLICIES, st.sampled_from(sorted(OWNED)))
def test_p8_p9_a_handler_keeps_every_octet_it_does_not_own(
    lines: list[bytes], body: bytes, settings: ListPolicy, name: str
) -> None:
    before = Draft.post(_message(lines, body))
    made = getattr(pipelines, name).handler(before, settings, render_facts(*MEMBERS))
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
    made = _rendered(octets, settings)
    owned = [name for names in OWNED.values() for name in names]
    assert made.fields.remove(*owned).raw == Draft.post(octets).fields.remove(*owned).raw
    assert "bcc" not in split(made.octets())[0].names()
    assert split(made.octets())[1] == body


def test_p9_recipients_come_from_the_members_alone() -> None:
    post = draft("From: anne@example.org", "To: ant@example.com, x@example.net", "Bcc: y@example.net")
    assert _rendered(post.octets(), policy()).recipients == ("anne@example.org", "b@example.com")
