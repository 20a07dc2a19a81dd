"""What rules and handlers may know: gathered before they run, so that they stay pure."""

import msgspec

from mlcore.lists.model import Recipient, Role


class SiteFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is the same for every post of this process."""

    version: str
    """Of mlcore, for X-Mailman-Version."""
    site_owner: str
    max_hops: int = 50
    max_header_bytes: int = 262_144
    max_header_fields: int = 2_000


class PostFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was gathered for one post before the rules (first pass)."""

    site: SiteFacts
    entry: str
    """Name of the spool entry; new Message-IDs and boundaries derive from it."""
    now: float
    reverse_path: str
    purpose: str
    """`post` or `owner`."""
    sender_roles: frozenset[Role]
    """Roles on this list of the first sender address that has any."""


class RenderFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was gathered once nothing can drop the post any more (second pass)."""

    post: PostFacts
    number: int | None
    """The post number; None for owner mail."""
    recipients: tuple[Recipient, ...]
    """Regular members with delivery enabled (owners and moderators for owner mail), in member order."""
