"""Gives a message its identification if the author's program did not (RFC 5322 3.6.4)."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import ListPolicy
from mlcore.mail import message_id


def handler(draft: Draft, policy: ListPolicy, facts: RenderFacts) -> Draft:
    """Prepends a Message-ID made from the entry's root, so that a repeated step makes the same one.

    A field that is there stays, however odd: it may be signed."""
    if draft.fields.first("message-id") is not None:
        return draft
    made = message_id.make(facts.post.root, policy.mail_host)
    return draft.with_fields(draft.fields.prepend("Message-ID", made.encode()))
