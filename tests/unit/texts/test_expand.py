"""Values filled into texts."""

from string import Template

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.texts.expand import expand, placeholders

VALUES = {"listname": "ant@example.com", "a": "$listname", "空": "no"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("to $listname.", "to ant@example.com."),
        ("${listname}s", "ant@example.coms"),
        ("$LISTNAME", "$LISTNAME"),
        ("$unknown ${unknown}", "$unknown ${unknown}"),
        ("$$5 and $5 and $", "$5 and $5 and $"),
        ("$a", "$listname"),
        ("$空 ${空}", "$空 ${空}"),
        ("日本$listname語", "日本ant@example.com語"),
        ("${listname", "${listname"),
    ],
)
def test_filled_in(text: str, expected: str) -> None:
    assert expand(text, VALUES) == expected


@given(st.text(alphabet="$ab{}_ 日\n"), st.dictionaries(st.sampled_from(["a", "b", "ab"]), st.text()))
def test_as_pep_292_has_it(text: str, values: dict[str, str]) -> None:
    assert expand(text, values) == Template(text).safe_substitute(values)


def test_what_is_looked_for() -> None:
    assert placeholders("$b $a ${b} $$c $5 ${") == ("b", "a")
