"""Loops stop here (P21): what has been through this list, or pretends to be the list, goes no further."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.senders import authors
from mlcore.lists.verdict import Hit
from mlcore.mail import charsets
from mlcore.mail.address import key_of

_PURPOSES = ("owner", "bounces", "confirm", "join", "subscribe", "leave", "unsubscribe", "request")


def rule(draft: Draft, policy: ListPolicy, facts: PostFacts) -> Hit | None:
    """Discards a message that carries our own Delivered-To (RFC 9228 4), has more Received fields than
    `max_hops` (RFC 5321 6.3), or comes from an address of the list itself (From or envelope sender)."""
    if _was_delivered(draft, policy, facts):
        return _hit("The message has been delivered to this address before")
    if len(draft.fields.all("received")) > facts.site.max_hops:
        return _hit(f"The message has been through more than {facts.site.max_hops} hops")
    if _is_from_list(draft, policy, facts):
        return _hit("The message comes from an address of the list itself")
    return None


def _hit(reason: str) -> Hit:
    return Hit("loop", reason, "discard")


def _was_delivered(draft: Draft, policy: ListPolicy, facts: PostFacts) -> bool:
    marks = draft.fields.all("delivered-to")
    if not marks:
        return False
    # Owner mail may be a post that a member passes on; only what went to the owners before is a loop there.
    own = policy.sub_address("owner") if facts.purpose == "owner" else policy.posting_address
    return any(charsets.guess(mark).strip(" \t<>").lower() == own for mark in marks)


def _is_from_list(draft: Draft, policy: ListPolicy, facts: PostFacts) -> bool:
    # An own address contains the list's name: most posts are let go without taking an address apart. With a
    # name beyond ASCII that is not certain, as Unicode spells one text in several ways.
    if policy.list_name.isascii():
        texts = [facts.reverse_path, *map(charsets.guess, draft.fields.all("from"))]
        if not any(policy.list_name in text.casefold() for text in texts):
            return False
    name, _, host = key_of(policy.posting_address).rpartition("@")
    return any(_is_own(sender.key, name, host) for sender in authors(draft.fields, facts.reverse_path))


def _is_own(sender: str, list_name: str, host: str) -> bool:
    """Whether the key `sender` is the posting address or a sub-address, whatever detail stands behind `+`."""
    local_part, _, domain = sender.rpartition("@")
    if domain != host or not local_part.startswith(list_name):
        return False
    purpose = local_part[len(list_name) :].partition("+")[0]
    return not purpose or (purpose[0] == "-" and purpose[1:] in _PURPOSES)
