"""Who may have no role: addresses, and regular expressions that a list owner wrote."""

from collections.abc import Iterable
from typing import Any, Final

import regex

from mlcore.lists.patterns import checked, compiled
from mlcore.mail.address import key_of

TIMEOUT_S: Final = 0.05
"""How long one expression may look at one address."""
MOST_TIMEOUTS: Final = 20
"""Of one `BanTest`: a second, for which a transaction may be open."""


def valid_pattern(text: str) -> str:
    """The pattern as it is stored: the key of an address, or `^regex` as it was written but for blanks
    around it. Raises BadInput."""
    pattern = text.strip()
    if not pattern.startswith("^"):
        return key_of(pattern)
    return checked(pattern)


def is_banned(key: str, patterns: Iterable[str]) -> bool:
    """`BanTest` for one address."""
    return BanTest(patterns)(key)


class BanTest:
    """Tells who is banned; made once for many addresses.

    patterns: of the list and the site together, as `valid_pattern` gives them; one that is no expression
    (any more) bans nobody. most_timeouts: see `MOST_TIMEOUTS`; one is enough for the senders of a post."""

    def __init__(self, patterns: Iterable[str], *, most_timeouts: int = MOST_TIMEOUTS) -> None:
        self._keys: set[str] = set()
        self._expressions: list[Any] = []
        self._slow: set[Any] = set()
        self._timeouts_left = most_timeouts
        for pattern in patterns:
            if not pattern.startswith("^"):
                self._keys.add(pattern)
                continue
            try:
                self._expressions.append(compiled(pattern))
            except regex.error:
                continue

    def __call__(self, key: str) -> bool:
        """Whether the address with this `key` is banned: it is one of the addresses, or an expression matches
        at its start, without regard to case.

        An expression that takes too long bans: nobody shall escape by an address made to exhaust it. After
        `most_timeouts` those that did are not tried again, and ban whoever comes."""
        return key in self._keys or any(self._matches(expression, key) for expression in self._expressions)

    def _matches(self, expression: Any, key: str) -> bool:
        if self._timeouts_left <= 0 and expression in self._slow:
            return True
        try:
            return expression.match(key, timeout=TIMEOUT_S) is not None
        except TimeoutError:
            self._slow.add(expression)
            self._timeouts_left -= 1
            return True
