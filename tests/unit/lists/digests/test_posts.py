"""What the table of contents says of a post."""

import pytest

from mlcore.lists.digests.posts import author, subject, taken_apart
from support.digest_mails import header_line, item, post
from support.posts import PLAIN, policy

ANT = policy(subject_prefix="[Ant] ")
NUMBERED = policy(subject_prefix="[蟻 %05d] ")
NONE = "(no subject)"


def test_posts_are_numbered_in_their_order_and_their_line_ends_are_those_of_mail() -> None:
    found = taken_apart([item(PLAIN), item(b"Subject: two\n\nbare\n")])
    assert [one.position for one in found] == [1, 2]
    assert found[1].fields.raw == (b"Subject: two\r\n",)
    assert found[1].body == b"bare\r\n"


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("Subject: [Ant] Tea at four", "Tea at four"),
        ("Subject: Re: [Ant] Re: [Ant] Tea at four", "Re: Tea at four"),
        ("Subject: =?utf-8?b?W0FudF0g44GK6Iy2?=", "お茶"),
        ("Subject: [Ant]", NONE),
        ("Subject: [Ant] Re:", f"Re: {NONE}"),
        ("Subject:", NONE),
        ("X-Other: x", NONE),
        ("Subject: a\r\n\tb", "a b"),
        ("Subject: =?utf-8?q?a=0D=0ABcc=3A_b?=", "a Bcc: b"),
    ],
)
def test_a_subject_has_no_prefix_of_the_list(field: str, shown: str) -> None:
    assert subject(post(field), ANT, NONE) == shown


def test_a_prefix_with_a_number_goes_too() -> None:
    field = header_line("Subject", "返信: [蟻 00012] お茶会", "iso-2022-jp")
    assert subject(post(field), NUMBERED, NONE) == "Re: お茶会"


def test_without_a_prefix_the_subject_is_that_of_the_author() -> None:
    assert subject(post("Subject: Re: AW: Tea "), policy(), NONE) == "Re: AW: Tea"
    assert subject(post("Subject: "), policy(), NONE) == NONE


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("From: Anne Person <anne@example.org>", "Anne Person"),
        ("From: anne@example.org (Anne)", "Anne"),
        ("From: Anne@Example.org", "Anne@Example.org"),
        ('From: "Person, Anne" <anne@example.org>, bob@example.org', "Person, Anne"),
        ("From: =?iso-2022-jp?b?GyRCOzNFRBsoQg==?= <taro@example.jp>", "山田"),
        ("From: Undisclosed", "Undisclosed"),
        ("From:", ""),
        ("X-Other: x", ""),
    ],
)
def test_an_author_is_called_by_name(field: str, shown: str) -> None:
    assert author(post(field)) == shown


def test_neither_is_long() -> None:
    long = post("Subject: " + "s" * 100_000, "From: " + "n" * 100_000 + " <anne@example.org>")
    assert len(subject(long, policy(), NONE)) == 254
    assert len(author(long)) == 254
