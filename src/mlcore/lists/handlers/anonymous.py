"""Hides who wrote a post, on lists that promise it (`anonymous_list`).

What is known to be harmless stays, everything else goes: new fields that tell of their author are invented
faster than they are listed."""

from typing import Final

from mlcore.lists import mailboxes
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, RenderFacts
from mlcore.lists.handlers.address_fields import list_itself, written
from mlcore.lists.model import ListPolicy
from mlcore.lists.patterns import Patterns
from mlcore.mail import address, message_id
from mlcore.mail.fields import Fields

_STAY: Final = frozenset(
    {
        # what the message is, and what it answers
        *("subject", "date", "in-reply-to", "references", "keywords", "to", "cc"),
        *("mime-version", "content-type", "content-transfer-encoding", "content-disposition"),
        *("content-language", "content-class"),
        # how programs shall treat it
        *("x-no-archive", "x-archive"),
        *("importance", "priority", "sensitivity", "precedence", "auto-submitted"),
        # by which a loop over several lists is known (P21)
        "delivered-to",
    }
)
"""Fields that an anonymous list keeps as the author wrote them."""
_ADDRESSED: Final = ("To", "Cc")
_LONGEST_NAME: Final = 76
_MOST_MARKS: Final = 10


def handler(draft: Draft, policy: ListPolicy, facts: RenderFacts) -> Draft:
    """With `anonymous_list`: From and Reply-To become the list itself, Message-ID derives from the entry.

    Of the rest these stay: subject, date, what is answered, addressees, the types of the content, marks for
    programs, and those X- fields that `anonymous_list_keep_headers` of the site names. An address of the
    sender is taken out of To and Cc, and a Delivered-To with it goes. The body stays as it is."""
    if not policy.anonymous_list:
        return draft
    fields = draft.fields.remove(*_revealing(draft.fields, facts.post.site.anonymous_list_keep_headers))
    fields = _without_senders(fields, policy, _keys(draft.fields, facts.post))
    own = [list_itself(policy)]
    made = message_id.make(facts.post.root, policy.mail_host)
    fields = fields.prepend("Message-ID", made.encode())
    fields = fields.prepend("Reply-To", written(own, "Reply-To", policy))
    return draft.with_fields(fields.prepend("From", written(own, "From", policy)))


def _revealing(fields: Fields, kept: tuple[str, ...]) -> list[str]:
    patterns = Patterns()
    return [
        name
        for name in dict.fromkeys(fields.names())
        if name not in _STAY and not (name.startswith("x-") and _is_kept(name, kept, patterns))
    ]


def _is_kept(name: str, kept: tuple[str, ...], patterns: Patterns) -> bool:
    """The colon shows an expression where the name ends."""
    return len(name) <= _LONGEST_NAME and any(patterns.match(pattern, f"{name}:") for pattern in kept)


def _keys(fields: Fields, facts: PostFacts) -> frozenset[str]:
    """Of every address that the message gives as its author's."""
    named = mailboxes.named(fields, "from", "sender", "reply-to", "resent-from", "resent-sender")
    return frozenset(sender.key for sender in facts.senders) | {mailbox.key for _, mailbox in named}


def _without_senders(fields: Fields, policy: ListPolicy, keys: frozenset[str]) -> Fields:
    """Without addresses of the senders, but for the list's own, and without those that nobody looks at."""
    keys -= {policy.posting_address}
    for name in _ADDRESSED:
        found = mailboxes.named(fields, name)
        left = [one for one in found if one[1].key not in keys]
        if len(left) < len(found) or len(found) >= mailboxes.LOOKED_AT:
            fields = fields.replace(name, written(left, name, policy)) if left else fields.remove(name)
    return _without_marks(fields, keys)


def _without_marks(fields: Fields, keys: frozenset[str]) -> Fields:
    """Without Delivered-To of a sender's own mailbox: his provider writes it where mail is redirected."""
    names = fields.names()
    if "delivered-to" not in names:
        return fields
    raw = zip(names, fields.raw, strict=True)
    return Fields(tuple(octets for name, octets in raw if name != "delivered-to" or not _names(octets, keys)))


def _names(octets: bytes, keys: frozenset[str]) -> bool:
    found = address.parse_list(octets.partition(b":")[2], _MOST_MARKS)
    return any(mailbox.key in keys for _, mailbox in found)
