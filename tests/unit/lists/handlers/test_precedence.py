"""Precedence: list."""

from mlcore.lists.handlers.precedence import handler
from support.posts import draft, policy, render_facts


def test_it_is_added_on_top() -> None:
    made = handler(draft("From: a@example.com"), policy(), render_facts())
    assert made.fields.octets() == b"Precedence: list\r\nFrom: a@example.com\r\n"


def test_one_that_is_there_stays() -> None:
    made = draft("From: a@example.com", "precedence:  BULK")
    assert handler(made, policy(), render_facts()) is made
