"""What a person can ask for by mail, as values."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mlcore.lists.model import DeliveryMode


@dataclass(frozen=True, slots=True)
class Confirm:
    """Consent to what a token is for. token: lower case, whatever stood there."""

    token: str


@dataclass(frozen=True, slots=True)
class Echo:
    """A sign of life; what else stood in the line is not kept."""


@dataclass(frozen=True, slots=True)
class Help:
    """What can be asked for. about: the name of one command, empty: all of them."""

    about: str = ""


@dataclass(frozen=True, slots=True)
class Join:
    """To become a member. address: as it is spelt, empty: the sender's."""

    mode: DeliveryMode = DeliveryMode.REGULAR
    address: str = ""


@dataclass(frozen=True, slots=True)
class Leave:
    """To be no member any more. token: of the copy that the address was in (`lists.unsubscribe`), whatever
    stood there; empty: none."""

    token: str = ""


@dataclass(frozen=True, slots=True)
class Lists:
    """Which lists there are."""


@dataclass(frozen=True, slots=True)
class Who:
    """Who the members are. enabled: only those with delivery, or without; digest: only those with digests, or
    without; None: all."""

    enabled: bool | None = None
    digest: bool | None = None


class Option(enum.StrEnum):
    """What a member can set for himself."""

    ACK = "ack"
    DELIVERY = "delivery"
    DIGEST = "digest"
    DUPS = "dups"
    HIDE = "hide"
    LANGUAGE = "language"
    MYPOSTS = "myposts"
    TOPICS = "topics"


@dataclass(frozen=True, slots=True)
class Set:
    """To have an option otherwise. value: `on` or `off`; for digest `off`, `plain` or `mime`; the code of a
    language; for topics what was written, on one line."""

    option: Option
    value: str


@dataclass(frozen=True, slots=True)
class Show:
    """How one's options stand."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A command with arguments that it does not take. command: its name."""

    command: str


Request = Confirm | Echo | Help | Join | Leave | Lists | Set | Show | Who | Wrong

END: Final = "end"
WORDS: Final[Mapping[str, str]] = {
    "confirm": "confirm",
    "echo": "echo",
    END: END,
    "help": "help",
    "join": "join",
    "leave": "leave",
    "lists": "lists",
    "set": "set",
    "show": "show",
    "stop": END,
    "subscribe": "join",
    "unsubscribe": "leave",
    "who": "who",
}
"""The name of each command by the words it goes by, lower case. `end` is no request: what follows is not
looked at."""


def name_of(request: Request) -> str:
    """The name of the command, one of `WORDS`."""
    return request.command if isinstance(request, Wrong) else type(request).__name__.lower()
