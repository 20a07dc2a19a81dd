"""Root ids of spool entries: sorted by birth, unique across restarts and clock jumps, without a dot.

Shape: 11 hex digits of milliseconds, 4 hex digits of a counter, 6 hex digits of randomness; a member
of a group of several (one LMTP transaction) has `-2`, `-3` … behind the id that all share."""

import re
import secrets
from collections.abc import Callable

from mlcore.base.clock import Clock

ROOT_ID = re.compile(r"[0-9a-f]{21}(?:-[0-9]{1,5})?\Z")
NAME = re.compile(r"[0-9a-f]{21}(?:-[0-9]{1,5})?(?:\.[a-z][0-9]{0,5})*\Z")


class RandomHex:
    """Random hex digits, asked of the system for many ids at once: each call would let other threads in."""

    def __init__(self, source: Callable[[int], str] = secrets.token_hex) -> None:
        self._source = source
        self._digits = ""

    def __call__(self, octets: int) -> str:
        """`2 * octets` digits (1 to 256 octets)."""
        if len(self._digits) < 2 * octets:
            self._digits = self._source(512)
        found, self._digits = self._digits[: 2 * octets], self._digits[2 * octets :]
        return found


class IdMaker:
    """Gives root ids. They grow even when the wall clock is set back (the last reading is kept)."""

    def __init__(self, clock: Clock, random: Callable[[int], str] | None = None) -> None:
        self._clock = clock
        self._random = random or RandomHex()
        self._last_ms = 0
        self._count = 0

    def new(self) -> str:
        """A fresh root id: 21 characters of [0-9a-f]."""
        now_ms = max(0, int(self._clock.time() * 1000)) & 0xFFFFFFFFFFF
        if now_ms > self._last_ms:
            self._last_ms = now_ms
            self._count = 0
        else:
            self._count += 1
            if self._count > 0xFFFF:
                self._last_ms += 1
                self._count = 0
        return f"{self._last_ms:011x}{self._count:04x}{self._random(3)}"

    def group(self, size: int) -> list[str]:
        """`size` ids (1 to 99,999) that share the first one as prefix."""
        if not 1 <= size <= 99_999:
            raise ValueError("a group has 1 to 99,999 members")
        first = self.new()
        return [first, *(f"{first}-{number}" for number in range(2, size + 1))]


def root_of(name: str) -> str:
    """The root id of an entry's name: `ID.h.p` gives `ID`."""
    return name.partition(".")[0]
