"""What is a text of a mail, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.sources.plain import MOST_OCTETS, NoText, text_of


@pytest.mark.parametrize(
    ("octets", "charset", "text"),
    [
        (b"", "utf-8", ""),
        (b"a\r\nb\rc\n", "utf-8", "a\nb\nc\n"),
        ("\ufeffようこそ".encode(), "utf-8", "ようこそ"),
        ("ようこそ".encode("iso-2022-jp"), "ISO-2022-JP", "ようこそ"),
        ("ようこそ".encode("cp932"), "shift_jis", "ようこそ"),
        (b"caf\xe9", "latin-1", "café"),
        (b"write <html> so", "utf-8", "write <html> so"),
    ],
)
def test_texts(octets: bytes, charset: str, text: str) -> None:
    assert text_of(octets, charset) == text


@pytest.mark.parametrize(
    ("octets", "charset", "reason"),
    [
        (b"x" * (MOST_OCTETS + 1), "utf-8", "longer than 1,048,576 octets"),
        (b"\xff", "utf-8", "not UTF-8"),
        (b"\xff", "iso-2022-jp", "not in iso2022_jp"),
        (b"\xe9", "us-ascii", "not in ascii"),
        (b"x", "no-such\ncharset", r"unknown charset 'no-such\\ncharset'"),
        (b"a\0b", "utf-8", "NUL in it"),
        (b"  <!DOCTYPE html>\n", "utf-8", "a page of HTML"),
        (b"\n<html lang=en>", "utf-8", "a page of HTML"),
    ],
)
def test_no_texts(octets: bytes, charset: str, reason: str) -> None:
    with pytest.raises(NoText, match=reason) as caught:
        text_of(octets, charset)
    assert "\n" not in str(caught.value)


@given(st.binary(), st.sampled_from(["utf-8", "iso-2022-jp", "euc-jp", "utf-16", "utf-7", "idna", "base64"]))
def test_any_octets_are_a_text_or_none(octets: bytes, charset: str) -> None:
    try:
        text = text_of(octets, charset)
    except NoText:
        return
    assert "\r" not in text
    assert "\0" not in text
