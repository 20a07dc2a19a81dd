"""What an archiver is: it takes a post, or says whether a later attempt makes sense."""

import re
from dataclasses import dataclass
from typing import Final, Protocol

from mlcore.base.errors import MlcoreError
from mlcore.lists.model import ListPolicy

_UNSAFE: Final = re.compile(rb"[^A-Za-z0-9@._+=-]|^[.-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedPost:
    """One post for one archiver. entry: name of its entry, the same in each attempt; number: of the archiver
    in it; policy: of its list; message_id: with brackets, empty: none; octets: the message with CRLF line
    ends, its Date as the archiver gets it; arrived_at: Unix seconds."""

    entry: str
    number: int
    policy: ListPolicy
    message_id: str
    octets: bytes
    arrived_at: float

    def unix(self) -> bytes:
        """The message with the line ends of this system, as files and programs have it."""
        return self.octets.replace(b"\r\n", b"\n")


class Refused(MlcoreError):
    """The archiver wants this post neither now nor later; the text says why, on one line."""


class Unavailable(MlcoreError):
    """The archiver does not take it now; the text says why, on one line."""


class Archiver(Protocol):
    """Somebody who keeps posts. What was taken lasts.

    name: under which lists know it; repeatable: whether to take a post again changes nothing."""

    name: str
    repeatable: bool

    async def archive(self, post: ArchivedPost) -> None:
        """It has the post when this returns. Raises Refused, Unavailable; and when it is cancelled nothing of
        it goes on."""
        ...

    async def close(self) -> None:
        """Gives back what it holds; nothing is archived any more."""
        ...


def safe_name(text: str) -> str:
    """`text` as one component of a path, and no option of a program (P9): octets outside A-Z a-z 0-9 @ . _ +
    = - become %XX, and so does a dot or a hyphen at the start. Different texts have different names."""
    octets = text.encode("utf-8", "surrogatepass")
    return _UNSAFE.sub(lambda match: b"%%%02X" % match[0][0], octets).decode("ascii") or "%"
