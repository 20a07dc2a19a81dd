"""Who gets a post (pure): members without those who already have it or want no copy of their own."""

from collections.abc import Iterable

from mlcore.lists import mailboxes
from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.senders import mailboxes_of
from mlcore.mail.address import key_of

_EXPLICIT = ("to", "cc", "resent-to", "resent-cc")


def select(draft: Draft, _policy: ListPolicy, facts: RenderFacts) -> tuple[str, ...]:
    """The addresses a post goes to: `facts.recipients` in order, each key once, first spelling kept.

    Left out are the sender who wants no own postings, and members without `list_copy` who stand in To, Cc,
    Resent-To or Resent-Cc (first 1,000 addresses). Cc itself stays as written: it may be signed."""
    chosen = _by_key(recipient.address for recipient in facts.recipients)
    # Most members keep both defaults; only the others make it worth while to take fields apart.
    without_own = [recipient.address for recipient in facts.recipients if not recipient.own_postings]
    without_copy = [recipient.address for recipient in facts.recipients if not recipient.list_copy]
    if without_own:
        senders = mailboxes_of(draft.fields, facts.post.reverse_path)
        _leave_out(chosen, without_own, {mailbox.key for mailbox in senders[:1]})
    if without_copy:
        explicit = mailboxes.named(draft.fields, *_EXPLICIT)
        _leave_out(chosen, without_copy, {mailbox.key for _, mailbox in explicit})
    return tuple(chosen.values())


def owners(facts: RenderFacts) -> tuple[str, ...]:
    """The addresses owner mail goes to, each key once (an owner may be a moderator too); the site owner if
    the list has nobody, so that somebody reads it."""
    chosen = _by_key(recipient.address for recipient in facts.recipients)
    return tuple(chosen.values()) or (facts.post.site.site_owner,)


def _by_key(addresses: Iterable[str]) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for address in addresses:
        chosen.setdefault(_key(address), address)
    return chosen


def _leave_out(chosen: dict[str, str], willing: list[str], keys: set[str]) -> None:
    for address in willing:
        key = _key(address)
        if key in keys:
            chosen.pop(key, None)


def _key(address: str) -> str:
    """`key_of(address)`, cheaper for the addresses that most members have: of plain ASCII, neither quoted nor
    with an address literal, the key is the lower-case text."""
    is_plain = address.isascii() and address[0] != '"' and address[-1] != "]"
    return address.lower() if is_plain else key_of(address)
