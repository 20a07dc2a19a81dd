"""The last handler: where a copy is different for each member."""

import msgspec
import pytest

from mlcore.lists.draft import Draft
from mlcore.lists.handlers import list_headers
from mlcore.lists.handlers.personalize import handler
from mlcore.lists.model import Addressee, Personalization, Recipient
from mlcore.mail.fields import split
from mlcore.mail.slots import Slot
from support.copies import copies_of, facts_for
from support.posts import PLAIN, SITE, draft, policy, render_facts

INDIVIDUAL = policy(personalize=Personalization.INDIVIDUAL)
FULL = policy(personalize=Personalization.FULL)
PEOPLE = {"anne@example.org": Addressee(name="Anne"), "b@example.com": Addressee()}


@pytest.mark.row("handler: personalize")
def test_p8_a_list_without_personal_copies_hands_on_the_same_draft() -> None:
    post = Draft.post(PLAIN)
    assert handler(post, policy(), render_facts()) is post


def test_the_way_out_is_a_slot_in_its_old_place() -> None:
    post = list_headers.handler(Draft.post(PLAIN), INDIVIDUAL, render_facts())
    made = handler(post, INDIVIDUAL, render_facts())
    assert made.fields.raw == post.fields.remove("list-unsubscribe").raw
    (slot,) = made.slots
    assert slot.kind == "unsubscribe"
    before = made.octets()[: slot.at]
    assert before.endswith(b"List-Subscribe: <mailto:ant-join@example.com>\r\n")
    assert made.body is post.body


def test_without_list_fields_there_is_none() -> None:
    settings = policy(personalize=Personalization.INDIVIDUAL, include_rfc2369_headers=False)
    foreign = draft("From: a@example.org", "List-Unsubscribe: <mailto:x@example.net>")
    made = handler(foreign, settings, render_facts())
    assert made.fields is foreign.fields
    assert made.slots == ()
    assert handler(draft("From: a@example.org"), INDIVIDUAL, render_facts()).slots == ()


def test_several_fields_become_one_slot() -> None:
    post = draft(
        "List-Unsubscribe: <mailto:x@example.net>",
        "To: a@example.org",
        "List-Unsubscribe-Post: x",
        "TO: b@example.org",
    )
    made = handler(post, FULL, render_facts())
    assert made.fields.raw == ()
    assert [(slot.kind, slot.at) for slot in made.slots] == [("unsubscribe", 0), ("to", 0)]
    assert made.slots[1].before == b"To: a@example.org\r\nTO: b@example.org\r\n"


@pytest.mark.row("attribute: personalize")
def test_full_puts_the_member_into_to() -> None:
    facts = facts_for(PEOPLE)
    post = Draft.post(PLAIN).with_recipients(tuple(PEOPLE))
    found = copies_of(handler(post, FULL, facts), facts)
    assert split(found.of(0).octets)[0].all("to") == (b"Anne <anne@example.org>",)
    assert split(found.of(1).octets)[0].all("to") == (b"b@example.com",)
    assert split(found.of(0).octets)[1] == post.body
    individual = copies_of(handler(post, INDIVIDUAL, facts), facts)
    assert split(individual.of(0).octets)[0].all("to") == (b"ant@example.com",)


def test_a_post_without_to_gets_one_at_the_end() -> None:
    facts = facts_for(PEOPLE)
    post = draft("From: a@example.org", "Subject: x").with_recipients(tuple(PEOPLE))
    made = copies_of(handler(post, FULL, facts), facts).of(1).octets
    assert made == b"From: a@example.org\r\nSubject: x\r\nTo: b@example.com\r\n\r\nShall we?\r\n"


def test_slots_count_from_the_start_of_the_message_and_stand_in_order() -> None:
    post = draft("To: a@example.org", "Subject: x", "List-Unsubscribe: y", body=b"123456789")
    slots = (Slot(at=0, kind="copy", text="b@example.com"), Slot(at=9, kind="text", text="${user_email}"))
    facts = facts_for(PEOPLE)
    made = handler(post.with_slots(slots).with_recipients(tuple(PEOPLE)), FULL, facts)
    size = len(b"Subject: x\r\n")
    assert [(slot.kind, slot.at) for slot in made.slots] == [
        ("to", 0), ("unsubscribe", size), ("copy", size), ("text", size + 2 + 9),
    ]  # fmt: skip
    octets = copies_of(made, facts).of(1).octets
    head, _, body = octets.partition(b"\r\n\r\n")
    assert [line.partition(b":")[0] for line in head.split(b"\r\n")] == [
        b"To", b"Subject", b"List-Unsubscribe", b"X-Mailman-Copy",
    ]  # fmt: skip
    assert body == b"123456789b@example.com\r\n"


def test_p9_no_member_adds_a_field_or_a_line() -> None:
    hostile = {
        "a@example.org": Addressee(name="x\r\nBcc: y@example.net\r\n\r\nbody"),
        '"a\\"<b>"@example.org': Addressee(name='"<z@example.net>, y"'),
        "b@example.org": Addressee(name="\n\n" + "花" * 999 + "\x00"),
    }
    site = msgspec.structs.replace(SITE, one_click_url="https://x.example/out")
    facts = facts_for(hostile)
    facts = msgspec.structs.replace(facts, post=msgspec.structs.replace(facts.post, site=site))
    post = list_headers.handler(Draft.post(PLAIN).with_recipients(tuple(hostile)), FULL, facts)
    post = post.with_slots((Slot(at=len(post.body), kind="text", text="${member}"),))
    found = copies_of(handler(post, FULL, facts), facts)
    for number in range(len(hostile)):
        fields, body = split(found.of(number).octets)
        assert sorted(fields.names()) == sorted([*post.fields.names(), "list-unsubscribe-post"])
        assert body.startswith(post.body)
        assert body[len(post.body) :].count(b"\r\n") == 1


def test_members_of_included_lists_are_known_by_their_address_alone() -> None:
    facts = render_facts(Recipient("x@example.net"))
    made = handler(Draft.post(PLAIN).with_recipients(("x@example.net",)), FULL, facts)
    assert split(copies_of(made, facts).of(0).octets)[0].first("to") == b"x@example.net"
