"""Posts get their recipients."""

import pytest

from mlcore.lists.draft import Draft
from mlcore.lists.handlers.member_recipients import handler
from mlcore.lists.model import Recipient
from support.posts import PLAIN, policy, render_facts


@pytest.mark.row("handler: member-recipients")
def test_p8_the_chosen_ones_and_nothing_else_changes() -> None:
    before = Draft.post(PLAIN)
    facts = render_facts(Recipient("anne@example.org", own_postings=False), Recipient("b@example.com"))
    made = handler(before, policy(), facts)
    assert made.recipients == ("b@example.com",)
    assert made.fields is before.fields
    assert made.body is before.body
