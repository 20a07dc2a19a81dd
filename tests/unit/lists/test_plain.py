"""Text fit for one line."""

from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists.plain import escaped, one_line


def test_one_line_is_bounded_and_stripped() -> None:
    assert one_line("  tea\r\nat\tfour ", 255) == "tea at four"
    assert one_line("x" * 1_000, 255) == "x" * 255


@given(st.text(st.characters()), st.integers(1, 300))
def test_p9_p27_one_line_is_printable_as_one_line(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1
    assert not any(ord(sign) < 32 or 0x7F <= ord(sign) <= 0x9F for sign in line)
    line.encode()


def test_escaped_shows_what_was_there() -> None:
    assert escaped("a\r\n\t\x1b\x7f\\あ", 200) == r"a\r\n\t\x1b\x7f\\\u3042"
    assert escaped("abc", 2) == "ab"


@given(st.text(st.characters(), max_size=50))
def test_p27_escaped_is_printable_ascii_and_bounded(text: str) -> None:
    shown = escaped(text, 20)
    assert shown.isascii()
    assert shown.isprintable()
    assert len(shown) <= 200
