"""Rules about header fields that owners and sites write: one match each, under names made from the place."""

import re
from typing import Final

from mlcore.base.errors import BadInput
from mlcore.lists import patterns as expressions
from mlcore.lists import structure
from mlcore.lists.draft import Draft
from mlcore.lists.model import Action, HeaderMatch
from mlcore.lists.patterns import Patterns
from mlcore.lists.plain import one_line
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Hit
from mlcore.mail.mime import Part

MOST: Final = 500
"""Of one list: each costs every post some µs, and a name among the rules that were asked."""
_FIELD_NAME: Final = re.compile(r"[!-9;-~]{1,76}")
_LONGEST_TAG: Final = 255


class FieldTexts:
    """The decoded fields of a message and of all its parts, by name.

    The message is taken apart only if a field of that name may stand in a part. One that is too complex
    has its own fields alone."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._body = draft.body.lower() if structure.is_composite(draft.fields) else b""
        self._parts: tuple[Part, ...] | None = None
        self._known: dict[str, tuple[str, ...]] = {}

    def of(self, name: str) -> tuple[str, ...]:
        """Each field `name` (lower case) as text on one line, those of the message first."""
        texts = self._known.get(name)
        if texts is None:
            texts = self._known[name] = self._draft.fields.texts(name) + self._in_parts(name)
        return texts

    def _in_parts(self, name: str) -> tuple[str, ...]:
        if not self._body or name.encode("ascii", "replace") not in self._body:
            return ()
        if self._parts is None:
            self._parts = structure.parts(self._draft)[1:]
        return tuple(text for part in self._parts for text in part.fields.texts(name))


def site_name(line: int) -> str:
    """Of the rule that line `line` (from 1 on) of the site's header_checks is."""
    return f"header-match-config-{line}"


def list_name(list_id: str, position: int) -> str:
    """Of the rule that a list has at `position` (from 0 on)."""
    return f"header-match-{list_id}-{position}"


def rule(match: HeaderMatch, name: str, texts: FieldTexts, patterns: Patterns) -> Hit | None:
    """Hits where the pattern is found in a field of the message or of any part. name: of the rule."""
    if not patterns.search_any(match.pattern, texts.of(match.header)):
        return None
    return Hit(name, Reason('Header "{}" matched a header rule', match.header))


def checked(header: str, pattern: str, action: Action | None = None, tag: str = "") -> HeaderMatch:
    """The rule as it is stored: the name in lower case, the pattern as it was written. Raises BadInput."""
    name = header.strip().removesuffix(":").rstrip().lower()
    if not _FIELD_NAME.fullmatch(name):
        raise BadInput(f"{header[:80]!a} names no header field", "write a name like X-Spam-Flag")
    if not pattern.strip():
        raise BadInput(f"the rule about {name} has no expression", "write .* to find every such field")
    return HeaderMatch(
        header=name,
        pattern=expressions.checked(pattern),
        action=action,
        tag=one_line(tag, _LONGEST_TAG),
    )
