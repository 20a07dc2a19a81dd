"""Loops stop here (P21): what has been through this list, or pretends to be the list, goes no further."""

import re
from collections.abc import Collection, Iterator
from typing import Final
from urllib.parse import unquote

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.reasons import Reason
from mlcore.lists.senders import authors
from mlcore.lists.verdict import Hit
from mlcore.mail import charsets
from mlcore.mail.address import BadAddress, key_of

_PURPOSES: Final = ("owner", "bounces", "confirm", "join", "subscribe", "leave", "unsubscribe", "request")
_ANGLES: Final = re.compile(r"<([^<>]*)>")
_BLANKS: Final = re.compile(r"\s+")
_LONGEST: Final = 2_000
"""Octets of a List-Post that are looked at."""


def rule(draft: Draft, policy: ListPolicy, facts: PostFacts) -> Hit | None:
    """Discards a message that carries our own Delivered-To (RFC 9228 4) or our own List-Post (RFC 2369 3.4),
    has more Received fields than `max_hops` (RFC 5321 6.3), or comes from an address of the list itself (From
    or envelope sender)."""
    if _was_delivered(draft, policy, facts):
        return _hit(Reason("The message has been delivered to this address before"))
    if _was_posted(draft, policy, facts):
        return _hit(Reason("Message has already been posted to this list"))
    most = facts.site.max_hops
    if draft.fields.names().count("received") > most:
        return _hit(Reason("The message has been through more than {} hops", str(most)))
    if _is_from_list(draft, policy, facts):
        return _hit(Reason("The message comes from an address of the list itself"))
    return None


def _hit(reason: Reason) -> Hit:
    return Hit("loop", reason, "discard")


def _was_delivered(draft: Draft, policy: ListPolicy, facts: PostFacts) -> bool:
    marks = draft.fields.all("delivered-to")
    if not marks:
        return False
    # Owner mail may be a post that a member passes on; only what went to the owners before is a loop there.
    own = policy.sub_address("owner") if facts.purpose == "owner" else policy.posting_address
    return any(charsets.guess(mark).strip(" \t<>").lower() == own for mark in marks)


def _was_posted(draft: Draft, policy: ListPolicy, facts: PostFacts) -> bool:
    """Some systems drop Delivered-To; List-Post stays. Whoever answers a post does not copy it, and who sends
    a post on as it was sends what the members have."""
    fields = draft.fields.all("list-post")
    if not fields or facts.purpose == "owner":
        return False
    own = key_of(policy.posting_address)
    return any(key == own for field in fields for key in _mailed_to(charsets.guess(field[:_LONGEST])))


def _mailed_to(text: str) -> Iterator[str]:
    """The keys of the addresses in a List-Post: of mailto URLs (RFC 6068), or bare."""
    for url in _ANGLES.findall(text) or [text]:
        # blanks in a URL are folding (RFC 2369 2)
        scheme, colon, rest = _BLANKS.sub("", url).partition(":")
        is_mailto = colon and scheme.lower() == "mailto"
        address = unquote(rest.partition("?")[0]) if is_mailto else scheme
        try:
            yield key_of(address)
        except BadAddress:
            continue


def _is_from_list(draft: Draft, policy: ListPolicy, facts: PostFacts) -> bool:
    # An own address contains the list's name: most posts are let go without taking an address apart. With a
    # name beyond ASCII that is not certain, as Unicode spells one text in several ways.
    if policy.list_name.isascii():
        texts = [facts.reverse_path, *map(charsets.guess, draft.fields.all("from"))]
        if not any(policy.list_name in text.casefold() for text in texts):
            return False
    name, _, host = key_of(policy.posting_address).rpartition("@")
    hosts = {host, facts.alias_domain}
    return any(_is_own(sender.key, name, hosts) for sender in authors(draft.fields, facts.reverse_path))


def _is_own(sender: str, list_name: str, hosts: Collection[str]) -> bool:
    """Whether the key `sender` is the posting address or a sub-address, whatever detail stands behind `+`."""
    local_part, _, domain = sender.rpartition("@")
    if domain not in hosts or not local_part.startswith(list_name):
        return False
    purpose = local_part[len(list_name) :].partition("+")[0]
    return not purpose or (purpose[0] == "-" and purpose[1:] in _PURPOSES)
