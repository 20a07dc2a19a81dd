"""Where answers go: Reply-To as the list wants it."""

from typing import Final

from mlcore.lists import mailboxes
from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import ListPolicy, ReplyGoesToList
from mlcore.mail import address
from mlcore.mail.address import Address

_EXPLICIT: Final = (ReplyGoesToList.EXPLICIT_HEADER, ReplyGoesToList.EXPLICIT_HEADER_ONLY)


def handler(draft: Draft, policy: ListPolicy, _facts: RenderFacts) -> Draft:
    """Writes Reply-To: the explicit address of the list's settings, then what the author wrote unless
    `first_strip_reply_to`, then the list with `point_to_list`; each address once. Nothing to write: no field.

    A field that says so already, and every field of a list that adds and strips nothing, stays as it is."""
    mode = policy.reply_goes_to_list
    if mode is ReplyGoesToList.NO_MUNGING and not policy.first_strip_reply_to:
        return draft
    explicit = address.parse_list(policy.reply_to_address, 10) if mode in _EXPLICIT else []
    original = mailboxes.named(draft.fields, "reply-to")
    kept = [] if policy.first_strip_reply_to else original
    own = _list_itself(policy) if mode is ReplyGoesToList.POINT_TO_LIST else []
    if not (explicit or own or policy.first_strip_reply_to):
        return draft
    wanted = _once([*explicit, *kept, *own])
    if not wanted:
        return draft.with_fields(draft.fields.remove("reply-to"))
    if len(draft.fields.all("reply-to")) == 1 and _keys(wanted) == _keys(original):
        return draft
    return draft.with_fields(draft.fields.replace("Reply-To", mailboxes.written(wanted, len("Reply-To: "))))


def _list_itself(policy: ListPolicy) -> list[tuple[str, Address]]:
    return [(policy.description, address.parse(policy.posting_address))]


def _once(found: list[tuple[str, Address]]) -> list[tuple[str, Address]]:
    by_key: dict[str, tuple[str, Address]] = {}
    for name, mailbox in found:
        by_key.setdefault(mailbox.key, (name, mailbox))
    return list(by_key.values())


def _keys(found: list[tuple[str, Address]]) -> list[str]:
    return [mailbox.key for _, mailbox in found]
