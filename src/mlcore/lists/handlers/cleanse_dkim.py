"""Takes out signatures of others, where the site wants that."""

from typing import Final

from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import ListPolicy

_SIGNATURES: Final = ("domainkey-signature", "dkim-signature", "authentication-results")


def handler(draft: Draft, _policy: ListPolicy, facts: RenderFacts) -> Draft:
    """With `remove_dkim_headers` of the site: removes DKIM-Signature, DomainKey-Signature and
    Authentication-Results. Otherwise a signature stays, broken or not (RFC 6376 6.1)."""
    if not facts.post.site.remove_dkim_headers:
        return draft
    return draft.with_fields(draft.fields.remove(*_SIGNATURES))
