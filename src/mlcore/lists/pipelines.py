"""The order of the handlers, and how they are carried out.

Two passes: handlers that may drop the post come first; then, when nothing can drop it any more, its number
and recipients are gathered, and the handlers of the second pass write."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, RenderFacts
from mlcore.lists.handlers import (
    cleanse,
    date,
    delivered_to,
    list_headers,
    message_id,
    precedence,
    reply_to,
    subject_prefix,
    to_members,
    to_owners,
)
from mlcore.lists.model import ListPolicy
from mlcore.lists.verdict import Discard, Reject

Result = Draft | Reject | Discard
FirstHandler = Callable[[Draft, ListPolicy, PostFacts], Result]
SecondHandler = Callable[[Draft, ListPolicy, RenderFacts], Result]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What is done to an accepted message, in order."""

    first: tuple[FirstHandler, ...]
    second: tuple[SecondHandler, ...]


POSTING: Final = Pipeline(
    first=(cleanse.handler,),
    second=(
        to_members.handler,  # reads what the author wrote, so it stands before those that write
        reply_to.handler,
        subject_prefix.handler,
        precedence.handler,
        list_headers.handler,
        date.handler,
        message_id.handler,
        delivered_to.handler,  # last, so that the mark stands on top like a trace field
    ),
)

OWNER: Final = Pipeline(
    first=(),
    second=(
        to_owners.handler,
        date.handler,
        message_id.handler,
        delivered_to.handler,
    ),
)


def pipeline_for(purpose: str) -> Pipeline:
    """The pipeline of a message to `owner`, otherwise that of posts."""
    return OWNER if purpose == "owner" else POSTING


def first_pass(draft: Draft, policy: ListPolicy, facts: PostFacts, pipeline: Pipeline) -> Result:
    """The draft after the handlers that may drop it, or the decision of the first one that does."""
    for handler in pipeline.first:
        result = handler(draft, policy, facts)
        if not isinstance(result, Draft):
            return result
        draft = result
    return draft


def second_pass(draft: Draft, policy: ListPolicy, facts: RenderFacts, pipeline: Pipeline) -> Result:
    """The draft as its recipients get it. Reject and Discard are possible by type, for handlers of a site;
    a post number is lost by that, which leaves a gap and no harm."""
    for handler in pipeline.second:
        result = handler(draft, policy, facts)
        if not isinstance(result, Draft):
            return result
        draft = result
    return draft
