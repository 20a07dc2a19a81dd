"""What nobody can take apart is looked at by a person, where the list would have looked into it."""

from mlcore.lists import structure
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Hit


def rule(draft: Draft, policy: ListPolicy, facts: PostFacts) -> Hit | None:
    """Hits on a message of more or deeper parts than `mail.mime` allows, if the list or the site has a rule
    or filter that reads parts; these let such a message pass unseen."""
    site = facts.site
    reads_parts = (
        policy.administrivia
        or policy.filter_content
        or policy.header_matches
        or site.header_checks
        or site.hold_digest
    )
    if not reads_parts or not structure.is_too_complex(draft):
        return None
    return Hit("mime-limits", Reason("The structure of the message is too complex"), "hold")
