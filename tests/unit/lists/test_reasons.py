"""Reasons, as people read them and as they are kept."""

import pytest

from mlcore.lists.reasons import Reason, unpacked

LIMIT = Reason("Message has more than {} recipients", "10")


def test_the_argument_stands_in_its_place() -> None:
    assert LIMIT.english == "Message has more than 10 recipients"
    assert LIMIT.filled("宛先が {} を超えています") == "宛先が 10 を超えています"
    assert LIMIT.filled("宛先が多すぎます") == "宛先が多すぎます"
    assert Reason("No {}", "{}").english == "No {}"


@pytest.mark.parametrize(
    "reason", [LIMIT, Reason("Message has no subject"), Reason("{}", "a\tb"), Reason("")]
)
def test_what_is_kept_is_one_line_that_can_be_read_back(reason: Reason) -> None:
    assert "\n" not in reason.packed()
    assert unpacked(reason.packed()) == reason


def test_a_line_of_somebody_else_is_a_text() -> None:
    assert unpacked("said by an older version") == Reason("said by an older version")
