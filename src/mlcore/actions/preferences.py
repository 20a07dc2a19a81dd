"""The options of one membership, as its member sees and changes them."""

from collections.abc import Mapping
from typing import Final

import msgspec
from sqlalchemy import Connection

from mlcore.actions import digests
from mlcore.lists import command_answers as answers
from mlcore.lists import command_arguments
from mlcore.lists.command_requests import Option, Set
from mlcore.lists.model import DeliveryMode, DeliveryStatus, ListPolicy, Membership, Preferences
from mlcore.lists.plain import one_line
from mlcore.lists.reasons import Reason
from mlcore.store import preferences, shown_members, topic_choices

_SWITCHES: Final[Mapping[Option, str]] = {
    Option.ACK: "acknowledge_posts",
    Option.DUPS: "receive_list_copy",
    Option.HIDE: "hide_address",
    Option.MYPOSTS: "receive_own_postings",
}
"""Preferences that are on or off."""
_DIGEST: Final[Mapping[DeliveryMode, str]] = {
    DeliveryMode.REGULAR: "off",
    DeliveryMode.PLAINTEXT_DIGESTS: "plain",
    DeliveryMode.MIME_DIGESTS: "mime",
    DeliveryMode.SUMMARY_DIGESTS: "mime",
}
_LONGEST: Final = 200


def change(conn: Connection, policy: ListPolicy, member: Membership, request: Set) -> Reason:
    """Gives the membership the option, and says what came of it. The option of nothing else is touched."""
    if request.option is Option.TOPICS:
        return _choose(conn, policy, member, request.value)
    if request.option is Option.DIGEST and request.value != "off" and not policy.digests_enabled:
        return Reason(answers.OPTION_NO_DIGESTS)
    if request.option is Option.DELIVERY and member.effective.delivery_status is DeliveryStatus.BY_MODERATOR:
        return Reason(answers.OPTION_BY_MODERATOR)
    give(conn, member, _changed(member.preferences, request))
    return Reason(answers.OPTION_CHANGED)


def give(conn: Connection, member: Membership, wanted: Preferences) -> None:
    """Gives the membership all seven of `wanted`. Who takes digests no more gets what has gathered as his
    last one. member: as it is now. Raises BadInput if it has ended."""
    preferences.set_of_member(conn, member.member_id, wanted)
    digests.stopped(conn, member)


def listed(conn: Connection, policy: ListPolicy, member: Membership) -> tuple[Reason, ...]:
    """How every option stands that means something on this list."""
    now = member.effective
    values: dict[Option, str] = {option: _word(getattr(now, name)) for option, name in _SWITCHES.items()}
    values[Option.HIDE] = _word(shown_members.is_hidden(conn, member.member_id))
    values[Option.DELIVERY] = _word(now.delivery_status is DeliveryStatus.ENABLED)
    values[Option.LANGUAGE] = now.preferred_language or policy.preferred_language
    if policy.digests_enabled:
        values[Option.DIGEST] = _DIGEST[now.delivery_mode or DeliveryMode.REGULAR]
    if policy.topics_enabled:
        chosen = topic_choices.of_member(conn, member.member_id)
        values[Option.TOPICS] = one_line(", ".join(chosen), _LONGEST) or "all"
    return tuple(Reason(answers.SHOWN[option.value], values[option]) for option in Option if option in values)


def _changed(own: Preferences, request: Set) -> Preferences:
    """What the membership itself wants then: said aloud, whatever address and user want."""
    value = request.value
    if request.option is Option.LANGUAGE:
        return msgspec.structs.replace(own, preferred_language=value)
    if request.option is Option.DIGEST:
        return msgspec.structs.replace(own, delivery_mode=command_arguments.mode_of(value))
    if request.option is Option.DELIVERY:
        status = DeliveryStatus.ENABLED if value == "on" else DeliveryStatus.BY_USER
        return msgspec.structs.replace(own, delivery_status=status)
    return msgspec.structs.replace(own, **{_SWITCHES[request.option]: value == "on"})


def _choose(conn: Connection, policy: ListPolicy, member: Membership, text: str) -> Reason:
    if not policy.topics_enabled or not policy.topics:
        return Reason(answers.OPTION_NO_TOPICS)
    chosen = command_arguments.chosen(text, policy.topics)
    if chosen is None:
        return Reason(answers.OPTION_UNKNOWN_TOPIC)
    topic_choices.set_of_member(conn, member.member_id, chosen)
    return Reason(answers.OPTION_CHANGED)


def _word(value: object) -> str:
    return "on" if value else "off"
