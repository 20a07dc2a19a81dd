"""A message to a crowd is rarely meant for a list."""

from mlcore.lists import mailboxes
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Hit


def rule(draft: Draft, policy: ListPolicy, _facts: PostFacts) -> Hit | None:
    """Hits where To and Cc together name `max_num_recipients` addresses or more (0: never). At most the first
    1,000 are counted."""
    most, fields = policy.max_num_recipients, draft.fields
    if not most:
        return None
    # No address is without this sign: most posts are let go without taking the fields apart.
    if sum(body.count(b"@") for name in ("to", "cc") for body in fields.all(name)) < most:
        return None
    if len(mailboxes.named(fields, "to", "cc")) < most:
        return None
    return Hit("max-recipients", Reason("Message has more than {} recipients", str(most)))
