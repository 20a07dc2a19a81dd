"""Header fields that the owner does not want to see, in the old form of that setting."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.patterns import Patterns
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Hit

_LINE: Final = re.compile(r"([!-9;-~]{1,76})[ \t]*:[ \t]*(\S.*)")
_MOST_LINES: Final = 1_000


def rule(draft: Draft, policy: ListPolicy, _facts: PostFacts, patterns: Patterns) -> Hit | None:
    """Hits where a line `Header: regex` of `bounce_matching_headers` matches a field of the message: searched
    in its decoded text, without regard to case. Lines that begin with `#`, or are no such line, are
    comments."""
    if not policy.bounce_matching_headers:
        return None
    texts: dict[str, tuple[str, ...]] = {}
    for name, pattern in _lines(policy.bounce_matching_headers):
        if name not in texts:
            texts[name] = draft.fields.texts(name)
        if patterns.search_any(pattern, texts[name]):
            reason = Reason('Header "{}" matched a bounce_matching_header line', name)
            return Hit("suspicious-header", reason)
    return None


@lru_cache(maxsize=256)
def _lines(setting: str) -> tuple[tuple[str, str], ...]:
    return tuple(_read(setting))


def _read(setting: str) -> Iterator[tuple[str, str]]:
    for line in setting.split("\n", _MOST_LINES)[:_MOST_LINES]:
        found = None if line.startswith("#") else _LINE.fullmatch(line.strip())
        if found is not None:
            yield found[1], found[2]
