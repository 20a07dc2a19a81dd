"""The limits of a header section: 256 KiB, 2,000 fields."""

import pytest

from mlcore.lists.reasons import Reason
from mlcore.lists.rules.header_limits import rule
from mlcore.lists.verdict import Hit
from support.posts import draft, policy, post_facts


def test_at_the_limit_passes() -> None:
    fields = draft(*["X-A: b"] * 2_000)
    assert rule(fields, policy(), post_facts()) is None
    octets = draft("X-A: " + "b" * (262_144 - 7))
    assert octets.fields.size == 262_144
    assert rule(octets, policy(), post_facts()) is None


@pytest.mark.row("rule: header-limits")
def test_p7_one_field_more_is_held() -> None:
    hit = rule(draft(*["X-A: b"] * 2_001), policy(), post_facts())
    assert hit == Hit("header-limits", Reason("The message has more than {} header fields", "2000"), "hold")


@pytest.mark.row("rule: header-limits")
def test_p7_one_octet_more_is_held() -> None:
    hit = rule(draft("X-A: " + "b" * (262_144 - 6)), policy(), post_facts())
    assert hit == Hit(
        "header-limits", Reason("The header section is larger than {} octets", "262144"), "hold"
    )
