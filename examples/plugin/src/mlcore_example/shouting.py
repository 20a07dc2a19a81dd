"""Holds posts whose subject is in capitals only."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Hit


def rule(draft: Draft, _policy: ListPolicy, _facts: PostFacts) -> Hit | None:
    """A hit for a subject with at least five letters, none of them small."""
    subject = draft.fields.text("subject") or ""
    letters = [sign for sign in subject if sign.isalpha()]
    if len(letters) < 5 or not subject.isupper():
        return None
    return Hit("shouting", Reason("The subject is in capital letters"), action="hold")
