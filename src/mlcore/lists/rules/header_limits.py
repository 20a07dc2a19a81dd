"""A header section beyond every use is looked at by a person, not by programs."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, SiteFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.verdict import Hit


def rule(draft: Draft, _policy: ListPolicy, facts: PostFacts) -> Hit | None:
    """Holds a message with more than `max_header_bytes` octets or `max_header_fields` fields of header."""
    site = facts.site
    large = too_large(draft.fields.size, site)
    if large is not None:
        return large
    if len(draft.fields) > site.max_header_fields:
        return _hit(f"The message has more than {site.max_header_fields} header fields")
    return None


def too_large(size_bytes: int, site: SiteFacts) -> Hit | None:
    """The same for the size alone: asked before a header section is taken apart at all."""
    if size_bytes > site.max_header_bytes:
        return _hit(f"The header section is larger than {site.max_header_bytes} octets")
    return None


def _hit(reason: str) -> Hit:
    return Hit("header-limits", reason, "hold")
