"""What is done where an author's domain forbids others to send in its name (DMARC, RFC 7489): the list sends
in its own name, and says who wrote it (pure)."""

from collections.abc import Iterator
from typing import Final

from mlcore.lists import mailboxes, personal
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.handlers.address_fields import Mailbox, once, with_more, written
from mlcore.lists.model import DmarcAction, ListPolicy, ReplyGoesToList
from mlcore.lists.patterns import Patterns
from mlcore.lists.plain import one_line
from mlcore.mail import compose, message_id
from mlcore.mail.address import Address, parse
from mlcore.mail.fields import Fields

_MITIGATING: Final = (DmarcAction.MUNGE_FROM, DmarcAction.WRAP_MESSAGE)
_FORBIDDING: Final = ("quarantine", "reject")
_MOST_AUTHORS: Final = 10
_LONGEST_NAME: Final = 200
_BOUNDARY: Final = 9
"""Tells the boundary of a wrapped message from those of other handlers."""

_MOVED: Final = ("list-", "x-mailman-")
"""Beginnings of names of fields that speak of the message as members get it: of the outer one."""
_COPIED: Final = frozenset(
    {
        *("archived-at", "date", "in-reply-to", "precedence", "references", "subject", "to"),
        # as they have become
        *("from", "reply-to", "cc"),
        # by which loops are known (P21), and by which other programs know a program (RFC 3834)
        *("received", "delivered-to", "auto-submitted"),
        # what members sort by
        "x-topics",
    }
)


def concerns(fields: Fields, policy: ListPolicy, dmarc_policy: str, patterns: Patterns | None = None) -> bool:
    """Whether the list's `dmarc_mitigate_action` is meant for this author: his domain has the policy
    quarantine or reject, or his address is among `dmarc_addresses` (exact, or `^regex`, without case).

    dmarc_policy: of the domain in From; empty: none. patterns: what tries the expressions; None: one of its
    own."""
    if dmarc_policy in _FORBIDDING:
        return True
    if not policy.dmarc_addresses:
        return False
    keys = [mailbox.key for _, mailbox in _authors(fields)]
    tried = Patterns() if patterns is None else patterns
    return any(
        tried.search(wanted, key) if wanted.startswith("^") else wanted == key
        for wanted in policy.dmarc_addresses
        for key in keys
    )


def is_mitigated(
    draft: Draft, policy: ListPolicy, facts: PostFacts, patterns: Patterns | None = None
) -> bool:
    """Whether From is to be changed; never on anonymous lists, which have changed it already. patterns: see
    `concerns`."""
    if policy.dmarc_mitigate_action not in _MITIGATING or policy.anonymous_list:
        return False
    if policy.dmarc_mitigate_unconditionally:
        return True
    return concerns(draft.fields, policy, facts.dmarc_policy, patterns)


def munged(draft: Draft, policy: ListPolicy, facts: PostFacts) -> Draft:
    """The message From `AUTHOR via LIST <posting address>`, with its authors in Reply-To if the list leaves
    that field alone, otherwise in Cc, unless they stand in either. Nothing else changes.

    The author's name is that of the header, else of the membership, else the local part of his address. Who
    names himself like an address counts as without name: filters take two addresses in From for fraud."""
    authors = _authors(draft.fields) or _sender(facts)
    fields = _with_authors(draft.fields, authors, policy)
    name = f"{_name(*authors[0], facts)} via {policy.display_name}" if authors else policy.display_name
    own = (name, parse(policy.posting_address))
    body = written([own], "From", policy, instead_of=fields.first("from") or b"")
    return draft.with_fields(fields.replace("From", body))


def wrapped(draft: Draft, policy: ListPolicy, facts: PostFacts) -> Draft:
    """A new message that holds the old one as message/rfc822, alone or behind `dmarc_wrapped_message_text`.

    It has a Message-ID of its own, the From, Reply-To and Cc of `munged`, and of the old fields those that
    say when, about what, to whom, and which way; List- and X-Mailman- fields move to it. The old message is
    otherwise as it was, with the author's signature."""
    within = Fields(tuple(raw for name, raw in _named(draft.fields) if not name.startswith(_MOVED)))
    octets = draft.with_fields(within).octets()
    part = compose.message(octets)
    before = len(octets) - len(draft.body)
    notice = policy.dmarc_wrapped_message_text
    if notice.strip():
        parts = (compose.text(notice, charset=policy.charset or "utf-8"), part)
        part = compose.mixed(parts, boundary=compose.boundary(facts.root, _BOUNDARY))
        end = len(b"\r\n--") + len(part.content_type.boundary) + len(b"--") + len(part.epilogue)
        before += len(part.body) - end - len(octets)
    outer = munged(draft, policy, facts).fields
    kept = tuple(raw for name, raw in _named(outer) if name in _COPIED or name.startswith(_MOVED))
    made = message_id.make(f"{facts.root}.wrapped", policy.mail_host)
    fields = Fields(kept).append("Message-ID", made.encode()).append("MIME-Version", b"1.0")
    slots = personal.shifted(draft.slots, before)
    return draft.with_part(part.with_fields(Fields(fields.raw + part.fields.raw)), slots)


def _named(fields: Fields) -> Iterator[tuple[str, bytes]]:
    return zip(fields.names(), fields.raw, strict=True)


def _authors(fields: Fields) -> list[Mailbox]:
    return once(mailboxes.named(fields, "from", limit=_MOST_AUTHORS))


def _sender(facts: PostFacts) -> list[Mailbox]:
    """Who sent it, where From names nobody."""
    return [] if facts.sender is None else [("", parse(facts.sender.address))]


def _with_authors(fields: Fields, authors: list[Mailbox], policy: ListPolicy) -> Fields:
    """An answer to a changed From shall still be able to reach the author."""
    if policy.reply_goes_to_list is ReplyGoesToList.NO_MUNGING:
        return with_more(fields, "Reply-To", authors, policy)
    answered = {mailbox.key for _, mailbox in mailboxes.named(fields, "reply-to")}
    others = [author for author in authors if author[1].key not in answered]
    return with_more(fields, "Cc", others, policy)


def _name(written_name: str, author: Address, facts: PostFacts) -> str:
    known = (sender.standing.display_name for sender in facts.senders if sender.key == author.key)
    names = (one_line(name, _LONGEST_NAME) for name in (written_name, *known))
    return next((name for name in names if name and "@" not in name), author.local_part.strip('"'))
