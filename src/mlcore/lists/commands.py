"""Which commands a mail holds: those of its subject, else those of the first lines of its text.

Pure: what a mail asks for is decided here, and carried out elsewhere."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from mlcore.lists import command_arguments, html
from mlcore.lists.command_requests import END, WORDS, Confirm, Join, Leave, Request
from mlcore.lists.draft import Draft
from mlcore.mail import mime
from mlcore.mail.envelope import Command
from mlcore.mail.mime import Part

LARGEST: Final = 1 << 20
"""Octets of a mail that are looked at: a command stands at its beginning."""
_LONGEST_LINE: Final = 500
"""Characters of a line that are looked at: a token, an address and their words are far shorter."""
_LONGEST_TEXT: Final = 1 << 16
"""Octets of the text, still encoded, in which lines are looked for."""
_MOST_PREFIXES: Final = 8
_MOST_WORDS: Final = 50
_PREFIX: Final = re.compile(
    r"(?:\[[^\[\]]{1,40}\]|【[^【】]{1,40}】|([^\s:]{1,12})(?:\[\d{1,3}\]|\(\d{1,3}\))? ?:) *"
)
"""What mailers and gateways put before a subject: `Re:`, `Antwort:`, `返信:`, `Re[2]:`, `[EXTERN]`."""
_QUOTED: Final = re.compile(r"(?:\S{0,10}[>|] *)*")
"""What stands before a quoted line: `> `, `| `, `anne> `."""
_AROUND: Final = "\"'`“”‘’„«»「」『』<>()*,;!?、。."
_SIGNATURE: Final = "--"


class Limits(NamedTuple):
    """lines: of the text that are looked at, blank ones not counted; commands: carried out in one mail."""

    lines: int = 10
    commands: int = 5


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a mail asks for. requests: in order, each once; unknown: lines that are no command; ignored:
    commands above the limit; unprocessed: lines behind a command that ends the work; other_parts: whether
    parts that are no plain text were passed over; by_address: whether the address says it all, so that a
    person may not know that it was a command."""

    requests: tuple[Request, ...] = ()
    unknown: int = 0
    ignored: int = 0
    unprocessed: int = 0
    other_parts: bool = False
    by_address: bool = False


def parse(draft: Draft, envelope: Command, limits: Limits = Limits()) -> Parsed:  # noqa: B008  (immutable)
    """What the mail in `draft` (its first `LARGEST` octets, without credentials: `lists.approved`) to this
    address asks for. Never raises."""
    of_address = _by_address(envelope)
    if of_address is not None:
        return Parsed((of_address,), by_address=True)
    subject = unicodedata.normalize("NFKC", (draft.fields.text("subject") or "")[:_LONGEST_LINE])
    line = _without_prefixes(subject)
    if _command(line):
        return _Reader(envelope.list_id, limits).read([line])
    text, other_parts = _text(draft)
    found = _Reader(envelope.list_id, limits).read(_lines(text, limits.lines), other_parts=other_parts)
    # A subject alone, which is no command, is a line that was not understood.
    return (
        found if found.requests or found.unknown or not line else Parsed(unknown=1, other_parts=other_parts)
    )


def _by_address(envelope: Command) -> Request | None:
    if envelope.command == "join":
        return Join()
    if envelope.command == "leave":
        return Leave(envelope.detail.lower())
    if envelope.command == "confirm" and envelope.detail:
        return Confirm(envelope.detail.lower())
    return None


class _Reader:
    """Reads lines in their order."""

    def __init__(self, list_id: str, limits: Limits) -> None:
        self._list_id = list_id
        self._limits = limits

    def read(self, lines: Iterable[str], *, other_parts: bool = False) -> Parsed:
        found: list[Request] = []
        unknown = ignored = unprocessed = 0
        ended = False
        for line in lines:
            command = _command(line)
            if ended:
                unprocessed += 1
            elif not command:
                unknown += 1
            elif command == END:
                ended = True
            else:
                words = [word for raw in line.split()[1:_MOST_WORDS] if (word := _word(raw))]
                request = command_arguments.read(command, words, self._list_id)
                if request in found:
                    continue
                if len(found) == self._limits.commands:
                    ignored += 1
                    continue
                found.append(request)
                ended = isinstance(request, Confirm)
        return Parsed(tuple(found), unknown, ignored, unprocessed, other_parts)


def _command(line: str) -> str:
    """The name of the command that a line begins with; empty: none."""
    words = line.split(maxsplit=2)
    name = WORDS.get(_word(words[0]).lower(), "") if words else ""
    # `Stop sending me this` is a wish, and not the end of the commands.
    return "" if name == END and len(words) > 1 else name


def _word(word: str) -> str:
    return word.rstrip(":").strip(_AROUND)


def _without_prefixes(subject: str) -> str:
    line = subject.strip()
    for _ in range(_MOST_PREFIXES):
        found = _PREFIX.match(line)
        if found is None or (found[1] or "").lower() in WORDS:
            break
        line = line[found.end() :]
    return line


def _lines(text: str, most: int) -> list[str]:
    """The first lines that are not blank, without marks of quotation, up to a signature (RFC 3676 4.3)."""
    found: list[str] = []
    for raw in text.split("\n"):
        line = unicodedata.normalize("NFKC", raw[:_LONGEST_LINE])
        if line.rstrip() == _SIGNATURE:
            break
        line = _QUOTED.sub("", line.strip(), count=1)
        if line:
            found.append(line)
        if len(found) == most:
            break
    return found


def _text(draft: Draft) -> tuple[str, bool]:
    """The text, plain or made from HTML, and whether other parts were passed over."""
    try:
        whole = draft.part()
    except mime.TooComplex:
        return "", True
    plain = mime.first_text(whole)
    if plain is not None:
        return _start_of(plain), plain is not whole
    rich = next((part for part in whole.walk() if part.type == "text/html"), None)
    return ("", True) if rich is None else (html.to_text(_start_of(rich)), True)


def _start_of(part: Part) -> str:
    body = part.body
    return (part if len(body) <= _LONGEST_TEXT else part.with_body(body[:_LONGEST_TEXT])).text()
