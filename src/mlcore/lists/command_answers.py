"""What came of commands, and the words in which that is told. Nothing of the mail is repeated (P19)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from mlcore.lists.reasons import Reason

MOST_ROWS: Final = 1_000
"""Lines of rosters in one answer: anybody can have it sent to whom he likes, ten times a day."""


class Result(msgspec.Struct, frozen=True):
    """What came of one command. command: its name; said: sentences; rows: lines that need no translation;
    due: whether the person has to be told, since no other mail tells him; help: whether all commands are
    explained."""

    command: str
    said: tuple[Reason, ...] = ()
    rows: tuple[str, ...] = ()
    due: bool = True
    help: bool = False


class Results(msgspec.Struct, frozen=True):
    """What came of a mail. unknown, ignored, unprocessed, other_parts: see `commands.Parsed`. language: of
    the sender, empty: unknown; member: whether his address is a member's.

    answer: `results` are sent, `limit`: only that there will be no more of them today, `none`: nothing.
    count: how many answers the sender has had."""

    results: tuple[Result, ...] = ()
    unknown: int = 0
    ignored: int = 0
    unprocessed: int = 0
    other_parts: bool = False
    language: str = ""
    member: bool = False
    answer: str = "none"
    count: int = 0
    decided: bool = False
    """Whether something was decided that the server has to carry out."""


CONFIRMED: Final = "Confirmed"
NO_MATCH: Final = "Confirmation token did not match"
INVALID_APPROVED: Final = "Invalid Approved: password"
HELD_ACCEPTED: Final = "The held message has been accepted."
HELD_DISCARDED: Final = "The held message has been discarded."
CONFIRMATION_SENT: Final = "Confirmation email sent to {}"
OTHER_ASKED: Final = "If the address you named can join this list, a confirmation email has been sent to it."
SUBSCRIBED: Final = "You are now a member of this list."
ALREADY_MEMBER: Final = "You are already a member of this list."
BANNED: Final = "You cannot join this list."
PENDING: Final = "Your request is waiting for an answer already."
TOO_MANY: Final = "Too many requests for this address. Please try again tomorrow."
WAITS: Final = "Your request has been sent to the moderators of this list."
UNSUBSCRIBED: Final = "You are no longer a member of this list."
NOT_MEMBER: Final = "This address is not a member of this list."
ECHOED: Final = "Your mail has reached this list server."
ROSTER_CLOSED: Final = "You are not allowed to see the members of this list."
ROSTER_HEAD: Final = "Members found: {}"
ROSTER_HIDDEN: Final = "Members who hide their addresses: {}"
ROSTER_CUT: Final = "Members not shown here: {}"
WRONG_ARGUMENTS: Final = "This command was not understood. Send the command help to learn how to use it."
OPTION_CHANGED: Final = "The option has been changed."
OPTION_UNKNOWN_TOPIC: Final = "This list has no such topic."
OPTION_NO_TOPICS: Final = "This list has no topics."
OPTION_NO_DIGESTS: Final = "This list has no digests."
OPTION_BY_MODERATOR: Final = (
    "A moderator has stopped delivery to you. Please write to the owners of this list."
)
LISTS_HEAD: Final = "Mailing lists at {}:"
LISTS_NONE: Final = "There are no advertised mailing lists at {}."
FOR_LISTS: Final = "Send this command to the request address of a list."

SHOWN: Final[Mapping[str, str]] = {
    "ack": "ack: {} (you get a note for each of your posts)",
    "delivery": "delivery: {} (posts are sent to you)",
    "digest": "digest: {} (posts are collected and sent together)",
    "dups": "dups: {} (you get a copy from the list even where a post names your address)",
    "hide": "hide: {} (members cannot see your address)",
    "language": "language: {} (of mail from this list to you)",
    "myposts": "myposts: {} (you get your own posts)",
    "topics": "topics: {} (only posts on these are sent to you)",
}
"""How each option is listed."""

HELP_HEAD: Final = "These commands are understood:"
EXPLAINED: Final[Mapping[str, str]] = {
    "confirm": "confirm TOKEN: consent to what you were asked by mail.",
    "echo": "echo: see whether your mail arrives here.",
    "end": "end: what follows in your mail is not a command. The word stop does the same.",
    "help": "help: get this explanation.",
    "join": (
        "join [digest=no|plain|mime] [address=ADDRESS]: become a member of the list. The word subscribe does "
        "the same."
    ),
    "leave": "leave: stop being a member of the list. The word unsubscribe does the same.",
    "lists": "lists: get the names of the mailing lists.",
    "set": (
        "set OPTION VALUE: change an option of your membership: digest off|plain|mime, delivery on|off, "
        "ack on|off, myposts on|off, dups on|off, hide on|off, language CODE, topics NAMES."
    ),
    "show": "show: see the options of your membership.",
    "who": "who [delivery=enabled|disabled] [mode=digest|regular]: get the members of the list.",
}
"""One line for each command."""
OF_SITE: Final = ("help", "lists", "echo", "end")
"""Commands that the site understands too."""

RESULTS: Final = "- Results:"
UNPROCESSED: Final = "- Unprocessed:"
IGNORED: Final = "- Ignored:"
DONE: Final = "- Done."
OTHER_PARTS: Final = "Ignoring non-text/plain MIME parts"
UNKNOWN_LINES: Final = "Lines that are not a command: {}"
IGNORED_COMMANDS: Final = "Commands that were too many for one mail: {}"
UNPROCESSED_LINES: Final = "Lines after the last command: {}"
NOTHING_FOUND: Final = "No command was found in your mail. Send the command help to learn which there are."

_INDENT: Final = "    "

Say = Callable[[str], str]
Wrap = Callable[[str, str], Iterable[str]]
"""Lines of (text, indentation)."""


def compose(results: Results, say: Say, wrap: Wrap, *, help_text: str) -> str:
    """The body of the answer. say: an English text in the language of the reader; help_text: the explanation
    of all commands, with line ends."""
    return (
        "\n".join([*_found(results, say, wrap, help_text), *_left_over(results, say, wrap), say(DONE)]) + "\n"
    )


def explanation(about: str, *, of_site: bool) -> tuple[Reason, ...]:
    """One command explained; empty: all those of the site, or of a list."""
    if about:
        return (Reason(EXPLAINED[about]),)
    names = OF_SITE if of_site else tuple(EXPLAINED)
    return (Reason(HELP_HEAD), *(Reason(EXPLAINED[name]) for name in names))


def _found(results: Results, say: Say, wrap: Wrap, help_text: str) -> Iterator[str]:
    yield say(RESULTS)
    yield ""
    if not results.results:
        yield from wrap(say(NOTHING_FOUND), _INDENT)
        yield ""
    for result in results.results:
        yield _INDENT + result.command
        for reason in result.said:
            yield from wrap(reason.filled(say(reason.text)), 2 * _INDENT)
        for row in result.rows:
            yield 2 * _INDENT + row
        yield ""
        if result.help:
            yield from help_text.rstrip("\n").split("\n")
            yield ""


def _left_over(results: Results, say: Say, wrap: Wrap) -> Iterator[str]:
    ignored = [
        Reason(text, str(count))
        for text, count in ((UNKNOWN_LINES, results.unknown), (IGNORED_COMMANDS, results.ignored))
        if count
    ]
    if results.other_parts:
        ignored.append(Reason(OTHER_PARTS))
    unprocessed = [Reason(UNPROCESSED_LINES, str(results.unprocessed))] if results.unprocessed else []
    for head, reasons in ((UNPROCESSED, unprocessed), (IGNORED, ignored)):
        if reasons:
            yield say(head)
            for reason in reasons:
                yield from wrap(reason.filled(say(reason.text)), _INDENT)
            yield ""
