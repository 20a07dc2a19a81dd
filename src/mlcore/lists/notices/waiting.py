"""What a reminder says of each thing that waits for moderators."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from mlcore.lists.notices import phrases
from mlcore.lists.plain import one_line
from mlcore.lists.reasons import Reason

MOST: Final = 50
"""Things that are described; of the others it is said how many there are."""
_INDENT: Final = "    "
_LONGEST: Final = 200

Say = Callable[[str], str]
"""The translation of a phrase."""


class HeldPost(NamedTuple):
    """sender, subject: of the post, may be empty."""

    sender: str
    subject: str
    reasons: Sequence[Reason]


def described(
    say: Say, posts: Sequence[HeldPost], joining: Sequence[str], leaving: Sequence[str], count: int = 0
) -> str:
    """Lines for a mail: under a heading each, the addresses of those who asked to join and to leave, and of
    held posts sender, subject and reasons. `MOST` things, each line without control characters (P9). All but
    headings is indented, so that it stays as it is.

    count: of all that waits, where not all of it is given: then of each sort at least `MOST` things are, if
    there are so many."""
    blocks: list[list[str]] = []
    room = MOST
    for heading, addresses in ((phrases.HELD_JOINING, joining), (phrases.HELD_LEAVING, leaving)):
        shown = [_line(say, phrases.HELD_USER, address) for address in addresses[:room]]
        room -= len(shown)
        blocks += _under(say(heading), [shown])
    blocks += _under(say(phrases.HELD_MESSAGES), [_post(say, post) for post in posts[:room]])
    left = max(count, len(joining) + len(leaving) + len(posts)) - MOST
    if left > 0:
        blocks.append([_line(say, phrases.HELD_MORE, str(left))])
    return "\n\n".join(["\n".join(lines) for lines in blocks])


def _under(heading: str, items: Iterable[list[str]]) -> list[list[str]]:
    """The items, the first one behind the heading; nothing for none."""
    found = [item for item in items if item]
    return [[heading, *found[0]], *found[1:]] if found else []


def _post(say: Say, post: HeldPost) -> list[str]:
    reasons = "; ".join([reason.filled(say(reason.text)) for reason in post.reasons])
    return [
        _line(say, phrases.HELD_SENDER, post.sender or say(phrases.NO_SENDER)),
        _line(say, phrases.HELD_SUBJECT, post.subject or say(phrases.NO_SUBJECT)),
        _line(say, phrases.HELD_REASON, reasons or say(phrases.NO_REASON)),
    ]


def _line(say: Say, phrase: str, value: str) -> str:
    return _INDENT + phrases.filled(say(phrase), {"value": one_line(value, _LONGEST)})
