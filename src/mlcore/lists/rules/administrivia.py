"""Commands that were sent to everybody instead of -request."""

import unicodedata
from typing import Final

from mlcore.lists import structure
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Hit

_ARGUMENTS: Final = {
    "confirm": range(1, 2),
    "help": range(1),
    "info": range(1),
    "lists": range(1),
    "options": range(1),
    "password": range(2, 3),
    "remove": range(1),
    "set": range(3, 4),
    "subscribe": range(4),
    "unsubscribe": range(2),
    "who": range(3),
}
"""Words of commands, and how many arguments make one of a line that begins with such a word."""
_INITIALS: Final = frozenset(word[0] for word in _ARGUMENTS)
_FULL_WIDTH: Final = ord("Ａ") - ord("A")
_FIRST: Final = frozenset(
    chr(ord(letter) + shift)
    for initial in _INITIALS
    for letter in (initial, initial.upper())
    for shift in (0, _FULL_WIDTH)
)
"""What such a line begins with: most lines are told by that."""
_MOST_WORDS: Final = 5
_LONGEST: Final = 500


def rule(draft: Draft, policy: ListPolicy, facts: PostFacts) -> Hit | None:
    """Hits where `administrivia` is on and the Subject, or one of the first `email_commands_max_lines` lines
    with text of the first text/plain part, is a command. Full-width letters count too."""
    if not policy.administrivia:
        return None
    if _is_command((draft.fields.text("subject") or "").lstrip()):
        return _hit()
    lines = structure.first_lines(draft, facts.site.email_commands_max_lines)
    return _hit() if any(map(_is_command, lines)) else None


def _is_command(line: str) -> bool:
    if line[:1] not in _FIRST:
        return False
    if not line.isascii():
        line = unicodedata.normalize("NFKC", line[:_LONGEST])
    words = line.split(None, _MOST_WORDS)
    counts = _ARGUMENTS.get(words[0].lower())
    return counts is not None and len(words) - 1 in counts


def _hit() -> Hit:
    return Hit("administrivia", Reason("Message contains administrivia"))
