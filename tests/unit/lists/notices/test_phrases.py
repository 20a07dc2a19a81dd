"""Set phrases with names in braces."""

from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists.notices.phrases import filled


def test_names_are_filled_in_once() -> None:
    assert filled("{a} and {b_c}", {"a": "{b_c}", "b_c": "x"}) == "{b_c} and x"


def test_what_is_no_name_stays() -> None:
    phrase = "{} {0} {A} {a-b} {_a} {unknown} {{a}} {a"
    assert filled(phrase, {"a": "x"}) == "{} {0} {A} {a-b} {_a} {unknown} {x} {a"


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_p9_nothing_is_raised(phrase: str, values: dict[str, str]) -> None:
    filled(phrase, values)
