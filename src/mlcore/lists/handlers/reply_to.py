"""Where answers go: Reply-To and Cc as the list wants them."""

from typing import Final

from mlcore.lists import mailboxes
from mlcore.lists.handlers.address_fields import list_itself, once, with_mailboxes, with_more
from mlcore.lists.model import ListPolicy, Personalization, ReplyGoesToList
from mlcore.mail import address
from mlcore.mail.fields import Fields

_EXPLICIT: Final = (ReplyGoesToList.EXPLICIT_HEADER, ReplyGoesToList.EXPLICIT_HEADER_ONLY)
_MOST_EXPLICIT: Final = 10


def with_reply_to(fields: Fields, policy: ListPolicy) -> Fields:
    """Reply-To: the explicit address of the list's settings, then what the author wrote unless
    `first_strip_reply_to`, then the list with `point_to_list`; each address once. Nothing to write: no field.

    A field that says so already, and every field of a list that adds and strips nothing, stays as it is."""
    mode = policy.reply_goes_to_list
    if mode is ReplyGoesToList.NO_MUNGING and not policy.first_strip_reply_to:
        return fields
    explicit = address.parse_list(policy.reply_to_address, _MOST_EXPLICIT) if mode in _EXPLICIT else []
    own = [list_itself(policy)] if mode is ReplyGoesToList.POINT_TO_LIST else []
    if not (explicit or own or policy.first_strip_reply_to):
        return fields
    kept = [] if policy.first_strip_reply_to else mailboxes.named(fields, "reply-to")
    return with_mailboxes(fields, "Reply-To", once([*explicit, *kept, *own]), policy)


def with_cc(fields: Fields, policy: ListPolicy) -> Fields:
    """Cc with the list in it, where members get copies that are addressed to them alone: else an answer to
    all would not reach the list. One field, each address once.

    Only with `personalize` full; not where Reply-To points to the list, nor on anonymous lists; with
    `explicit_header_only` without the list."""
    mode = policy.reply_goes_to_list
    if policy.personalize is not Personalization.FULL or policy.anonymous_list:
        return fields
    if mode is ReplyGoesToList.POINT_TO_LIST:
        return fields
    if mode is not ReplyGoesToList.EXPLICIT_HEADER_ONLY:
        fields = with_more(fields, "Cc", [list_itself(policy)], policy)
    if "cc" not in fields.names():
        return fields
    return with_mailboxes(fields, "Cc", once(mailboxes.named(fields, "cc")), policy)
