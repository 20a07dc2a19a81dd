"""What may not stand in the text of a digest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists.digests.visible import visible, without_separators
from support.digest_mails import SEVENTY, THIRTY


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a\r\nb\rc\n", "a\nb\nc"),
        ("\n\n  a  \n\n  b\n \n", "  a  \n\n  b"),
        ("a\x1b[31mb\x00\x0c\x7f\ud800c\td", "a[31mbc\td"),
        (" \n\t\n", ""),
        ("", ""),
    ],
)
def test_what_is_left_of_a_text(text: str, left: str) -> None:
    assert visible(text) == left


@pytest.mark.parametrize("line", [THIRTY, SEVENTY, THIRTY + "-", THIRTY + " \t"])
def test_a_line_that_parts_messages_is_moved(line: str) -> None:
    assert without_separators(f"a\n{line}\nb") == f"a\n {line}\nb"
    assert without_separators(line) == f" {line}"


@pytest.mark.parametrize("line", ["-" * 29, f" {THIRTY}", f"{THIRTY} x", f"x{THIRTY}", "-- ", ""])
def test_any_other_line_stays(line: str) -> None:
    assert without_separators(f"a\n{line}\nb") == f"a\n{line}\nb"


@given(st.text(alphabet="-- \t\nx", max_size=400))
def test_no_text_has_a_separator(text: str) -> None:
    assert f"\n\n{THIRTY}\n\n" not in f"\n\n{without_separators(text)}\n\n"
    assert without_separators(text).replace("\n ", "\n").lstrip(" ") == text.replace("\n ", "\n").lstrip(" ")


def test_a_mebibyte_of_hyphens_takes_linear_time() -> None:
    text = ("-" * 1_000 + "x\n") * 1_000 + "-" * 1_000_000 + "x"
    assert without_separators(text) == text
