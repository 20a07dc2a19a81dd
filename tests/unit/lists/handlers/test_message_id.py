"""A Message-ID for those who have none."""

import pytest

from mlcore.lists.handlers.message_id import handler
from support.posts import ENTRY, draft, policy, render_facts


@pytest.mark.row("handler: message-id")
@pytest.mark.row("field: Message-ID")
def test_a_missing_one_derives_from_the_entry() -> None:
    made = handler(draft("From: a@example.com"), policy(), render_facts())
    found = made.fields.first("message-id")
    assert found is not None
    assert ENTRY.encode() in found
    assert found.endswith(b"@example.com>")
    again = handler(draft("From: a@example.com"), policy(), render_facts())
    assert again.fields == made.fields


@pytest.mark.parametrize("odd", ["<>", "<@@x@@>", "<x@[1.2.3.4>", "", "no brackets"])
def test_p8_an_odd_one_stays(odd: str) -> None:
    made = draft("From: a@example.com", f"Message-Id: {odd}")
    assert handler(made, policy(), render_facts()) is made
