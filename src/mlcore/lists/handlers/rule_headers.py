"""Says what the rules found, for filters of members and for whoever wonders why a post went through."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import ListPolicy
from mlcore.mail import date


def handler(draft: Draft, _policy: ListPolicy, facts: RenderFacts) -> Draft:
    """Writes X-Mailman-Rule-Hits, X-Mailman-Rule-Misses and X-Mailman-Approved-At where there is something to
    say, in place of those that came with the post."""
    fields = draft.fields
    if facts.approved_at is not None:
        fields = fields.remove("x-mailman-approved-at")
        fields = fields.prepend("X-Mailman-Approved-At", date.format(facts.approved_at).encode())
    for name, rules in (
        ("X-Mailman-Rule-Misses", facts.rule_misses),
        ("X-Mailman-Rule-Hits", facts.rule_hits),
    ):
        if rules:
            fields = fields.remove(name).prepend(name, "; ".join(rules))
    return draft.with_fields(fields)
