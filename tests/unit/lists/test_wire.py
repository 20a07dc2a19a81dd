"""What goes to the worker child and back is what the loop would have had."""

import msgspec
import pytest

from mlcore.lists import reports, stages, styles, wire
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, RenderFacts, SenderFacts, SiteFacts
from mlcore.lists.model import Recipient, Role, SenderStanding, TopicChoice
from mlcore.lists.pipelines import NamedHandler
from mlcore.lists.reasons import Reason
from mlcore.lists.stages import Examined, Extensions
from mlcore.lists.verdict import Accept, Discard, Hit, Hold, Reject, Trail, Verdict
from mlcore.mail.slots import Slot
from support.reports import report

ANT = msgspec.structs.replace(
    styles.new_policy("legacy-default", "ant", "example.com"),
    moderator_password="$6$x",
    dmarc_addresses=("^a",),
)
SITE = SiteFacts(version="0", site_owner="root@example.com", max_header_bytes=1_000)
POST = (
    b"From: Anne <anne@example.org>\r\nTo: ant@example.com\r\nSubject: tea\r\nMessage-ID: <1@example.org>\r\n"
    b"Approved: secret\r\nDelivered-To: up@example.com\r\n\r\nAt four\r\n"
)
MEMBER = SenderStanding(roles=frozenset({Role.MEMBER}))
FACTS = PostFacts(
    site=SITE,
    entry="0" * 21,
    now=1e9,
    reverse_path="anne@example.org",
    purpose="post",
    senders=(SenderFacts(address="anne@example.org", key="anne@example.org", standing=MEMBER),),
    size_bytes=len(POST),
)
RENDER = RenderFacts(
    post=FACTS,
    number=7,
    recipients=(Recipient("bart@example.net"), Recipient("anne@example.org", own_postings=False)),
    excluded=frozenset({"x@example.org"}),
    topic_choices={"bart@example.net": TopicChoice(frozenset({"tea"}), nonmatching=True)},
    footer="-- \nant",
)


def through(
    asked: wire.Request, octets: bytes, more: Extensions = stages.NOTHING_MORE
) -> tuple[wire.Reply, bytes]:
    """There and back, as frames."""
    sent = wire.frame(asked, octets)
    line, size = wire.lengths(sent[: wire.HEAD_OCTETS])
    assert len(sent) == wire.HEAD_OCTETS + line + size
    received = wire.request(sent[wire.HEAD_OCTETS : wire.HEAD_OCTETS + line])
    assert received == asked
    answer = wire.frame(*wire.carry_out(received, sent[len(sent) - size :] if size else b"", more))
    line, size = wire.lengths(answer[: wire.HEAD_OCTETS])
    return wire.reply(answer[wire.HEAD_OCTETS : wire.HEAD_OCTETS + line]), answer[wire.HEAD_OCTETS + line :]


def test_examined_with_senders_that_do_not_vouch() -> None:
    site = msgspec.structs.replace(SITE, sender_headers=("from",))
    here = stages.examine(POST, ANT, site, reverse_path="b@example.net", root="1")
    asked = wire.Examine(policy=ANT, site=site, reverse_path="b@example.net", root="1")
    reply, octets = through(asked, POST)
    assert isinstance(reply, wire.WasExamined)
    assert isinstance(here, Examined)
    assert here.silent == {"b@example.net"}
    assert wire.examined(reply, octets) == here


def test_examined() -> None:
    here = stages.examine(POST, ANT, SITE, reverse_path="b@example.net", root="1")
    assert isinstance(here, Examined)
    reply, octets = through(wire.Examine(policy=ANT, site=SITE, reverse_path="b@example.net", root="1"), POST)
    assert isinstance(reply, wire.WasExamined)
    assert wire.examined(reply, octets) == here
    assert here.passwords == ("secret",)
    assert here.came_through == ("up@example.com",)
    assert (here.from_domain, here.size_bytes) == ("example.org", len(POST))
    assert len(here.message_key) == len(here.content_key) == 32


def test_a_header_section_that_is_too_large() -> None:
    large = POST.replace(b"tea", b"x" * 2_000)
    here = stages.examine(large, ANT, SITE, reverse_path="", root="1")
    assert isinstance(here, Hit)
    reply, octets = through(wire.Examine(policy=ANT, site=SITE, reverse_path="", root="1"), large)
    assert isinstance(reply, wire.WasExamined)
    assert wire.examined(reply, octets) == here


def test_decided() -> None:
    draft = Draft.post(POST)
    here = stages.decide(draft, ANT, FACTS)
    reply, octets = through(wire.Decide(policy=ANT, facts=FACTS), draft.octets())
    assert isinstance(reply, wire.WasDecided)
    assert wire.decided(reply, octets) == here
    assert isinstance(here[0], Accept)


def test_rendered() -> None:
    draft = Draft.post(POST).with_topics(("tea",))
    here = stages.render(draft, ANT, RENDER)
    reply, octets = through(wire.Render(policy=ANT, facts=RENDER, topics=("tea",)), draft.octets())
    assert isinstance(reply, wire.WasDecided)
    assert wire.decided(reply, octets) == (Accept(), here)
    assert isinstance(here, Draft)
    assert here.recipients == ("bart@example.net",)


def test_what_a_handler_of_the_site_refuses() -> None:
    trail = Trail(reasons=(Reason("Too {}", "odd"),), by="odd")
    more = Extensions(handlers=(NamedHandler("odd", lambda *_: Reject(trail)),))
    reply, octets = through(wire.Render(policy=ANT, facts=RENDER), POST, more)
    assert isinstance(reply, wire.WasDecided)
    assert wire.decided(reply, octets)[0] == Reject(trail)


TRAIL = Trail(("a",), ("b", "c"), (Reason("x {}", "5"), Reason("y")), "t", "hold", "a")


@pytest.mark.parametrize(
    "verdict",
    [
        Accept(TRAIL),
        Hold(TRAIL, "anne@example.org", "お茶"),
        Reject(TRAIL),
        Discard(TRAIL, forward=True),
        Discard(TRAIL, preserve=True),
    ],
    ids=repr,
)
def test_every_verdict(verdict: Verdict) -> None:
    draft = Draft.post(POST).with_recipients(("a@example.org",)).with_topics(("tea",))
    reply, octets = wire.of_verdict(verdict, draft)
    sent = wire.reply(wire.frame(reply)[wire.HEAD_OCTETS :])
    assert isinstance(sent, wire.WasDecided)
    assert wire.decided(sent, octets) == (verdict, draft)


def test_no_frame() -> None:
    with pytest.raises(msgspec.DecodeError):
        wire.request(b'{"type":"Shell"}')
    with pytest.raises(msgspec.DecodeError):
        wire.reply(b"\x80\x04")


def test_recognised() -> None:
    octets = report("aol").octets
    reply, rest = through(wire.Recognise(), octets)
    assert isinstance(reply, wire.WasRecognised)
    assert reply.found == reports.recognise(octets)
    assert rest == b""


def test_what_is_kept_and_the_slots_come_back() -> None:
    slot = Slot(at=3, kind="text", text="$user_name", charset="utf-8", encoding="8bit")
    kept = Draft.post(b"Subject: kept\r\n\r\nbody\r\n")
    draft = Draft.post(POST).with_slots((slot,)).with_kept(kept)
    reply, octets = wire.of_verdict(Accept(), draft)
    _, back = wire.decided(reply, octets)
    assert back.octets() == draft.octets()
    assert back.slots == (slot,)
    assert back.kept is not None
    assert back.kept.octets() == kept.octets()
