"""The tables. Portable SQL types only: the same schema serves SQLite and PostgreSQL.

Times are Unix seconds (UTC). Enumerations are the short texts of `lists.model`. Foreign keys are integers
named after what they point to (`list`, `address`, `user`), but for a list's domain, which is its text;
`list_id` is always the List-ID as text. A migration in `migrations/versions` makes each change; a test
compares the two."""

from mlcore.store.schema.automatic import automatic_mail, autoresponses, command_results, notices, requests
from mlcore.store.schema.base import REVISION, generation, metadata
from mlcore.store.schema.bounces import bounce_events, bounce_reports, probes
from mlcore.store.schema.lists import domains, header_matches, list_values, lists, topics
from mlcore.store.schema.mail import (
    delivery_failures,
    digest_issues,
    digest_items,
    held,
    last_digests,
    post_numbers,
)
from mlcore.store.schema.people import addresses, bans, domain_owners, member_topics, members, users
from mlcore.store.schema.texts import template_texts, templates

__all__ = [
    "REVISION",
    "addresses",
    "automatic_mail",
    "autoresponses",
    "bans",
    "bounce_events",
    "bounce_reports",
    "command_results",
    "delivery_failures",
    "digest_issues",
    "digest_items",
    "domain_owners",
    "domains",
    "generation",
    "header_matches",
    "held",
    "last_digests",
    "list_values",
    "lists",
    "member_topics",
    "members",
    "metadata",
    "notices",
    "post_numbers",
    "probes",
    "requests",
    "template_texts",
    "templates",
    "topics",
    "users",
]
