"""Leaves out of a post what the list does not carry, and decides about posts of which nothing is left."""

from typing import Final

from mlcore.lists import decoration, filtering
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.filtering import Filtered
from mlcore.lists.model import FilterAction, ListPolicy
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Discard, Reject, Trail
from mlcore.mail.mime import TooComplex

NAME: Final = "mime-delete"
_BOUNDARY: Final = 2
"""Number of the boundary, should the report need one; that of header and footer is another."""
_MOST_LINES: Final = 20
_RULE: Final = "_" * 47


def handler(draft: Draft, policy: ListPolicy, facts: PostFacts) -> Draft | Reject | Discard:
    """The draft as `lists.filtering` leaves it, marked with X-Content-Filtered-By; this very draft if the
    list has no filter or the filter found nothing to do. With `filter_report` a text at its end says what
    was done.

    Where nothing may be left, what filter_action says: a rejection, or the end, with a copy for the owners or
    in bad/ if the site allows that. The same for a post with more parts than `mail.mime` takes apart, unless
    a moderator has let it go: the rules hold such posts, but no rule looks at what a list accepts at once."""
    if not policy.filter_content:
        return draft
    try:
        message = draft.part()
    except TooComplex:
        if facts.moderator_approved:
            return draft
        return _disposed(policy.filter_action, Reason("The structure of the message is too complex"), facts)
    result = filtering.apply(message, policy)
    if isinstance(result, Reason):
        return _disposed(policy.filter_action, result, facts)
    if result.part is message:
        return draft
    part = result.part
    if facts.site.filter_report and (result.left_out or result.chosen or result.converted):
        part = decoration.around(part, "", _report(result), policy=policy, root=facts.root, number=_BOUNDARY)
    fields = part.fields.append("X-Content-Filtered-By", f"mlcore/{facts.site.version}")
    return draft.with_part(part.with_fields(fields))


def _disposed(action: FilterAction, reason: Reason, facts: PostFacts) -> Reject | Discard:
    trail = Trail(reasons=(reason,), by=NAME)
    if action is FilterAction.REJECT:
        return Reject(trail)
    return Discard(
        trail,
        forward=action is FilterAction.FORWARD,
        preserve=action is FilterAction.PRESERVE and facts.site.filtered_messages_are_preservable,
    )


def _report(result: Filtered) -> str:
    """What was done, in English: one line each, at most 20 for parts that were left out."""
    lines = [_RULE, "The content filter of this list has changed this post."]
    lines += [f"  Left out: {part}" for part in result.left_out[:_MOST_LINES]]
    if len(result.left_out) > _MOST_LINES:
        lines.append(f"  and {len(result.left_out) - _MOST_LINES} more parts")
    if result.chosen:
        lines.append("  Of alternatives for the same text the first was kept.")
    if result.converted:
        lines.append("  HTML was made plain text.")
    return "\n".join(lines)
