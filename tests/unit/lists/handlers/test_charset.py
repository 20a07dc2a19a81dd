"""The charset of what is added to a field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists.handlers.charset import chosen, label, words
from mlcore.mail.words import decode


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"Tea", ""),
        (b"", ""),
        (b"=?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?=", "iso-2022-jp"),
        (b"Re: =?utf-8*en?q?Gr=C3=BC=C3=9Fe?= =?iso-8859-1?q?x?=", "utf-8"),
        (b"=?x-unknown?q?x?=", ""),
        (b"=?utf-8?x?x?=", ""),
        (b"Gr\xfc\xdfe", ""),
        (b"=?" + b"x" * 65 + b"?q?x?=", ""),
    ],
)
def test_label(raw: bytes, found: str) -> None:
    assert label(raw) == found


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [
        ("蟻", ("iso-2022-jp", "utf-8"), "iso-2022-jp"),
        ("蟻", ("", "iso-8859-1", "euc-jp"), "euc-jp"),
        ("\U0001f41c", ("iso-2022-jp", "shift_jis"), "utf-8"),
        ("蟻", ("utf-16", "no-such"), "utf-8"),
        ("¥", ("shift_jis",), "utf-8"),
        ("x", (), "utf-8"),
    ],
)
def test_chosen(text: str, wanted: tuple[str, ...], found: str) -> None:
    assert chosen(text, *wanted) == found


@given(
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), min_size=1, max_size=80),
    st.sampled_from(["utf-8", "iso-2022-jp", "shift_jis", "iso-8859-1"]),
)
def test_words_are_short_and_read_back(text: str, wanted: str) -> None:
    made = words(text, chosen(text, wanted), first_column=9)
    lines = made.split(b"\r\n ")
    assert max(map(len, lines)) <= 75
    assert len(lines[0]) + 9 <= 76
    assert all(line.startswith(b"=?") and line.endswith(b"?=") for line in lines)
    assert decode(made) == text


def test_each_word_of_iso_2022_jp_begins_and_ends_in_ascii() -> None:
    made = words("[蟻の会] " * 9, "iso-2022-jp", first_column=9)
    assert made.count(b"\r\n ") > 1
    assert decode(made) == "[蟻の会] " * 9
