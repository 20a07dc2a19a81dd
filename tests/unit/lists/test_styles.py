"""What new lists begin with."""

import msgspec
import pytest

from mlcore.base.errors import BadInput
from mlcore.lists import styles
from mlcore.lists.model import ArchivePolicy, ListPolicy, SubscriptionPolicy


def made(style: str) -> ListPolicy:
    return styles.new_policy(style, "ant", "example.com", language="ja")


def test_the_identity_is_derived_from_the_name() -> None:
    assert made("legacy-default") == ListPolicy(
        list_id="ant.example.com",
        list_name="ant",
        mail_host="example.com",
        display_name="Ant",
        subject_prefix="[Ant] ",
        preferred_language="ja",
    )


@pytest.mark.parametrize(
    ("style", "different"),
    [
        ("legacy-announce", {"allow_list_posts": False}),
        (
            "private-default",
            {
                "advertised": False,
                "archive_policy": ArchivePolicy.PRIVATE,
                "subscription_policy": SubscriptionPolicy.CONFIRM_THEN_MODERATE,
            },
        ),
    ],
)
def test_what_differs(style: str, different: dict[str, object]) -> None:
    assert made(style) == msgspec.structs.replace(made("legacy-default"), **different)


def test_every_style_makes_valid_settings() -> None:
    """The table is not typed: what it makes must be what the database gives back."""
    for name, style in styles.STYLES.items():
        policy = made(name)
        assert msgspec.convert(msgspec.to_builtins(policy), ListPolicy) == policy
        assert (style.name, style.description[-1]) == (name, ".")


def test_an_unknown_style_is_named() -> None:
    with pytest.raises(BadInput, match=r"^Unknown list style name: baroque: write one of: legacy-default, "):
        made("baroque")
