"""Rules of a list about header fields: the first that finds something decides what becomes of a post."""

from collections.abc import Iterable

from sqlalchemy import Connection

from mlcore.base.errors import BadInput
from mlcore.lists.model import Action, HeaderMatch
from mlcore.lists.rules.header_match import MOST, checked
from mlcore.store import header_matches


def shown(connection: Connection, list_id: str) -> tuple[HeaderMatch, ...]:
    """Those of the list, in the order they are tried."""
    return header_matches.all(connection, list_id)


def add(
    connection: Connection,
    list_id: str,
    header: str,
    pattern: str,
    *,
    action: Action | None = None,
    tag: str = "",
    position: int | None = None,
) -> int:
    """Gives the list one more rule, before the one at `position`, or behind all. The position it has then.

    header: a field name, in any case; pattern: a regular expression, looked for in any case; action: what
    becomes of a post, None: what the site says. Raises BadInput: no name, no expression, a rule that
    is there already, a position that there is not, too many rules."""
    match = checked(header, pattern, action, tag)
    matches = list(header_matches.all(connection, list_id))
    if any((one.header, one.pattern) == (match.header, match.pattern) for one in matches):
        raise BadInput("This header match already exists")
    if len(matches) >= MOST:
        raise BadInput(f"{list_id} has {MOST} header matches", "join expressions for one field with |")
    place = len(matches) if position is None else position
    if not 0 <= place <= len(matches):
        raise BadInput(f"No header match at this position: {place}", f"write 0 to {len(matches)}")
    header_matches.replace(connection, list_id, [*matches[:place], match, *matches[place:]])
    return place


def remove(connection: Connection, list_id: str, positions: Iterable[int]) -> None:
    """Removes the rules at these positions, those behind them move up. Raises BadInput with the first
    position that there is not; then nothing is removed."""
    gone = set(positions)
    matches = header_matches.all(connection, list_id)
    for position in sorted(gone):
        if not 0 <= position < len(matches):
            raise BadInput(f"No header match at this position: {position}")
    left = [match for position, match in enumerate(matches) if position not in gone]
    header_matches.replace(connection, list_id, left)


def clear(connection: Connection, list_id: str) -> None:
    """Removes all rules of the list."""
    header_matches.replace(connection, list_id, ())
