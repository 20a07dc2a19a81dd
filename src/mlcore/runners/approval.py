"""Whether a password that came with a post is that of the list's moderators.

To compare one costs a third of a second of processor time, by intention; so whoever sends a hundred posts
with wrong ones must not keep the posts of everybody waiting, nor try for long to hit upon the right one."""

import asyncio
import secrets
from hashlib import blake2b
from typing import Final

from mlcore.base import passwords
from mlcore.lists.model import ListPolicy
from mlcore.runners.budget import Budget
from mlcore.runners.work import Work

TRIES_PER_HOUR: Final = 30
"""Of one list, for passwords that were not seen to be right before."""
_HOUR_S: Final = 3_600.0


class Approval:
    """Compares passwords, in a thread."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._tries = Budget(TRIES_PER_HOUR, _HOUR_S)
        self._key = secrets.token_bytes(32)
        self._right: dict[str, bytes] = {}
        """By List-ID, the last that was right: with what it was compared to, under a key of this process."""

    async def is_right(self, policy: ListPolicy, password: str, queue_id: str) -> bool:
        """False also beyond `TRIES_PER_HOUR`, with a log line: the post is then moderated like any other."""
        list_id, hashed = policy.list_id, policy.moderator_password
        seen = blake2b(f"{hashed}\0{password}".encode("utf-8", "replace"), key=self._key).digest()
        if secrets.compare_digest(self._right.get(list_id, b""), seen):
            return True
        if not self._tries.take(list_id, self._work.clock.monotonic()):
            self._work.log.warning(
                "enough passwords", queue_id=queue_id, list_id=list_id, most_per_hour=TRIES_PER_HOUR
            )
            return False
        right = await asyncio.to_thread(passwords.matches, hashed, password)
        if right:
            self._right[list_id] = seen
        return right
