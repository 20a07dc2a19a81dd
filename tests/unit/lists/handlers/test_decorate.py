"""The handler that puts the list's header and footer around posts."""

import time

import msgspec
import pytest

from mlcore.lists import archiving
from mlcore.lists.draft import Draft
from mlcore.lists.facts import ArchiverFacts, RenderFacts
from mlcore.lists.handlers.decorate import handler
from mlcore.lists.model import Personalization
from mlcore.mail import mime
from mlcore.mail.slots import Slot
from support.odd_messages import SIGNED, mail, many, nested, whole
from support.posts import PLAIN, SITE, policy, render_facts
from support.shapes import shapes
from support.signing import sign, verifies

POLICY = policy(description="All about ants", info="one\ntwo")


def _facts(header: str = "", footer: str = "", base_url: str = "") -> RenderFacts:
    return msgspec.structs.replace(render_facts(), header=header, footer=footer, base_url=base_url)


def _made(octets: bytes, header: str = "", footer: str = "", base_url: str = "") -> Draft:
    return handler(Draft.post(octets), POLICY, _facts(header, footer, base_url))


@pytest.mark.row("handler: decorate")
@pytest.mark.parametrize(("header", "footer"), [("", ""), (" \n", "\r\n\t"), ("", "\0")])
def test_p8_nothing_to_add_changes_nothing(header: str, footer: str) -> None:
    draft = Draft.post(PLAIN)
    assert handler(draft, POLICY, _facts(header, footer)) is draft
    empty = handler(draft, policy(description=""), _facts("$description", "$info"))
    assert empty is draft


@pytest.mark.row("handler: decorate")
@pytest.mark.row("attribute: description")
@pytest.mark.row("attribute: info")
def test_placeholders_are_filled_in() -> None:
    made = _made(
        PLAIN,
        "$description ${list_id}\n",
        "$listname $unknown $$ $info\n$mailinglist_url",
        "https://x.example",
    )
    assert made.body == (
        b"All about ants ant.example.com\r\nShall we?\r\nant@example.com $unknown $ one\r\ntwo\r\n"
        b"https://x.example/lists/ant.example.com\r\n"
    )


def test_a_post_has_the_same_boundary_on_each_attempt() -> None:
    made = _made(whole(SIGNED), "", "footer")
    assert made.octets() == _made(whole(SIGNED), "", "footer").octets()
    assert made.part().content_type.boundary == b"=_018bcfe56800000a1b2c3.1"


def test_recipients_and_topics_stay() -> None:
    draft = Draft.post(PLAIN).with_recipients(("a@example.com",)).with_topics(("tea",))
    made = handler(draft, POLICY, _facts("", "footer"))
    assert (made.recipients, made.topics) == (("a@example.com",), ("tea",))
    assert made.fields == draft.fields


@pytest.mark.parametrize("octets", [many(1001), nested(101)])
def test_p7_what_is_too_complex_is_wrapped(octets: bytes) -> None:
    made = _made(octets, "", "footer")
    assert made.fields.first("content-type") == b'multipart/mixed; boundary="=_018bcfe56800000a1b2c3.1"'
    assert Draft.post(octets).body in made.body


@pytest.mark.parametrize(
    "template",
    ["a\r\nb\rc\nd", "a\0\x1b[1m\x7f\udc80", "--=_018bcfe56800000a1b2c3.1\nX: y", "\n\nBcc: x@y\n\n"],
)
def test_p9_no_template_adds_a_field_or_a_part(template: str) -> None:
    for octets in (PLAIN, whole(SIGNED)):
        made = _made(octets, template, template)
        extra = {"content-type", "content-transfer-encoding", "mime-version"}
        assert set(made.fields.names()) <= set(Draft.post(octets).fields.names()) | extra
        assert len(made.part().children) in {0, 3}
        assert b"\0" not in made.body
        assert b"\x1b" not in made.body


@pytest.mark.parametrize("octets", [pytest.param(octets, id=name) for name, octets in shapes()])
def test_p8_without_texts_a_signature_survives(octets: bytes) -> None:
    signed = sign(octets)
    made = _made(signed)
    assert made.octets() == Draft.post(signed).octets()
    assert verifies(made.octets())


def test_a_normal_post_costs_little() -> None:
    octets = mail(b"Content-Type: text/plain; charset=utf-8", body="会議は四時からです。\r\n".encode() * 120)
    facts = _facts("", "____\n$display_name $listname")
    drafts = [Draft.post(octets) for _ in range(200)]
    started = time.process_time()
    for draft in drafts:
        handler(draft, POLICY, facts)
    assert (time.process_time() - started) / 200 < 0.002


def test_the_text_of_the_wrapped_part_is_found() -> None:
    found = mime.first_text(_made(whole(SIGNED), "", "footer").part())
    assert found is not None
    assert found.text() == "The meeting begins at four.\n"


def test_placeholders_of_the_reader_stay_as_they_are_without_personal_copies() -> None:
    made = _made(PLAIN, "", "for $user_name")
    assert made.body.endswith(b"for $user_name\r\n")
    assert made.slots == ()


def test_with_personal_copies_they_are_slots() -> None:
    personal = policy(personalize=Personalization.INDIVIDUAL, description="50 $x %")
    mark = Slot(at=0, kind="copy", text="x")
    draft = Draft.post(PLAIN).with_recipients(("a@example.com",)).with_slots((mark,))
    made = handler(draft, personal, _facts("$description", "for ${user_email}: $description $$ $x"))
    assert made.body == b"50 $x %\r\nShall we?\r\n"
    slot = Slot(
        at=len(made.body),
        kind="text",
        text="for ${user_email}: 50 $$x % $$ $$x",
        charset="us-ascii",
        encoding="7bit",
    )
    assert made.slots == (mark, slot)
    shared = handler(draft, personal, _facts("", "for everybody"))
    assert shared.body.endswith(b"for everybody\r\n")
    assert shared.slots == (mark,)


KITTY = ArchiverFacts(name="hyperkitty", kind="hyperkitty", base_url="https://lists.example.com/archives/")


@pytest.mark.parametrize("kind", Personalization)
def test_the_page_of_the_post_in_archives(kind: Personalization) -> None:
    settings = policy(personalize=kind)
    page = archiving.permalink(KITTY, settings, "<one@example.org>")
    assert page.startswith("https://lists.example.com/archives/")
    facts = _facts("$description ${hyperkitty_url} $other_url", "$user_email $hyperkitty_url")
    site = msgspec.structs.replace(SITE, archivers=(KITTY,))
    facts = msgspec.structs.replace(facts, post=msgspec.structs.replace(facts.post, site=site))
    made = handler(Draft.post(PLAIN), settings, facts)
    assert made.body.startswith(f" {page} $other_url\r\n".encode())
    if kind is Personalization.NONE:
        assert made.body.endswith(f"$user_email {page}\r\n".encode())
    else:
        assert made.slots[0].text == f"${{user_email}} {page}"
