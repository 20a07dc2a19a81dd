"""Lets posts through that their author's domain forbids others to send."""

from mlcore.lists import dmarc
from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import DmarcAction, ListPolicy
from mlcore.lists.patterns import Patterns


def handler(draft: Draft, policy: ListPolicy, facts: RenderFacts, patterns: Patterns) -> Draft:
    """Rewrites From, or wraps the message, where `dmarc.is_mitigated` says so; else nothing is touched."""
    if not dmarc.is_mitigated(draft, policy, facts.post, patterns):
        return draft
    if policy.dmarc_mitigate_action is DmarcAction.WRAP_MESSAGE:
        return dmarc.wrapped(draft, policy, facts.post)
    return dmarc.munged(draft, policy, facts.post)
