"""Whoever gets a post directly may do without the list's copy."""

import pytest

from mlcore.lists.draft import Draft
from mlcore.lists.handlers.avoid_duplicates import handler
from mlcore.lists.model import Personalization, Recipient
from mlcore.lists.sending import slot_values
from mlcore.mail.slots import Slot
from support.posts import PLAIN, draft, policy, render_facts

CATE = Recipient("cate@example.net", list_copy=False)  # in Cc of PLAIN
BOB = Recipient("b@example.com", list_copy=False)


@pytest.mark.row("handler: avoid-duplicates")
@pytest.mark.row("preference: receive_list_copy")
def test_a_member_in_cc_gets_one_copy_and_stays_in_cc() -> None:
    post = Draft.post(PLAIN).with_recipients(("cate@example.net", "b@example.com"))
    made = handler(post, policy(), render_facts(CATE, BOB))
    assert made.recipients == ("b@example.com",)
    assert made.fields is post.fields
    assert made.body is post.body


def test_p8_nobody_to_leave_out_is_the_same_draft() -> None:
    post = Draft.post(PLAIN).with_recipients(("cate@example.net", "b@example.com"))
    assert handler(post, policy(), render_facts(Recipient("cate@example.net"), BOB)) is post
    assert handler(post, policy(), render_facts(Recipient("cate@example.net"))) is post


@pytest.mark.parametrize("kind", [Personalization.INDIVIDUAL, Personalization.FULL])
def test_on_a_list_with_personal_copies_a_second_copy_is_marked(kind: Personalization) -> None:
    post = Draft.post(PLAIN).with_recipients(("Cate@Example.net", "b@example.com"))
    facts = render_facts(Recipient("Cate@Example.net"), BOB)
    made = handler(post, policy(personalize=kind), facts)
    assert made.recipients == post.recipients
    assert made.slots == (Slot(at=0, kind="copy", text="cate@example.net"),)
    assert slot_values(made, facts) == {0: {"copy": "1"}}


def test_nobody_who_is_addressed_too_is_marked_nowhere() -> None:
    personal = policy(personalize=Personalization.INDIVIDUAL)
    post = Draft.post(PLAIN).with_recipients(("b@example.com",))
    assert handler(post, personal, render_facts(BOB)) is post
    left = handler(post.with_recipients(("cate@example.net",)), personal, render_facts(CATE))
    assert (left.recipients, left.slots) == ((), ())
    bare = draft("From: a@example.org").with_recipients(("b@example.com",))
    assert handler(bare, personal, render_facts(BOB)) is bare
