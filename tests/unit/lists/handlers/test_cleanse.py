"""What the list server keeps to itself."""

import pytest

from mlcore.lists.handlers.cleanse import handler
from support.posts import draft, policy, post_facts

TAKEN = [
    "Approved", "Approve", "X-Approved", "X-APPROVE", "urgent", "Return-Receipt-To",
    "Disposition-Notification-To", "X-Confirm-Reading-To", "X-PMRQC", "Archived-At", "Return-Path",
]  # fmt: skip


@pytest.mark.row("handler: cleanse")
def test_passwords_receipts_and_foreign_marks_go_and_the_rest_stays() -> None:
    made = draft("From: a@example.com", *[f"{name}: secret\r\n\tand more" for name in TAKEN * 2], "X-Last: 1")
    assert handler(made, policy(), post_facts()).fields.octets() == b"From: a@example.com\r\nX-Last: 1\r\n"


def test_p8_nothing_to_take_changes_nothing() -> None:
    made = draft("From: a@example.com", "Approved-By: somebody")
    assert handler(made, policy(), post_facts()) is made
