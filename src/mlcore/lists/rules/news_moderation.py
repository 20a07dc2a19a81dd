"""What goes to a moderated newsgroup needs the moderator's approval here too."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy, NewsgroupModeration
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Hit


def rule(_draft: Draft, policy: ListPolicy, _facts: PostFacts) -> Hit | None:
    """Hits on every post where `newsgroup_moderation` is `moderated`."""
    if policy.newsgroup_moderation is not NewsgroupModeration.MODERATED:
        return None
    return Hit("news-moderation", Reason("Post to a moderated newsgroup gateway"))
