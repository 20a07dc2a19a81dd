"""P21: the mark of the list."""

import pytest

from mlcore.lists.draft import Draft
from mlcore.lists.handlers.to_outgoing import handler
from mlcore.lists.rules import loop
from support.posts import PLAIN, draft, policy, post_facts, render_facts


@pytest.mark.row("field: Delivered-To")
@pytest.mark.row("handler: to-outgoing")
def test_p21_the_posting_address_on_top_of_marks_of_others() -> None:
    made = handler(draft("Delivered-To: bee@example.com", "From: a@example.com"), policy(), render_facts())
    assert made.fields.raw == (
        b"Delivered-To: ant@example.com\r\n",
        b"Delivered-To: bee@example.com\r\n",
        b"From: a@example.com\r\n",
    )


def test_p21_owner_mail_gets_the_owner_address() -> None:
    made = handler(draft("From: a@example.com"), policy(), render_facts(purpose="owner"))
    assert made.fields.first("delivered-to") == b"ant-owner@example.com"


def test_p21_what_is_marked_is_known_on_its_next_round() -> None:
    for purpose in ("post", "owner"):
        marked = handler(Draft.post(PLAIN), policy(), render_facts(purpose=purpose))
        assert loop.rule(marked, policy(), post_facts(purpose=purpose)) is not None
