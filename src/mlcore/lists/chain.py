"""The order of the rules, and what their hits add up to."""

from collections.abc import Callable
from typing import Final

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.plain import one_line
from mlcore.lists.rules import header_limits, loop, membership
from mlcore.lists.senders import senders
from mlcore.lists.verdict import Accept, Discard, Hit, Hold, Reject, Verdict

Rule = Callable[[Draft, ListPolicy, PostFacts], Hit | None]

POSTING: Final[tuple[Rule, ...]] = (
    loop.rule,
    header_limits.rule,
    membership.rule,
)

OWNER: Final[tuple[Rule, ...]] = (
    loop.rule,
    header_limits.rule,
)

_SUBJECT_LENGTH = 255
_SENDER_LENGTH = 255


def judge(
    draft: Draft, policy: ListPolicy, facts: PostFacts, rules: tuple[Rule, ...] | None = None
) -> Verdict:
    """What is to be done with a message. rules: asked in this order; None: those of `facts.purpose`.

    The first discard ends the matter; else the rejections found, else all reasons to hold, decide.
    Hold carries the sender (empty if none) and the decoded subject: one line each, without control
    characters, at most 255 characters. Whatever a rule raises goes through: the entry is then tried again,
    and set aside if that does not help."""
    if rules is None:
        rules = OWNER if facts.purpose == "owner" else POSTING
    hits: list[Hit] = []
    for rule in rules:
        hit = rule(draft, policy, facts)
        if hit is None:
            continue
        if hit.action == "discard":
            return Discard((hit,))
        hits.append(hit)
    if not hits:
        return Accept()
    rejections = tuple(hit for hit in hits if hit.action == "reject")
    if rejections:
        return Reject(rejections)
    return _hold(draft, facts, tuple(hits))


def _hold(draft: Draft, facts: PostFacts, hits: tuple[Hit, ...]) -> Hold:
    found = senders(draft.fields, facts.reverse_path)
    sender = one_line(found[0], _SENDER_LENGTH) if found else ""
    subject = one_line(draft.fields.text("subject") or "", _SUBJECT_LENGTH)
    return Hold(hits, sender=sender, subject=subject)
