"""Output for scripts: one JSON object a line (JSON Lines), times as RFC 3339 has them, in UTC."""

import sys
from collections.abc import Iterable, Mapping

from mlcore.cli.text import json_text
from mlcore.lists import kinds
from mlcore.lists.model import Membership

_moment = kinds.moment().plain


def write_lines(objects: Iterable[Mapping[str, object]]) -> None:
    """Prints each object on its line, as it comes."""
    for one in objects:
        sys.stdout.write(json_text(one, sys.stdout) + "\n")


def moment(seconds: float | None) -> object:
    """Unix seconds as `2023-11-14T22:13:20Z`; None for None."""
    return None if seconds is None else _moment(float(seconds))


def shown_membership(membership: Membership) -> dict[str, object]:
    """A membership; what holds of its preferences, not only what is set for it."""
    preferences = membership.effective
    return {
        "list_id": membership.list_id,
        "address": membership.address,
        "display_name": membership.display_name,
        "role": membership.role.value,
        "delivery_mode": None if preferences.delivery_mode is None else preferences.delivery_mode.value,
        "delivery_status": None if preferences.delivery_status is None else preferences.delivery_status.value,
        "preferred_language": preferences.preferred_language,
        "acknowledge_posts": preferences.acknowledge_posts,
        "hide_address": preferences.hide_address,
        "receive_list_copy": preferences.receive_list_copy,
        "receive_own_postings": preferences.receive_own_postings,
        "moderation_action": membership.moderation_action.value if membership.moderation_action else None,
        "subscribed_at": moment(membership.subscribed_at),
        "subscription_mode": "as_user" if membership.as_user else "as_address",
        "member_id": membership.member_id,
        "user_id": membership.user_id or None,
    }
