"""Takes out what is meant for the list server or pries on members, before anybody else reads it."""

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy

_PASSWORDS = ("approved", "approve", "x-approved", "x-approve")
_RECEIPTS = ("return-receipt-to", "disposition-notification-to", "x-confirm-reading-to", "x-pmrqc")
# Archived-At would point at another archive's copy (RFC 5064 2.1); Return-Path belongs to final delivery,
# which adds its own (RFC 5321 4.4).
_FOREIGN = ("urgent", "archived-at", "return-path")
_REMOVED = _PASSWORDS + _RECEIPTS + _FOREIGN


def handler(draft: Draft, _policy: ListPolicy, _facts: PostFacts) -> Draft:
    """Removes passwords, requests for receipts, Urgent, Archived-At and Return-Path."""
    return draft.with_fields(draft.fields.remove(*_REMOVED))
