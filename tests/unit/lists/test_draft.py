"""A draft keeps octets and objects that nobody changes."""

from mlcore.lists.draft import Draft
from support.posts import PLAIN, draft


def test_p8_a_draft_gives_back_the_octets_it_was_made_of() -> None:
    assert Draft.post(PLAIN).octets() == PLAIN


def test_a_message_without_header_section_is_all_body() -> None:
    made = Draft.post(b"\r\nbody\r\n")
    assert len(made.fields) == 0
    assert made.body == b"body\r\n"


def test_p8_the_body_stays_the_same_object() -> None:
    made = draft("From: a@example.com")
    other = made.with_fields(made.fields.append("X-One", b"1")).with_recipients(("b@example.com",))
    assert other.body is made.body
    assert other.fields.first("x-one") == b"1"
    assert other.recipients == ("b@example.com",)


def test_equal_fields_make_no_new_draft_and_recipients_survive_an_edit() -> None:
    made = draft("From: a@example.com").with_recipients(("b@example.com",))
    assert made.with_fields(made.fields) is made
    assert made.with_fields(made.fields.remove("from")).recipients == ("b@example.com",)
