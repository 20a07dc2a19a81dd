"""Who may have no role: addresses, and regular expressions that a list owner wrote."""

from collections.abc import Iterable
from typing import Any, Final

import regex

from mlcore.base.errors import BadInput
from mlcore.mail.address import key_of

TIMEOUT_S: Final = 0.05
"""How long one expression may look at one address."""
LONGEST: Final = 1_000
"""Octets of a pattern at most, in UTF-8."""
MOST_TIMEOUTS: Final = 20
"""Of one `BanTest`: a second, for which a transaction may be open."""
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
    if not pattern.isprintable():
        raise BadInput(f"invisible characters in {pattern[:80]!a}", "write them as \\xNN or \\uNNNN")
    if len(pattern.encode()) > LONGEST:
        raise BadInput("the expression is too long", f"at most {LONGEST} octets")
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
        self._slow: set[Any] = set()
        self._timeouts = 0
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

        An expression that takes too long bans: nobody shall escape by an address made to exhaust it. After
        `MOST_TIMEOUTS` those that did are not tried again, and ban whoever comes."""
        return key in self._keys or any(self._matches(expression, key) for expression in self._expressions)

    def _matches(self, expression: Any, key: str) -> bool:
        if self._timeouts >= MOST_TIMEOUTS and expression in self._slow:
            return True
        try:
            return expression.match(key, timeout=TIMEOUT_S) is not None
        except TimeoutError:
            self._slow.add(expression)
            self._timeouts += 1
            return True


def _compiled(pattern: str) -> Any:
    repetitions = 1
    for found in _COUNT.finditer(pattern):
        repetitions *= max(1, *(int(number or 1) for number in found.groups()))
    if repetitions > MOST_REPETITIONS:
        raise regex.error("too many repetitions")
    return regex.compile(pattern, regex.IGNORECASE)
