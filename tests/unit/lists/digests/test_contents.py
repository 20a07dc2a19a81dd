"""Today's topics."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists.digests.contents import topics
from mlcore.lists.digests.posts import taken_apart
from mlcore.texts.fill import width
from support.digest_mails import item, mail, post
from support.posts import PLAIN, policy

NONE = "(no subject)"


def test_a_line_for_each_post() -> None:
    posts = taken_apart([item(PLAIN), mail("Subject: [Ant] Re: Tea", "From: bob@example.org"), mail("X: y")])
    assert topics(posts, policy(subject_prefix="[Ant] "), NONE) == (
        "  1. Tea at four (Anne Person)\n  2. Re: Tea (bob@example.org)\n  3. (no subject)"
    )


def test_numbers_end_in_one_column() -> None:
    lines = topics(taken_apart([item(PLAIN)] * 10), policy(), NONE).split("\n")
    assert lines[0] == "   1. Tea at four (Anne Person)"
    assert lines[9] == "  10. Tea at four (Anne Person)"


def test_a_long_subject_goes_on_below_itself() -> None:
    long = post("Subject: " + "tea and cakes " * 10, "From: Anne Person <anne@example.org>")
    first, second, third = topics([long], policy(), NONE).split("\n")
    assert first.startswith("  1. tea and cakes")
    assert second.startswith(("     tea", "     cakes", "     and"))
    assert third.endswith("(Anne Person)")
    assert max(map(len, (first, second, third))) <= 70


def test_japanese_is_as_wide_as_it_looks() -> None:
    long = post("Subject: " + "来週のお茶会は、四時からです。" * 5, "From: 山田太郎 <taro@example.jp>")
    lines = topics([long], policy(), NONE).split("\n")
    assert len(lines) == 3
    assert all(60 < width(line) <= 70 for line in lines[:2])
    assert not any(line.strip().startswith(("。", "、")) for line in lines)
    assert (
        "".join(line.strip() for line in lines)
        .removeprefix("1. ")
        .startswith("来週のお茶会は、四時からです。来週")
    )


@pytest.mark.parametrize("evil", ["=?utf-8?q?a=0A=0A=2D=2D=2D?=", "=?utf-8?q?=0D=0A=2E=0D=0A?=", "\x1b[2J"])
def test_p9_no_subject_and_no_name_makes_a_line(evil: str) -> None:
    lines = topics([post(f"Subject: {evil}", f"From: {evil} <anne@example.org>")], policy(), NONE)
    assert "\n" not in lines
    assert lines.startswith("  1. ")
    assert lines.isprintable()


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_subject_and_any_name_can_be_listed(title: str, name: str) -> None:
    header = [
        f"Subject: {title}".encode("utf-8", "replace"),
        f"From: {name} <a@b.example>".encode("utf-8", "replace"),
    ]
    found = topics([post(*header)], policy(), NONE)
    lines = found.split("\n")
    assert lines[0].startswith("  1. ")
    assert all(line.startswith("     ") for line in lines[1:])
