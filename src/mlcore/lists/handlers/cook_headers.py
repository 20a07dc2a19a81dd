"""What every post carries: who sent it out, what kind of mail it is, where answers go."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.handlers.reply_to import with_cc, with_reply_to
from mlcore.lists.model import ListPolicy
from mlcore.mail.fields import Fields


def handler(draft: Draft, policy: ListPolicy, facts: RenderFacts) -> Draft:
    """Adds X-Mailman-Version and `Precedence: list` where they are missing, and writes Reply-To and Cc.

    The precedence tells answering machines that this is list mail (RFC 3834 2)."""
    fields = _with_version(draft.fields, facts)
    if fields.first("precedence") is None:
        fields = fields.prepend("Precedence", b"list")
    return draft.with_fields(with_cc(with_reply_to(fields, policy), policy))


def for_own_mail(draft: Draft, _policy: ListPolicy, facts: RenderFacts) -> Draft:
    """X-Mailman-Version alone: mail of mlcore's own says itself what kind it is and where answers go. A
    confirmation, for one, must not look like bulk mail."""
    return draft.with_fields(_with_version(draft.fields, facts))


def _with_version(fields: Fields, facts: RenderFacts) -> Fields:
    if fields.first("x-mailman-version") is not None:
        return fields
    return fields.prepend("X-Mailman-Version", facts.post.site.version)
