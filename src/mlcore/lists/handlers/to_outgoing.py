"""The last handler before out/: leaves the mark by which a loop is recognised on its next round (P21)."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import ListPolicy


def handler(draft: Draft, policy: ListPolicy, facts: RenderFacts) -> Draft:
    """Prepends `Delivered-To:` with the posting address (RFC 9228 3); for owner mail with the owner address.

    Marks of other lists and hosts stay: they are what makes loops over several lists end."""
    own = policy.sub_address("owner") if facts.post.purpose == "owner" else policy.posting_address
    return draft.with_fields(draft.fields.prepend("Delivered-To", own.encode()))
