"""A post says what it is about."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Hit


def rule(draft: Draft, _policy: ListPolicy, _facts: PostFacts) -> Hit | None:
    """Hits where Subject is missing, or blank once it is decoded."""
    subject = draft.fields.text("subject")
    return None if subject and not subject.isspace() else Hit("no-subject", Reason("Message has no subject"))
