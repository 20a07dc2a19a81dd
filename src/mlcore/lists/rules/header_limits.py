"""A header section beyond every use is looked at by a person, not by programs."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, SiteFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Hit


def rule(draft: Draft, _policy: ListPolicy, facts: PostFacts) -> Hit | None:
    """Hits on a message with more than `max_header_bytes` octets or `max_header_fields` fields of header."""
    site = facts.site
    large = too_large(draft.fields.size, site)
    if large is not None:
        return large
    most = site.max_header_fields
    if len(draft.fields) > most:
        return _hit(Reason("The message has more than {} header fields", str(most)))
    return None


def too_large(size_bytes: int, site: SiteFacts) -> Hit | None:
    """The same for the size alone: asked before a header section is taken apart at all."""
    most = site.max_header_bytes
    if size_bytes > most:
        return _hit(Reason("The header section is larger than {} octets", str(most)))
    return None


def _hit(reason: Reason) -> Hit:
    return Hit("header-limits", reason, "hold")
