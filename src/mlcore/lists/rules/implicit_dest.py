"""A post names the list it is for; what comes by a blind copy is mostly spam."""

from typing import Final

from mlcore.lists import mailboxes
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.patterns import Patterns
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Hit
from mlcore.mail.address import key_of

_FIELDS: Final = ("to", "cc", "resent-to", "resent-cc")
_BEFORE: Final = b" \t\r\n,:;<"
_BEHIND: Final = b" \t\r\n,;>"


def rule(draft: Draft, policy: ListPolicy, facts: PostFacts, patterns: Patterns) -> Hit | None:
    """Hits where `require_explicit_destination` is on and no address of To, Cc, Resent-To and Resent-Cc (the
    first 1,000) is the posting address, there or at the alias domain, with or without a detail, or one of
    `acceptable_aliases` (addresses and `^` patterns, matched at the beginning). Articles of a newsgroup are
    addressed to nobody."""
    if not policy.require_explicit_destination or facts.from_usenet or _is_plain_to_see(draft, policy):
        return None
    named = {mailbox.key for _, mailbox in mailboxes.named(draft.fields, *_FIELDS)}
    own = {key_of(f"{policy.list_name}@{host}") for host in (policy.mail_host, facts.alias_domain) if host}
    if any(_without_detail(key, facts.site.delimiter) in own for key in named):
        return None
    for alias in policy.acceptable_aliases:
        if alias in named or (alias[0] == "^" and patterns.match_any(alias, named)):
            return None
    return Hit("implicit-dest", Reason("Message has implicit destination"))


def _is_plain_to_see(draft: Draft, policy: ListPolicy) -> bool:
    """Whether the posting address stands in To or Cc, so that these need not be taken apart: the case of
    nearly all posts. That it might stand in a display name does not matter: anybody can write it."""
    own = policy.posting_address.encode()
    for name in ("to", "cc"):
        for body in draft.fields.all(name):
            text = body.lower()
            start = text.find(own)
            end = start + len(own)
            if (
                start >= 0
                and (start == 0 or text[start - 1] in _BEFORE)
                and (end == len(text) or text[end] in _BEHIND)
            ):
                return True
    return False


def _without_detail(key: str, delimiter: str) -> str:
    """The key without what stands behind the delimiter (RFC 5233); a list takes posts with any detail."""
    local_part, _, domain = key.rpartition("@")
    return f"{local_part.partition(delimiter)[0]}@{domain}" if delimiter else key
