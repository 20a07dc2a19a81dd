"""Lists that share posts."""

import pytest

from mlcore.lists.siblings import came_through, excluded, included
from support.posts import draft, policy

BOTH = ("bee@example.com", "wasp@example.com")


@pytest.mark.row("attribute: regular_include_lists")
def test_lists_that_get_the_post_themselves_are_not_included() -> None:
    settings = policy(regular_include_lists=BOTH)
    assert included(draft("To: ant@example.com"), settings) == BOTH
    assert included(draft("To: ant@example.com", "Cc: The bees <BEE@Example.com>"), settings) == BOTH[1:]
    assert included(draft("To: bee@example.com, wasp@example.com"), settings) == ()


@pytest.mark.row("attribute: regular_exclude_lists")
def test_lists_that_get_the_post_themselves_are_excluded() -> None:
    settings = policy(regular_exclude_lists=BOTH)
    assert excluded(draft("To: ant@example.com"), settings) == ()
    assert excluded(draft("To: ant@example.com", "Cc: WASP@example.com"), settings) == BOTH[1:]
    assert excluded(draft("Bcc: bee@example.com", "Resent-To: wasp@example.com"), settings) == ()


def test_each_once_and_never_the_list_itself() -> None:
    twice = ("ant@example.com", "bee@example.com", "bee@example.com")
    post = draft("To: ant@example.com, bee@example.com")
    assert included(draft("To: x@example.com"), policy(regular_include_lists=twice)) == ("bee@example.com",)
    assert excluded(post, policy(regular_exclude_lists=twice)) == ("bee@example.com",)


def test_no_siblings_no_look_at_the_header() -> None:
    assert included(draft("To: bee@example.com"), policy()) == ()
    assert excluded(draft("To: bee@example.com"), policy()) == ()


def test_the_lists_a_post_came_through() -> None:
    fields = draft(
        "Delivered-To: BEE@Example.com", "Delivered-To: wasp@example.net", "delivered-to: bee@example.com",
        "Delivered-To: nonsense", "To: ant@example.com",
    ).fields  # fmt: skip
    assert came_through(fields) == ("bee@example.com", "wasp@example.net")
    assert came_through(fields, {"example.net"}) == ("wasp@example.net",)
    assert came_through(draft("To: ant@example.com").fields) == ()


def test_p7_fifty_of_them_are_looked_at() -> None:
    fields = draft(*[f"Delivered-To: u{number}@example.com" for number in range(200)]).fields
    assert len(came_through(fields)) == 50
