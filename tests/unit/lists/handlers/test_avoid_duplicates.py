"""Whoever gets a post directly may do without the list's copy."""

import pytest

from mlcore.lists.draft import Draft
from mlcore.lists.handlers.avoid_duplicates import handler
from mlcore.lists.model import Recipient
from support.posts import PLAIN, policy, render_facts

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
