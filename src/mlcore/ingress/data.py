"""The content between 354 and the final dot (RFC 5321 4.1.1.4, 4.5.2).

Only CRLF.CRLF ends it, and only what follows CRLF is the start of a line. A bare CR or LF is content like any
other octet, whatever dots stand around it: a server that disagrees with the sender about where a message ends
takes the rest as commands, and that is how mail is smuggled (P4)."""

import io
from typing import Final

from mlcore.mail.reply import NO_SPACE, TOO_BIG, Reply

_END: Final = b"\r\n.\r\n"
_STUFFED: Final = b"\r\n."
_LINE_END: Final = b"\r\n"
_BEGINNINGS: Final = (b"\r\n.\r", b"\r\n.", b"\r\n", b"\r")


class Memory:
    """Octets of content that all open transactions keep together: at most `limit_bytes`."""

    def __init__(self, limit_bytes: int) -> None:
        self._free = limit_bytes

    def take(self, size_bytes: int) -> bool:
        """Reserves octets; False, and nothing reserved, when there are not as many."""
        if size_bytes > self._free:
            return False
        self._free -= size_bytes
        return True

    def give_back(self, size_bytes: int) -> None:
        """What was taken is free again."""
        self._free += size_bytes


class Content:
    """Content on its way in, fed block by block. Work and memory are linear in its size, however the blocks
    are cut: at most four octets of a block are looked at again with the next one.

    limit_bytes: of the content without its stuffed dots. Over it, or when `memory` has no more, what was kept
    is dropped and the rest is read and forgotten; `fault` then says what each recipient hears."""

    __slots__ = ("_blocks", "_first", "_held", "_limit", "_memory", "_virtual", "fault", "size_bytes")

    def __init__(self, limit_bytes: int, memory: Memory) -> None:
        self.fault: Reply | None = None
        self.size_bytes = 0
        self._limit = limit_bytes
        self._memory = memory
        self._first = b""
        self._blocks: io.BytesIO | None = None
        # A dot right behind 354 stands at the start of a line too, so the content begins as if a CRLF had
        # come before it; the two octets are taken away again from the first part that is kept.
        self._held = _LINE_END
        self._virtual = True

    def feed(self, block: bytes) -> bytes | None:
        """Takes one block. None: the end is still to come; otherwise the octets behind the terminator."""
        data = self._held + block
        end = data.find(_END)
        if end >= 0:
            self._keep(data[: end + 2])
            return data[end + 5 :]
        held = _unfinished(data)
        self._held = data[len(data) - held :]
        self._keep(data[: len(data) - held])
        return None

    def octets(self) -> bytes:
        """The whole content, without the terminator and the stuffed dots. Empty where `fault` is set."""
        return self._first if self._blocks is None else self._blocks.getvalue()

    def drop(self) -> None:
        """Gives the memory back. Whoever still needs the octets has them."""
        self._memory.give_back(self.size_bytes)
        self.size_bytes = 0
        self._first = b""
        self._blocks = None

    def _keep(self, octets: bytes) -> None:
        if self.fault is not None or not octets:
            return
        kept = octets.replace(_STUFFED, _LINE_END)
        if self._virtual:
            kept = kept[2:]
            self._virtual = False
        if self.size_bytes + len(kept) > self._limit:
            self._refuse(TOO_BIG)
        elif not self._memory.take(len(kept)):
            self._refuse(NO_SPACE)
        else:
            self.size_bytes += len(kept)
            try:
                self._append(kept)
            except MemoryError:  # the rest is read and forgotten, and each recipient has its reply (P2)
                self._refuse(NO_SPACE)

    def _append(self, kept: bytes) -> None:
        # Most messages are one block, or two, and never see the buffer. For large ones BytesIO grows in
        # place and hands its octets out without copying them: joining a list would hold them twice.
        if self._blocks is not None:
            self._blocks.write(kept)
        elif not self._first:
            self._first = kept
        else:
            self._blocks = io.BytesIO()
            self._blocks.write(self._first)
            self._blocks.write(kept)
            self._first = b""

    def _refuse(self, fault: Reply) -> None:
        self.drop()
        self.fault = fault


def _unfinished(data: bytes) -> int:
    """How many octets at the end of `data` may be the beginning of a terminator: 0 to 4."""
    for beginning in _BEGINNINGS:
        if data.endswith(beginning):
            return len(beginning)
    return 0
