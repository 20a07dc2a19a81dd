"""Posts that the author's domain wants refused."""

from typing import Any

import pytest

from mlcore.lists.model import DmarcAction
from mlcore.lists.patterns import Patterns
from mlcore.lists.reasons import Reason
from mlcore.lists.rules.dmarc_mitigation import rule
from mlcore.lists.verdict import Hit
from support.posts import draft, policy, post_facts, sender

POST = draft("From: Anne <Anne@Example.org>")
DISCARDED = Hit("dmarc-mitigation", Reason("DMARC moderation"), "discard")


def _hit(action: DmarcAction, dmarc_policy: str = "reject", **settings: Any) -> Hit | None:
    facts = post_facts(dmarc_policy=dmarc_policy)
    return rule(POST, policy(dmarc_mitigate_action=action, **settings), facts, Patterns())


@pytest.mark.row("rule: dmarc-mitigation")
@pytest.mark.row("attribute: dmarc_mitigate_action")
@pytest.mark.parametrize(
    ("found", "hit"), [("reject", DISCARDED), ("quarantine", DISCARDED), ("none", None), ("", None)]
)
def test_the_policy_of_the_domain(found: str, hit: Hit | None) -> None:
    assert _hit(DmarcAction.DISCARD, found) == hit
    for action in (DmarcAction.NO_MITIGATION, DmarcAction.MUNGE_FROM, DmarcAction.WRAP_MESSAGE):
        assert _hit(action, found) is None


@pytest.mark.row("attribute: dmarc_addresses")
@pytest.mark.parametrize("entry", ["anne@example.org", "^.*@EXAMPLE"])
def test_addresses_that_it_is_done_with_in_any_case(entry: str) -> None:
    assert _hit(DmarcAction.DISCARD, "", dmarc_addresses=("zoe@example.org", entry)) == DISCARDED
    assert _hit(DmarcAction.DISCARD, "", dmarc_addresses=("zoe@example.org", "^zoe")) is None


def test_other_senders_than_authors_do_not_count() -> None:
    facts = post_facts(senders=(sender("bart@example.org"),))
    strict = policy(dmarc_mitigate_action=DmarcAction.DISCARD, dmarc_addresses=("bart@example.org",))
    assert rule(POST, strict, facts, Patterns()) is None


def test_unconditionally_is_no_matter_of_rules() -> None:
    assert _hit(DmarcAction.REJECT, "none", dmarc_mitigate_unconditionally=True) is None


@pytest.mark.row("attribute: dmarc_moderation_notice")
def test_what_the_author_of_a_rejected_post_is_told() -> None:
    hit = _hit(DmarcAction.REJECT, dmarc_moderation_notice="Use another address.\n")
    assert hit == Hit("dmarc-mitigation", Reason("DMARC moderation"), "reject", "Use another address.\n")
    hit = _hit(DmarcAction.REJECT, dmarc_moderation_notice=" \n")
    assert hit is not None
    assert hit.reason is not None
    assert hit.reason.argument == "ant-owner@example.com"
    assert hit.action == "reject"
    assert hit.text == ""
