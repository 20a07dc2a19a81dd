"""Keeps the post for the archives: as it is now, without what is added for readers of mail alone."""

from mlcore.lists.archiving import archivers_for
from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import ListPolicy


def handler(draft: Draft, policy: ListPolicy, facts: RenderFacts) -> Draft:
    """The draft with itself as `kept`, where some archiver gets it (`lists.archiving.archivers_for`); this
    very draft where none does, or it is no post."""
    if not facts.post.site.archivers or facts.post.purpose != "post":
        return draft
    if not archivers_for(policy, facts.post.site, draft.fields):
        return draft
    return kept(draft)


def kept(draft: Draft) -> Draft:
    """The draft with what it is now as `kept`: the author as he wrote, no header and footer."""
    if draft.kept is not None:
        return draft
    return draft.with_kept(Draft(draft.fields, draft.body))
