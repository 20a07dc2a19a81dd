"""Answering machines do not talk to lists: members would get their notes, and two of them would never end."""

from typing import Final, Literal

from mlcore.lists import robots
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import Action, ListPolicy
from mlcore.lists.patterns import Patterns
from mlcore.lists.reasons import Reason
from mlcore.lists.rules import nonmember_moderation
from mlcore.lists.verdict import Hit

_WELCOME: Final = frozenset({Action.ACCEPT, Action.DEFER})
_TURNS_AWAY: Final = frozenset({Action.REJECT, Action.DISCARD})


def rule(draft: Draft, policy: ListPolicy, facts: PostFacts, patterns: Patterns) -> Hit | None:
    """Hits on automatic replies, reports and mail of the null sender (`robots.is_automatic_reply`), and on
    any other `Auto-Submitted` than `no` (RFC 3834 5): with `discard`, but with `hold` where the subject is
    all that speaks for it, and the list would not turn the sender away.

    A message that a program wrote of its own accord (`auto-generated`: cron, a build) goes on where its
    sender belongs to the list, or is a nonmember that the list lets post. Articles of a newsgroup have no
    envelope; nobody answers them."""
    if facts.from_usenet:
        return None
    if robots.is_marked_as_reply(draft.fields, facts.reverse_path):
        return _hit("discard")
    word = _auto_submitted(draft)
    is_generated = word == b"auto-generated"
    if word not in {b"", b"no"} and not (is_generated and _is_welcome(policy, facts, patterns)):
        return _hit("discard")
    if facts.approved or not robots.has_subject_of_reply(draft.fields):
        return None
    return _hit("discard" if _is_turned_away(policy, facts, patterns) else "hold")


def _auto_submitted(draft: Draft) -> bytes:
    """The keyword, lower case, without comments and parameters; empty: there is none."""
    body = draft.fields.first("auto-submitted") or b""
    return body.partition(b";")[0].partition(b"(")[0].strip().lower()


def _is_welcome(policy: ListPolicy, facts: PostFacts, patterns: Patterns) -> bool:
    return nonmember_moderation.is_at_home(facts) or any(
        decided.action in _WELCOME for decided in nonmember_moderation.decisions(facts, policy, patterns)
    )


def _is_turned_away(policy: ListPolicy, facts: PostFacts, patterns: Patterns) -> bool:
    """Whether a sender does not belong to the list, which rejects or discards what he sends."""
    if nonmember_moderation.is_at_home(facts):
        return False
    said = nonmember_moderation.decisions(facts, policy, patterns)
    first = next(said, None)
    return (policy.default_nonmember_action if first is None else first.action) in _TURNS_AWAY


def _hit(action: Literal["discard", "hold"]) -> Hit:
    return Hit("auto-reply", Reason("The message is an automatic reply, or a program wrote it"), action)
