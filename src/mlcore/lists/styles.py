"""Styles: the settings that a new list begins with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mlcore.base.errors import BadInput
from mlcore.lists.model import ArchivePolicy, ListPolicy, SubscriptionPolicy


@dataclass(frozen=True, slots=True)
class Style:
    """One style. settings: those that differ from the defaults of ListPolicy."""

    name: str
    description: str
    settings: Mapping[str, object] = field(default_factory=dict)


LEGACY_DEFAULT: Final = Style("legacy-default", "Ordinary discussion mailing list style.")
LEGACY_ANNOUNCE: Final = Style(
    "legacy-announce", "Announce only mailing list style.", {"allow_list_posts": False}
)
PRIVATE_DEFAULT: Final = Style(
    "private-default",
    "Discussion mailing list style with private archives.",
    {
        "advertised": False,
        "archive_policy": ArchivePolicy.PRIVATE,
        "subscription_policy": SubscriptionPolicy.CONFIRM_THEN_MODERATE,
    },
)
STYLES: Final[Mapping[str, Style]] = {
    style.name: style for style in (LEGACY_DEFAULT, LEGACY_ANNOUNCE, PRIVATE_DEFAULT)
}
"""By name."""


def style(name: str) -> Style:
    """The style of this name. Raises BadInput."""
    try:
        return STYLES[name]
    except KeyError:
        raise BadInput(f"Unknown list style name: {name}", f"write one of: {', '.join(STYLES)}") from None


def new_policy(name: str, list_name: str, mail_host: str, *, language: str = "en") -> ListPolicy:
    """What a list `list_name@mail_host` (both in the form mail is compared with) begins with in the style
    `name`. Raises BadInput for an unknown style."""
    display_name = list_name.capitalize()
    given: dict[str, object] = {
        "list_id": f"{list_name}.{mail_host}",
        "list_name": list_name,
        "mail_host": mail_host,
        "display_name": display_name,
        "subject_prefix": f"[{display_name}] ",
        "preferred_language": language,
    }
    return ListPolicy(**given, **style(name).settings)  # type: ignore[arg-type]  # names and types: a test makes each
