"""What becomes of posts by people who are not on the list."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, SenderFacts
from mlcore.lists.links import TERMINALS
from mlcore.lists.model import Action, ListPolicy, Role
from mlcore.lists.patterns import Patterns
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Hit

_NAME: Final = "nonmember-moderation"
_AT_HOME: Final = frozenset({Role.MEMBER, Role.OWNER, Role.MODERATOR})
_LETTING_IN: Final = frozenset({Action.ACCEPT, Action.DEFER})


class Decided(NamedTuple):
    """What the list says of one sender, and why."""

    action: Action
    reason: Reason


def rule(_draft: Draft, policy: ListPolicy, facts: PostFacts, patterns: Patterns) -> Hit | None:
    """Hits with what the list says of the first sender it says something of, else with
    `default_nonmember_action`; not where that is `defer`.

    No hit for members, owners and moderators, for articles of a newsgroup, and where a sender is banned or is
    one of `accept_these_nonmembers`: then the other rules decide."""
    if facts.from_usenet or any(sender.banned for sender in facts.senders) or is_at_home(facts):
        return None
    if not facts.senders:
        return _hit(policy.default_nonmember_action, Reason("No sender was found in the message."))
    for decided in decisions(facts, policy, patterns):
        return _hit(*decided)
    return _hit(policy.default_nonmember_action, Reason("The message is not from a list member"))


def is_at_home(facts: PostFacts) -> bool:
    """Whether a sender who vouches for the post (`SenderFacts`) belongs to the list: member, owner or
    moderator, through any address of the person."""
    return any(sender.vouches and not _AT_HOME.isdisjoint(sender.standing.roles) for sender in facts.senders)


def decisions(facts: PostFacts, policy: ListPolicy, patterns: Patterns) -> Iterator[Decided]:
    """What the list says of those senders that it says something of; who does not vouch for the post cannot
    be let in."""
    for sender in facts.senders:
        decided = decision(sender, policy, patterns)
        if decided is not None and (sender.vouches or decided.action not in _LETTING_IN):
            yield decided


def decision(sender: SenderFacts, policy: ListPolicy, patterns: Patterns) -> Decided | None:
    """What a moderator said of this nonmember, else what the four settings say; None: nothing. Those that
    `accept_these_nonmembers` names are deferred: they are treated like members."""
    action = sender.standing.moderation_action
    if action is not None:
        return Decided(action, Reason("The message is not from a list member"))
    accepted = policy.accept_these_nonmembers
    subscribed = bool(sender.lists) and any(f"@{address}" in accepted for address in sender.lists)
    if subscribed or _is_named(accepted, sender.key, patterns):
        return Decided(Action.DEFER, Reason("The message is not from a list member"))
    for action, entries in (
        (Action.HOLD, policy.hold_these_nonmembers),
        (Action.REJECT, policy.reject_these_nonmembers),
        (Action.DISCARD, policy.discard_these_nonmembers),
    ):
        if _is_named(entries, sender.key, patterns):
            return Decided(action, Reason("The sender is in the nonmember {} list", action.value))
    return None


def _is_named(entries: tuple[str, ...], key: str, patterns: Patterns) -> bool:
    """Whether an entry is this address, or a pattern that matches at its beginning."""
    if not entries:
        return False
    addresses, expressions = _sorted(entries)
    return key in addresses or any(patterns.match(expression, key) for expression in expressions)


@lru_cache(maxsize=256)
def _sorted(entries: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Addresses (and lists), and expressions: a setting may have thousands."""
    expressions = tuple(entry for entry in entries if entry[0] == "^")
    return frozenset(entries).difference(expressions), expressions


def _hit(action: Action, reason: Reason) -> Hit | None:
    return None if action is Action.DEFER else Hit(_NAME, reason, TERMINALS[action])
