"""Keeps the post for the next digest, as archives get it."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.handlers.to_archive import kept
from mlcore.lists.model import ListPolicy


def handler(draft: Draft, policy: ListPolicy, facts: RenderFacts) -> Draft:
    """The draft with itself as `kept` where somebody takes digests of its list; this very draft where nobody
    does, or it is no post."""
    if facts.post.purpose != "post" or not wanted(policy, facts):
        return draft
    return kept(draft)


def wanted(policy: ListPolicy, facts: RenderFacts) -> bool:
    """Whether a post of a list is gathered for its next digest: who takes digests from tomorrow on gets the
    posts of tomorrow."""
    return policy.digests_enabled and facts.digest_readers
