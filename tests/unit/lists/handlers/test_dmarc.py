"""Posts of domains that forbid others to send in their name."""

import pytest

from mlcore.lists.draft import Draft
from mlcore.lists.handlers.dmarc import handler
from mlcore.lists.model import DmarcAction
from mlcore.lists.patterns import Patterns
from support.posts import PLAIN, policy, render_facts

POST = Draft.post(PLAIN)


@pytest.mark.row("field: From")
@pytest.mark.row("handler: dmarc")
def test_from_is_rewritten_or_the_message_wrapped() -> None:
    facts = render_facts(dmarc_policy="reject")
    munged = handler(POST, policy(dmarc_mitigate_action=DmarcAction.MUNGE_FROM), facts, Patterns())
    assert munged.fields.text("from") == "Anne Person via Ant <ant@example.com>"
    assert munged.body is POST.body
    wrapped = handler(POST, policy(dmarc_mitigate_action=DmarcAction.WRAP_MESSAGE), facts, Patterns())
    assert wrapped.fields.first("content-type") == b"message/rfc822"
    assert wrapped.body == POST.octets()


@pytest.mark.parametrize("action", list(DmarcAction))
def test_p8_posts_of_other_domains_are_left_alone(action: DmarcAction) -> None:
    facts = render_facts(dmarc_policy="none")
    assert handler(POST, policy(dmarc_mitigate_action=action), facts, Patterns()) is POST


def test_recipients_and_topics_stay() -> None:
    post = POST.with_recipients(("a@x.example",)).with_topics(("Tea",))
    settings = policy(dmarc_mitigate_action=DmarcAction.WRAP_MESSAGE)
    facts = render_facts(dmarc_policy="quarantine")
    made = handler(post, settings, facts, Patterns())
    assert (made.recipients, made.topics) == (("a@x.example",), ("Tea",))
