"""P7: what is too complex to be taken apart."""

import msgspec
import pytest

from mlcore.lists.model import HeaderMatch
from mlcore.lists.reasons import Reason
from mlcore.lists.rules.mime_limits import rule
from mlcore.lists.verdict import Hit
from support.posts import SITE, draft, policy, post_facts

COMPLEX = draft(
    'Content-Type: multipart/mixed; boundary="b"', body=b"--b\r\n\r\nx\r\n" * 1_001 + b"--b--\r\n"
)
HIT = Hit("mime-limits", Reason("The structure of the message is too complex"), "hold")
MATCH = HeaderMatch(header="x", pattern="y")


@pytest.mark.row("rule: mime-limits")
def test_p7_where_something_reads_parts_it_hits() -> None:
    quiet = policy(administrivia=False)
    assert rule(COMPLEX, policy(), post_facts()) == HIT
    assert rule(COMPLEX, policy(administrivia=False, filter_content=True), post_facts()) == HIT
    assert rule(COMPLEX, policy(administrivia=False, header_matches=(MATCH,)), post_facts()) == HIT
    for site in (
        msgspec.structs.replace(SITE, hold_digest=True),
        msgspec.structs.replace(SITE, header_checks=(MATCH,)),
    ):
        assert rule(COMPLEX, quiet, post_facts(site=site)) == HIT
    assert rule(COMPLEX, quiet, post_facts()) is None


def test_what_can_be_taken_apart_passes() -> None:
    assert rule(draft("Subject: x"), policy(), post_facts()) is None
