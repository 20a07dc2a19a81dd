"""Who is told that his post went through."""

import pytest

from mlcore.lists.draft import Draft
from mlcore.lists.handlers.acknowledge import wanted
from mlcore.lists.model import Role
from support.posts import PLAIN, draft, policy, post_facts, sender

POST = Draft.post(PLAIN)
ANNE = sender(acknowledge_posts=True)


@pytest.mark.row("handler: acknowledge")
@pytest.mark.row("preference: acknowledge_posts")
def test_a_member_who_asked_for_it() -> None:
    assert wanted(policy(), post_facts(senders=(ANNE,)), POST) is ANNE
    assert wanted(policy(), post_facts(senders=(sender(),)), POST) is None


def test_the_sender_alone_counts() -> None:
    senders = (sender("bob@example.org"), ANNE)
    assert wanted(policy(), post_facts(senders=senders), POST) is None
    assert wanted(policy(), post_facts(senders=()), POST) is None


def test_others_than_members_are_not_told() -> None:
    owner = sender("anne@example.org", Role.OWNER, acknowledge_posts=True)
    assert wanted(policy(), post_facts(senders=(owner,)), POST) is None


def test_p18_programs_and_mail_to_owners_get_no_answer() -> None:
    facts = post_facts(senders=(ANNE,))
    assert wanted(policy(), facts, draft("From: anne@example.org", "Auto-Submitted: auto-generated")) is None
    assert wanted(policy(), post_facts(senders=(ANNE,), reverse_path=""), POST) is None
    assert wanted(policy(), post_facts(senders=(ANNE,), purpose="owner"), POST) is None
