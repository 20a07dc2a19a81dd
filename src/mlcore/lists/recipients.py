"""Who gets a post (pure): members without those who do not want it, or have it already."""

from collections.abc import Sequence
from typing import Final

from mlcore.lists import mailboxes
from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import ListPolicy, Recipient, TopicChoice
from mlcore.mail.address import key_of

_EXPLICIT: Final = ("to", "cc", "resent-to", "resent-cc")


def select(draft: Draft, policy: ListPolicy, facts: RenderFacts) -> tuple[str, ...]:
    """The addresses a post goes to: `facts.recipients` in order, each key once, first spelling kept.

    Left out are the sender who wants no own postings, `facts.excluded`, and on a list with topics members
    who chose others than `draft.topics`."""
    keys, chosen = _by_key(facts.recipients)
    sender = facts.post.sender
    # The first one of this key: what a person wants of this list comes before what he wants of another.
    if (
        sender is not None
        and sender.key in chosen
        and not facts.recipients[keys.index(sender.key)].own_postings
    ):
        del chosen[sender.key]
    for key in facts.excluded:
        chosen.pop(key, None)
    if policy.topics_enabled and facts.topic_choices:
        _leave_out_by_topic(chosen, draft, policy, facts)
    return tuple(chosen.values())


def without_copies(draft: Draft, facts: RenderFacts) -> tuple[str, ...]:
    """`draft.recipients` but for members who want no copy of what is addressed to them as well: they stand
    in To, Cc, Resent-To or Resent-Cc (first 1,000 addresses) and have `receive_list_copy` off."""
    # Most members keep the default; only the others make it worth while to take fields apart.
    willing = {_key(recipient.address) for recipient in facts.recipients if not recipient.list_copy}
    if not willing:
        return draft.recipients
    explicit = {mailbox.key for _, mailbox in mailboxes.named(draft.fields, *_EXPLICIT)}
    left_out = willing & explicit
    if not left_out:
        return draft.recipients
    return tuple([address for address in draft.recipients if _key(address) not in left_out])


def addressed_too(draft: Draft) -> tuple[str, ...]:
    """The keys of those among `draft.recipients` who stand in the same fields, and get two copies."""
    explicit = {mailbox.key for _, mailbox in mailboxes.named(draft.fields, *_EXPLICIT)}
    return tuple([key for key in keys_of(draft.recipients) if key in explicit]) if explicit else ()


def owners(facts: RenderFacts) -> tuple[str, ...]:
    """The addresses owner mail goes to, each key once (an owner may be a moderator too); the site owner if
    the list has nobody, so that somebody reads it."""
    _, chosen = _by_key(facts.recipients)
    return tuple(chosen.values()) or (facts.post.site.site_owner,)


def _by_key(recipients: Sequence[Recipient]) -> tuple[Sequence[str], dict[str, str]]:
    """The key of each, and by key the first spelling of its address."""
    addresses = [recipient.address for recipient in recipients]
    keys = keys_of(addresses)
    chosen = dict(zip(keys, addresses, strict=True))
    if len(chosen) < len(addresses):
        chosen = {}
        for key, spelling in zip(keys, addresses, strict=True):
            chosen.setdefault(key, spelling)
    return keys, chosen


def keys_of(addresses: Sequence[str]) -> Sequence[str]:
    """The key of each, at a tenth of the time where all of a large list are plain: posts wait meanwhile."""
    joined = "\n".join(addresses)  # no address has a line end
    if addresses and joined.isascii() and '"' not in joined and "]" not in joined:
        lower = joined.lower()
        return addresses if lower == joined else lower.split("\n")
    return [_key(address) for address in addresses]


def _leave_out_by_topic(chosen: dict[str, str], draft: Draft, policy: ListPolicy, facts: RenderFacts) -> None:
    there_are = frozenset(topic.name for topic in policy.topics)
    hit = frozenset(draft.topics)
    for key, choice in facts.topic_choices.items():
        if key in chosen and not _is_wanted(choice, hit, there_are):
            del chosen[key]


def _is_wanted(choice: TopicChoice, hit: frozenset[str], there_are: frozenset[str]) -> bool:
    """Whether a member with this choice gets a post with these topics. Who chose none of those that there
    are (any more) gets everything."""
    wanted = choice.topics & there_are
    if not wanted:
        return True
    return not wanted.isdisjoint(hit) if hit else choice.nonmatching


def _key(address: str) -> str:
    """`key_of(address)`, cheaper for the addresses that most members have: of plain ASCII, neither quoted nor
    with an address literal, the key is the lower-case text."""
    is_plain = address.isascii() and address[0] != '"' and address[-1] != "]"
    return address.lower() if is_plain else key_of(address)
