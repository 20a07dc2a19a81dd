"""Owner mail gets its recipients."""

import pytest

from mlcore.lists.draft import Draft
from mlcore.lists.handlers.owner_recipients import handler
from mlcore.lists.model import Recipient
from support.posts import PLAIN, policy, render_facts


@pytest.mark.row("handler: owner-recipients")
def test_an_owner_who_writes_gets_it_too() -> None:
    facts = render_facts(Recipient("anne@example.org", own_postings=False), purpose="owner", number=None)
    made = handler(Draft.post(PLAIN), policy(), facts)
    assert made.recipients == ("anne@example.org",)
