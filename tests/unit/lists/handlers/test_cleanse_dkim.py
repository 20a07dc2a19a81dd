"""Signatures of others go where the site says so, and only there."""

import msgspec
import pytest

from mlcore.lists.facts import SiteFacts
from mlcore.lists.handlers.cleanse_dkim import handler
from support.posts import SITE, draft, policy, render_facts

SIGNED = draft(
    "DKIM-Signature: v=1; d=example.org\r\n\tb=abc", "From: a@example.org", "DomainKey-Signature: x",
    "Authentication-Results: mx.example.org; dkim=pass", "dkim-signature: v=1", "Subject: x",
)  # fmt: skip


def _removing() -> SiteFacts:
    return msgspec.structs.replace(SITE, remove_dkim_headers=True)


@pytest.mark.row("handler: cleanse-dkim")
def test_three_fields_go() -> None:
    made = handler(SIGNED, policy(), render_facts(site=_removing()))
    assert made.fields.octets() == b"From: a@example.org\r\nSubject: x\r\n"
    assert made.body is SIGNED.body


def test_p8_otherwise_they_stay() -> None:
    assert handler(SIGNED, policy(), render_facts()) is SIGNED
    unsigned = draft("From: a@example.org")
    assert handler(unsigned, policy(), render_facts(site=_removing())) is unsigned
