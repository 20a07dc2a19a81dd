"""Posts for archivers, and an archiver that a test tells what to do."""

import asyncio
from typing import Any

from mlcore.archive.archiver import ArchivedPost
from support.posts import NOW, policy

OCTETS = b"From: anne@example.org\r\nMessage-ID: <1@example.org>\r\nSubject: tea\r\n\r\nAt four\r\n"
ENTRY = "018bcfe56800000a1b2c3.a"


def archived(**given: Any) -> ArchivedPost:
    """A post of `ant@example.com` for one archiver."""
    some: dict[str, Any] = {
        "entry": ENTRY,
        "number": 0,
        "policy": policy(),
        "message_id": "<1@example.org>",
        "octets": OCTETS,
        "arrived_at": NOW,
    }
    return ArchivedPost(**(some | given))


class ScriptedArchiver:
    """Keeps posts by entry. answers: raised in turn (None: taken), then all are taken; answer: raised always;
    gate: where it is set, each post waits for it."""

    def __init__(self, name: str, *answers: BaseException | None, repeatable: bool = True) -> None:
        self.name = name
        self.repeatable = repeatable
        self.answers = list(answers)
        self.answer: BaseException | None = None
        self.gate: asyncio.Event | None = None
        self.asked: list[str] = []
        self.kept: list[ArchivedPost] = []
        self.at_once = 0
        self.most_at_once = 0
        self.closed = False

    async def archive(self, post: ArchivedPost) -> None:
        """See `Archiver.archive`."""
        self.asked.append(post.entry)
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            if self.gate is not None:
                await self.gate.wait()
            answer = self.answers.pop(0) if self.answers else self.answer
            if answer is not None:
                raise answer
            self.kept.append(post)
        finally:
            self.at_once -= 1

    async def close(self) -> None:
        """See `Archiver.close`."""
        self.closed = True
