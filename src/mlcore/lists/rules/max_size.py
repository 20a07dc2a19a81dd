"""Large posts are for other ways than mail to many."""

from typing import Final

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.handlers import content_filter
from mlcore.lists.model import ListPolicy
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Hit

_KIB: Final = 1_024


def rule(draft: Draft, policy: ListPolicy, facts: PostFacts) -> Hit | None:
    """Hits on a message of more than `max_message_size` KiB as it arrived (0: never), or, where the site has
    `check_max_size_on_filtered_message`, as the content filter leaves it. One that the filter does away with
    has no size: the filter decides about it later."""
    most = policy.max_message_size
    if not most or facts.size_bytes <= most * _KIB:
        return None
    if facts.site.check_max_size_on_filtered_message and policy.filter_content:
        left = content_filter.handler(draft, policy, facts)
        if not isinstance(left, Draft) or _size(left) <= most * _KIB:
            return None
    return Hit("max-size", Reason("The message is larger than the {} KB maximum size", str(most)))


def _size(draft: Draft) -> int:
    return draft.fields.size + len(b"\r\n") + len(draft.body)
