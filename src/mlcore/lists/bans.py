"""Who may have no role: addresses, and regular expressions that a list owner wrote."""

from collections.abc import Iterable
from typing import Any, Final

import regex

from mlcore.base.errors import BadInput
from mlcore.mail.address import key_of

TIMEOUT_S: Final = 0.05
"""How long one expression may look at one address."""
LONGEST: Final = 1_000
"""Characters of a pattern at most."""
MOST_REPETITIONS: Final = 20_000
"""All counts of an expression multiplied, at most: compiling takes memory for each (`(a{999}){999}`: 600
MiB)."""
_COUNT: Final = regex.compile(r"\{\s*(\d*)\s*,?\s*(\d*)\s*\}")


def valid_pattern(text: str) -> str:
    """The pattern as it is stored: the key of an address, or `^regex` as it was written but for blanks
    around it. Raises BadInput."""
    pattern = text.strip()
    if not pattern.startswith("^"):
        return key_of(pattern)
    if len(pattern) > LONGEST:
        raise BadInput("the expression is too long", f"at most {LONGEST} characters")
    try:
        _compiled(pattern)
    except (regex.error, RecursionError) as error:
        text = f"bad regular expression {pattern!r}: {error}"
        raise BadInput(text, "write ^.*@example\\.com$") from error
    return pattern


def is_banned(key: str, patterns: Iterable[str]) -> bool:
    """`BanTest` for one address."""
    return BanTest(patterns)(key)


class BanTest:
    """Tells who is banned; made once for many addresses.

    patterns: of the list and the site together, as `valid_pattern` gives them; one that is no expression
    (any more) bans nobody."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._keys: set[str] = set()
        self._expressions: list[Any] = []
        for pattern in patterns:
            if not pattern.startswith("^"):
                self._keys.add(pattern)
                continue
            try:
                self._expressions.append(_compiled(pattern))
            except (regex.error, RecursionError):
                continue

    def __call__(self, key: str) -> bool:
        """Whether the address with this `key` is banned: it is one of the addresses, or an expression matches
        at its start, without regard to case.

        An expression that takes too long bans: nobody shall escape by an address made to exhaust it."""
        return key in self._keys or any(_matches(expression, key) for expression in self._expressions)


def _compiled(pattern: str) -> Any:
    repetitions = 1
    for found in _COUNT.finditer(pattern):
        repetitions *= max(1, *(int(number or 1) for number in found.groups()))
    if repetitions > MOST_REPETITIONS:
        raise regex.error("too many repetitions")
    return regex.compile(pattern, regex.IGNORECASE)


def _matches(expression: Any, key: str) -> bool:
    try:
        return expression.match(key, timeout=TIMEOUT_S) is not None
    except TimeoutError:
        return True
