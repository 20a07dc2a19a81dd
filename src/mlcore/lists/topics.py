"""Which topics of a list a post belongs to (pure)."""

import re
from collections.abc import Iterator
from typing import Final

from mlcore.lists.draft import Draft
from mlcore.lists.model import ListPolicy
from mlcore.lists.patterns import Patterns
from mlcore.mail import mime

_FIELDS: Final = ("subject", "keywords")
_LOOKS_LIKE_A_FIELD: Final = re.compile(r"([!-9;-~]{1,76})[ \t]{0,9}:(.*)", re.DOTALL)
_LONGEST: Final = 1_000
"""Characters of one text that are looked at."""


def of(draft: Draft, policy: ListPolicy, patterns: Patterns) -> tuple[str, ...]:
    """The topics, in the order of the list, of which any pattern is found, without regard to case, in
    Subject, in Keywords, or in lines like these fields at the beginning of the text.

    Of the first text/plain part `topics_bodylines_limit` lines are looked at (negative: all), up to the
    first one that is no such field. What takes too long finds nothing: see `Patterns`."""
    texts = [text for text in (*_of_fields(draft), *_of_body(draft, policy.topics_bodylines_limit)) if text]
    return tuple(
        topic.name
        for topic in policy.topics
        if any(patterns.search(pattern, text) for pattern in expressions(topic.pattern) for text in texts)
    )


def expressions(pattern: str) -> Iterator[str]:
    """The regular expressions of a topic: its lines, without blanks around them and without empty ones."""
    return (line for row in pattern.split("\n") if (line := row.strip()))


def _of_fields(draft: Draft) -> Iterator[str]:
    for name in _FIELDS:
        for text in draft.fields.texts(name):
            yield text[:_LONGEST]


def _of_body(draft: Draft, limit: int) -> Iterator[str]:
    """The values of lines like `Keywords: a, b` at the beginning of the text; some may be empty."""
    if not limit:
        return
    value = ""
    for line in _first_lines(draft, limit):
        field = _LOOKS_LIKE_A_FIELD.match(line)
        if field is not None:
            yield value
            value = field[2].strip() if field[1].lower() in _FIELDS else ""
        elif not line.startswith((" ", "\t")):
            break
        elif value:
            value = f"{value} {line.strip()}"[:_LONGEST]
    yield value


def _first_lines(draft: Draft, limit: int) -> list[str]:
    """Lines of the first text, without empty ones before them; none where there is no text."""
    try:
        part = mime.first_text(draft.part())
    except mime.TooComplex:
        return []
    if part is None:
        return []
    text = part.text()
    lines = text.split("\n", limit)[:limit] if limit > 0 else text.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    return [line[:_LONGEST] for line in lines[first:]]
