"""A Date for those who have none."""

import pytest

from mlcore.lists.handlers.date import handler
from support.posts import draft, policy, render_facts


@pytest.mark.row("handler: date")
@pytest.mark.row("field: Date")
def test_a_missing_one_is_the_time_of_the_facts() -> None:
    made = handler(draft("From: a@example.com"), policy(), render_facts())
    assert made.fields.octets() == b"Date: Tue, 14 Nov 2023 22:13:20 +0000\r\nFrom: a@example.com\r\n"


def test_p8_one_that_is_there_stays_however_wrong() -> None:
    made = draft("date: yesterday")
    assert handler(made, policy(), render_facts()) is made
