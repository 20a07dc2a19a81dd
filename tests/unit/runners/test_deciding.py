"""Which messages the worker child gets."""

from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from mlcore.lists.stages import NOTHING_MORE
from mlcore.runners.child import Child
from mlcore.runners.deciding import HEADER_THRESHOLD, HTML_THRESHOLD, Deciding
from mlcore.spool.claim import Claim
from support.delivery import MemoryLog
from support.posts import PLAIN, policy

THRESHOLD = 256 << 10
ANT = policy()
CONVERTING = msgspec.structs.replace(ANT, filter_content=True, convert_html_to_plaintext=True)


def deciding(*, with_child: bool = True) -> Deciding:
    child = Child(seconds=1, octets=1 << 28) if with_child else None
    return Deciding(cast("Any", MemoryLog()), more=NOTHING_MORE, child=child, threshold=THRESHOLD)


def claim(octets: bytes = PLAIN, strikes: int = 0) -> Claim:
    made: Any = SimpleNamespace(
        entry=SimpleNamespace(octets=octets), progress=SimpleNamespace(strikes=strikes)
    )
    return cast("Claim", made)


def with_header(size: int) -> bytes:
    return (b"X-Long: a\r\n" * (size // 11 + 1)) + PLAIN


@pytest.mark.parametrize(
    ("given", "settings", "suspect", "heavy"),
    [
        (claim(), ANT, False, False),
        (claim(), ANT, True, True),
        (claim(strikes=1), ANT, False, True),
        (claim(PLAIN + b"x" * THRESHOLD), ANT, False, True),
        (claim(PLAIN + b"x" * HEADER_THRESHOLD), ANT, False, False),
        (claim(PLAIN + b"x" * HTML_THRESHOLD), CONVERTING, False, True),
        (claim(PLAIN + b"x" * HTML_THRESHOLD), None, False, True),
        (claim(), CONVERTING, False, False),
        (claim(), None, False, False),
    ],
)
def test_p7_who_goes_to_the_child(given: Claim, settings: Any, suspect: bool, heavy: bool) -> None:
    assert deciding().is_heavy(given, settings, suspect=suspect) is heavy
    assert deciding(with_child=False).is_heavy(given, settings, suspect=suspect) is False


def test_p7_a_long_header_section_costs_more_than_a_long_body() -> None:
    """Seen: a subject of 250 KiB of encoded words kept the loop for 0.1 to 0.2 s, an ordinary threshold below
    which nothing was taken for heavy."""
    assert deciding().is_heavy(claim(with_header(HEADER_THRESHOLD)), ANT, suspect=False)
    assert not deciding().is_heavy(claim(with_header(HEADER_THRESHOLD // 2)), ANT, suspect=False)
