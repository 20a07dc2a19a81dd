"""SMTP and LMTP replies as values (RFC 5321 4.2, RFC 3463)."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply. code: 200 to 599; enhanced: `4.3.1` or empty; text: one line, printable, no CR or LF."""

    code: int
    enhanced: str
    text: str

    def line(self) -> str:
        """The reply as one line without CRLF: `451 4.3.0 …`."""
        return f"{self.code} {self.enhanced} {self.text}" if self.enhanced else f"{self.code} {self.text}"

    @property
    def positive(self) -> bool:
        """Whether the peer took it (2xx or 3xx)."""
        return self.code < 400

    @property
    def temporary(self) -> bool:
        """Whether it may be tried again (4xx)."""
        return 400 <= self.code < 500


class PeerError(Exception):
    """An error whose public text may reach the peer; private detail stays in `__cause__`."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.line())
        self.reply = reply


OK: Final = Reply(250, "2.1.5", "Ok")
ACCEPTED: Final = Reply(250, "2.0.0", "Ok")
LOCAL_TROUBLE: Final = Reply(451, "4.3.0", "Local trouble here, please try again later")
NO_SPACE: Final = Reply(452, "4.3.1", "Not enough storage here, please try again later")
TOO_BIG: Final = Reply(552, "5.3.4", "Message is larger than the limit of this server")
NO_SUCH_ADDRESS: Final = Reply(550, "5.1.1", "No such mailing list address here")
