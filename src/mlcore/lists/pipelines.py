"""The order of the handlers, and how they are carried out.

Two passes: handlers that may drop the post come first; then, when nothing can drop it any more, its number
and recipients are gathered, and the handlers of the second pass write."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, NamedTuple

from mlcore.base.errors import MlcoreError
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, RenderFacts
from mlcore.lists.handlers import (
    anonymous,
    avoid_duplicates,
    cleanse,
    cleanse_dkim,
    content_filter,
    cook_headers,
    date,
    decorate,
    dmarc,
    list_headers,
    member_recipients,
    message_id,
    owner_recipients,
    personalize,
    rule_headers,
    subject_prefix,
    tagger,
    to_archive,
    to_digest,
    to_outgoing,
)
from mlcore.lists.model import ListPolicy
from mlcore.lists.patterns import Patterns
from mlcore.lists.verdict import Discard, Reject

Result = Draft | Reject | Discard
FirstHandler = Callable[[Draft, ListPolicy, PostFacts], Result]
SecondHandler = Callable[[Draft, ListPolicy, RenderFacts], Result]
Searching = Callable[[Draft, ListPolicy, RenderFacts, Patterns], Result]


class NamedGate(NamedTuple):
    """A handler of the first pass under the name that logs and errors know it by."""

    name: str
    function: FirstHandler


class NamedHandler(NamedTuple):
    """A handler of the second pass under the name that logs and errors know it by."""

    name: str
    function: SecondHandler


class SearchingHandler(NamedTuple):
    """One that tries expressions which the list's owners wrote."""

    name: str
    function: Searching


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What is done to an accepted message, in order."""

    first: tuple[NamedGate, ...]
    second: tuple[NamedHandler | SearchingHandler, ...]


class NoSuchPipeline(MlcoreError):
    """A list names a pipeline that there is not: its mail is set aside, as nobody can say what it needs."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no pipeline is called {name!r}")


_OF_THE_SITE: Final = "avoid-duplicates"
"""Handlers of a site stand before this one: they see what the author wrote and whom it goes to, and may
change both."""

POSTING: Final = Pipeline(
    first=(
        NamedGate("cleanse", cleanse.handler),
        NamedGate("mime-delete", content_filter.handler),
    ),
    second=(
        # These read what the author wrote, so they stand before those that write.
        SearchingHandler("tagger", tagger.handler),
        NamedHandler("member-recipients", member_recipients.handler),
        NamedHandler("avoid-duplicates", avoid_duplicates.handler),
        # These take away, so they stand before those that add.
        NamedHandler("anonymous", anonymous.handler),
        NamedHandler("cleanse-dkim", cleanse_dkim.handler),
        NamedHandler("cook-headers", cook_headers.handler),
        NamedHandler("subject-prefix", subject_prefix.handler),
        NamedHandler("rfc-2369", list_headers.handler),
        NamedHandler("rule-headers", rule_headers.handler),
        # A message that is wrapped below needs them as much as any other.
        NamedHandler("date", date.handler),
        NamedHandler("message-id", message_id.handler),
        # Before what is added for readers of single mails, and while From is still the author's.
        NamedHandler("to-archive", to_archive.handler),
        NamedHandler("to-digest", to_digest.handler),
        # Within the message that is wrapped: readers find the footer below the text it belongs to.
        NamedHandler("decorate", decorate.handler),
        SearchingHandler("dmarc", dmarc.handler),
        # The mark stands on top, like a trace field.
        NamedHandler("to-outgoing", to_outgoing.handler),
        # It counts where the places of personal content are, so nothing may be written behind it.
        NamedHandler("personalize", personalize.handler),
    ),
)

OWNER: Final = Pipeline(
    first=(),
    second=(
        NamedHandler("cleanse-dkim", cleanse_dkim.handler),
        NamedHandler("owner-recipients", owner_recipients.handler),
        NamedHandler("date", date.handler),
        NamedHandler("message-id", message_id.handler),
        NamedHandler("to-outgoing", to_outgoing.handler),
    ),
)

VIRGIN: Final = Pipeline(
    first=(),
    second=(
        NamedHandler("cook-headers", cook_headers.for_own_mail),
        NamedHandler("rfc-2369", list_headers.for_own_mail),
        NamedHandler("date", date.handler),
        NamedHandler("message-id", message_id.handler),
    ),
)

DIGEST: Final = Pipeline(
    first=(),
    second=(
        NamedHandler("cook-headers", cook_headers.for_own_mail),
        NamedHandler("rfc-2369", list_headers.handler),
        NamedHandler("date", date.handler),
        NamedHandler("message-id", message_id.handler),
    ),
)

PIPELINES: Final[Mapping[str, Pipeline]] = MappingProxyType(
    {
        "default-posting-pipeline": POSTING,
        "default-owner-pipeline": OWNER,
    }
)
"""By the names that `posting_pipeline` and `owner_pipeline` of a list know."""


_OWN: Final[Mapping[str, Pipeline]] = MappingProxyType({"virgin": VIRGIN, "digest": DIGEST})
"""Of what mlcore itself writes."""


def pipeline_for(policy: ListPolicy, purpose: str, extra: Sequence[NamedHandler] = ()) -> Pipeline:
    """What a message goes through: `owner` mail, `virgin` for what mlcore itself wrote, `digest`, otherwise a
    post.

    extra: handlers of the site, in their order, for posts alone: in the second pass, before recipients are
    final. Raises NoSuchPipeline."""
    own = _OWN.get(purpose)
    if own is not None:
        return own
    name = policy.owner_pipeline if purpose == "owner" else policy.posting_pipeline
    try:
        chosen = PIPELINES[name]
    except KeyError:
        raise NoSuchPipeline(name) from None
    return _with(chosen, extra) if extra else chosen


def _with(pipeline: Pipeline, extra: Sequence[NamedHandler]) -> Pipeline:
    """The pipeline with the site's handlers; the same where there is no place for them."""
    second: list[NamedHandler | SearchingHandler] = []
    for handler in pipeline.second:
        if handler.name == _OF_THE_SITE:
            second += extra
        second.append(handler)
    return replace(pipeline, second=tuple(second))


def first_pass(draft: Draft, policy: ListPolicy, facts: PostFacts, pipeline: Pipeline) -> Result:
    """The draft after the handlers that may drop it, or the decision of the first one that does.

    A decision names the handler (`Trail.by`), and so does a note on whatever a handler raises."""
    for name, handler in pipeline.first:
        try:
            result = handler(draft, policy, facts)
        except Exception as error:
            error.add_note(_note(name))
            raise
        if not isinstance(result, Draft):
            return _decided(result, name)
        draft = result
    return draft


def second_pass(
    draft: Draft,
    policy: ListPolicy,
    facts: RenderFacts,
    pipeline: Pipeline,
    patterns: Patterns | None = None,
) -> Result:
    """The draft as its recipients get it. Reject and Discard are possible by type, for handlers of a site;
    a post number is lost by that, which leaves a gap and no harm. Decisions and errors as in `first_pass`.

    patterns: what tries the expressions of the list; its `late` names those that took too long."""
    tried = Patterns() if patterns is None else patterns
    for handler in pipeline.second:
        try:
            if isinstance(handler, SearchingHandler):
                result = handler.function(draft, policy, facts, tried)
            else:
                result = handler.function(draft, policy, facts)
        except Exception as error:
            error.add_note(_note(handler.name))
            raise
        if not isinstance(result, Draft):
            return _decided(result, handler.name)
        draft = result
    return draft


def _note(name: str) -> str:
    return f"raised by the handler {name}"


def _decided(decision: Reject | Discard, name: str) -> Reject | Discard:
    """The decision under the name of the handler. Raises TypeError for what is none: handlers of a site are
    not checked before they run."""
    if not isinstance(decision, Reject | Discard):
        raise TypeError(f"the handler {name} gave {type(decision).__name__}")
    if decision.trail.by:
        return decision
    return replace(decision, trail=replace(decision.trail, by=name))
