"""Regular expressions that list owners wrote, tried on what strangers send: compiled once, and in bounds.

No expression may stop the posts of a site: what takes too long does not match, and is named for the log."""

import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import regex

from mlcore.base.errors import BadInput

BUDGET_S: Final = 0.05
"""Processor time that all expressions together may take for one message."""
COMPILING_S: Final = 0.2
"""The same for making programs of them, which is done anew after a start. An ordinary one takes 0.3 ms."""
LONGEST: Final = 1_000
"""Octets of an expression at most, in UTF-8."""
MOST_WORK: Final = 200_000
"""Length of an expression times all its counts, at most: to compile `(?:[ab]…){20000}` takes 60 octets and
0.1 µs for each of these."""
MOST_LATE: Final = 20
_LIGHT: Final = 3_000
"""The same of one that is kept among many."""
_MUCH_S: Final = 0.001
_COUNT: Final = regex.compile(r"\{\s*(\d*)\s*,?\s*(\d*)\s*\}")


def checked(text: str) -> str:
    """`text` if it can be stored as an expression. Raises BadInput."""
    if not text.isprintable():
        raise BadInput(f"invisible characters in {text[:80]!a}", "write them as \\xNN or \\uNNNN")
    if len(text.encode()) > LONGEST:
        raise BadInput("the expression is too long", f"at most {LONGEST} octets")
    try:
        compiled(text)
    except regex.error as error:
        wrong = f"bad regular expression {text!r}: {error}"
        raise BadInput(wrong, "write ^.*@example\\.com$") from error
    return text


def compiled(pattern: str) -> Any:
    """The program of an expression, without regard to case. Raises regex.error: it is none, or too costly."""
    return _light(pattern) if _is_light(pattern) else _heavy(pattern)


@lru_cache(maxsize=4_096)
def _is_light(pattern: str) -> bool:
    work = len(pattern)
    for found in _COUNT.finditer(pattern):
        work *= max(1, *(int(number[:9] or 1) for number in found.groups()))
    if work > MOST_WORK:
        raise regex.error("too many repetitions")
    return work <= _LIGHT


@lru_cache(maxsize=4_096)
def _light(pattern: str) -> Any:
    return _compiled(pattern)


@lru_cache(maxsize=32)
def _heavy(pattern: str) -> Any:
    return _compiled(pattern)


def _compiled(pattern: str) -> Any:
    try:
        return regex.compile(pattern, regex.IGNORECASE, cache_pattern=False)
    except RecursionError as error:
        raise regex.error("nested too deep") from error


class Patterns:
    """Tries expressions on the texts of one message, all within one budget.

    budget_s: processor time. Each expression gets at most half of what is left, so that a bad one leaves
    something to the others. late: expressions that took too long, or came when nothing was left, each once,
    at most `MOST_LATE`: for the log."""

    def __init__(self, budget_s: float = BUDGET_S) -> None:
        self.late: list[str] = []
        self._given_up: set[str] = set()
        self._left_s = budget_s
        self._least_s = budget_s / 100
        self._compiling_s = COMPILING_S
        self._sampled_s = time.thread_time()

    def search(self, pattern: str, text: str) -> bool:
        """Whether `pattern` matches anywhere in `text`, without regard to case. False also where it takes too
        long, or is no expression (any more). Never raises."""
        return self._tried(pattern, text, at_start=False)

    def match(self, pattern: str, text: str) -> bool:
        """Whether `pattern` matches at the beginning of `text`; otherwise as `search`."""
        return self._tried(pattern, text, at_start=True)

    def search_any(self, pattern: str, texts: Iterable[str]) -> bool:
        """`search` in several texts, however many: a pattern that is late is given up at once."""
        return self._tried_on(pattern, texts, at_start=False)

    def match_any(self, pattern: str, texts: Iterable[str]) -> bool:
        """`match` in the same manner."""
        return self._tried_on(pattern, texts, at_start=True)

    def _tried_on(self, pattern: str, texts: Iterable[str], *, at_start: bool) -> bool:
        for text in texts:
            if self._tried(pattern, text, at_start=at_start):
                return True
            if pattern in self._given_up:
                return False
        return False

    def _tried(self, pattern: str, text: str, *, at_start: bool) -> bool:
        if pattern in self._given_up:
            return False
        if self._left_s < self._least_s or self._compiling_s <= 0:
            self._give_up(pattern)
            return False
        began = time.perf_counter()
        try:
            program = compiled(pattern)
        except regex.error:
            return False
        finally:
            self._compiling_s -= self._since(began)
        began = time.perf_counter()
        try:
            method = program.match if at_start else program.search
            return method(text, timeout=self._left_s / 2) is not None
        except TimeoutError:
            self._give_up(pattern)
            return False
        finally:
            self._left_s -= self._since(began)

    def _give_up(self, pattern: str) -> None:
        self._given_up.add(pattern)
        if len(self.late) < MOST_LATE:
            self.late.append(pattern)

    def _since(self, began: float) -> float:
        """Processor time since `began`, at most.

        To ask for it takes a system call, so it is done only where the clock shows much: this thread may have
        been waiting, and how busy the host is must not decide about a post."""
        passed = time.perf_counter() - began
        if passed < _MUCH_S:
            return passed
        before, self._sampled_s = self._sampled_s, time.thread_time()
        return min(passed, self._sampled_s - before)
