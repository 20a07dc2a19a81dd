"""How much is enough, for what a flood could make of one mail after the other."""

from collections import deque
from typing import Final

_MOST_KEYS: Final = 10_000


class Budget:
    """At most `most` in `window_s` seconds for each key. Kept in memory: a restart begins anew, and that is
    no harm, as it only keeps floods out."""

    def __init__(self, most: int, window_s: float) -> None:
        self._most = most
        self._window_s = window_s
        self._taken: dict[str, deque[float]] = {}

    def take(self, key: str, now: float) -> bool:
        """Whether there is one left, which then is taken. now: seconds, of one clock that never goes back."""
        if len(self._taken) >= _MOST_KEYS:
            self._forget(now)
        taken = self._taken.setdefault(key, deque(maxlen=self._most))
        while taken and taken[0] <= now - self._window_s:
            taken.popleft()
        if len(taken) >= self._most:
            return False
        taken.append(now)
        return True

    def _forget(self, now: float) -> None:
        """Those whose window is over; if that is nobody, all: so many keys within one window are a flood from
        everywhere, and memory has to end somewhere."""
        self._taken = {key: taken for key, taken in self._taken.items() if taken[-1] > now - self._window_s}
        if len(self._taken) >= _MOST_KEYS:
            self._taken.clear()
