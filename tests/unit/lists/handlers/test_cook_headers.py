"""What every post carries."""

import pytest

from mlcore.lists.handlers.cook_headers import for_own_mail, handler
from mlcore.lists.model import Personalization, ReplyGoesToList
from support.posts import draft, policy, render_facts


@pytest.mark.row("field: Precedence")
@pytest.mark.row("field: X-Mailman-Version")
@pytest.mark.row("handler: cook-headers")
def test_version_and_precedence_are_added_on_top() -> None:
    made = handler(draft("From: a@example.com"), policy(), render_facts())
    assert made.fields.octets() == (
        b"Precedence: list\r\nX-Mailman-Version: 0.1.0\r\nFrom: a@example.com\r\n"
    )


def test_p8_those_that_are_there_stay() -> None:
    made = draft("From: a@example.com", "precedence:  BULK", "X-MAILMAN-VERSION: 3.3.10")
    assert handler(made, policy(), render_facts()) is made
    assert for_own_mail(made, policy(), render_facts()) is made


def test_reply_to_and_cc_are_written() -> None:
    settings = policy(
        reply_goes_to_list=ReplyGoesToList.EXPLICIT_HEADER,
        reply_to_address="desk@example.com",
        personalize=Personalization.FULL,
    )
    made = handler(draft("From: a@example.com"), settings, render_facts())
    assert made.fields.texts("reply-to") == ("desk@example.com",)
    assert made.fields.texts("cc") == ("ant@example.com",)


def test_own_mail_says_itself_what_it_is() -> None:
    """A confirmation with `Precedence: list` was taken for mail of a list."""
    settings = policy(reply_goes_to_list=ReplyGoesToList.POINT_TO_LIST)
    made = for_own_mail(draft("From: a@example.com"), settings, render_facts())
    assert made.fields.octets() == b"X-Mailman-Version: 0.1.0\r\nFrom: a@example.com\r\n"
