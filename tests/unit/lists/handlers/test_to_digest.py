"""What digests get."""

import msgspec
import pytest

from mlcore.lists.draft import Draft
from mlcore.lists.handlers import to_digest
from support.posts import PLAIN, policy, render_facts


@pytest.mark.row("handler: to-digest")
@pytest.mark.row("attribute: digests_enabled")
def test_posts_of_a_list_with_digests_are_kept() -> None:
    made = to_digest.handler(Draft.post(PLAIN), policy(), render_facts())
    assert made.kept is not None
    assert made.kept.octets() == PLAIN


@pytest.mark.row("attribute: digests_enabled")
def test_nothing_is_kept_without_digests_and_of_owner_mail() -> None:
    made = Draft.post(PLAIN)
    assert to_digest.handler(made, policy(digests_enabled=False), render_facts()) is made
    assert to_digest.handler(made, policy(), render_facts(purpose="owner")) is made
    assert to_digest.wanted(policy(), render_facts())
    assert not to_digest.wanted(policy(digests_enabled=False), render_facts())
    nobody = msgspec.structs.replace(render_facts(), digest_readers=False)
    assert to_digest.handler(made, policy(), nobody) is made
