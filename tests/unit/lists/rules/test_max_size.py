"""Large posts."""

from typing import Any

import msgspec
import pytest

from mlcore.lists.reasons import Reason
from mlcore.lists.rules.max_size import rule
from mlcore.lists.verdict import Hit
from support.posts import SITE, draft, policy, post_facts

HIT = Hit("max-size", Reason("The message is larger than the {} KB maximum size", "40"))
FILTERED = msgspec.structs.replace(SITE, check_max_size_on_filtered_message=True)
MIXED = 'Content-Type: multipart/mixed; boundary="b"'


def _parts(*parts: bytes) -> bytes:
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"


@pytest.mark.row("rule: max-size")
@pytest.mark.row("attribute: max_message_size")
def test_the_size_as_it_arrived() -> None:
    made = draft("Subject: x")
    assert rule(made, policy(), post_facts(size_bytes=40 * 1024)) is None
    assert rule(made, policy(), post_facts(size_bytes=40 * 1024 + 1)) == HIT
    assert rule(made, policy(max_message_size=0), post_facts(size_bytes=1 << 30)) is None


@pytest.mark.parametrize(
    ("settings", "hit"),
    [
        ({"filter_types": ("image",)}, None),
        ({"filter_types": ("audio",)}, HIT),
        ({"filter_types": ("multipart",)}, None),  # nothing is left: the filter decides
        ({"filter_types": ("image",), "filter_content": False}, HIT),
    ],
)
def test_the_size_that_the_content_filter_leaves(settings: dict[str, Any], hit: Hit | None) -> None:
    picture = b"Content-Type: image/png\r\n\r\n" + b"x" * 50_000
    made = draft(MIXED, body=_parts(b"\r\nhello", picture))
    facts = post_facts(site=FILTERED, size_bytes=51_000)
    assert rule(made, policy(**({"filter_content": True} | settings)), facts) == hit
    as_it_came = post_facts(size_bytes=51_000)
    assert rule(made, policy(**({"filter_content": True} | settings)), as_it_came) == HIT
