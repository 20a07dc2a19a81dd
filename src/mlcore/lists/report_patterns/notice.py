"""What the author of a report has written himself: fields, and the first text up to the returned mail."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from mlcore.lists import mailboxes
from mlcore.mail import charsets, transfer
from mlcore.mail.fields import Fields
from mlcore.mail.mime import Part

_OCTETS: Final = 65_536
"""Of a text that are looked at; the reasons stand before the returned mail."""
_LONGEST_LINE: Final = 1_000
_MOST_LINES: Final = 4_000
_SUBJECT: Final = 1_000
_RETURNED: Final = frozenset({"message/rfc822", "message/global", "text/rfc822-headers"})

_TAG: Final = re.compile(r"<(br|/p|/div|/td|/tr|/li|/h[1-6])?[^<>]{0,2000}>", re.IGNORECASE)
_BLANKS: Final = re.compile(r"\s+")

_RULED: Final = ("original", "returned", "unsent", "undelivered", "copy", "forwarded", "unzustellbar")
_RULED_JA: Final = ("元のメッセージ", "元のメール", "送信されたメール", "返送メール", "原始邮件", "原邮件")
_PLAIN: Final = (
    "included is a copy",
    "below is a copy",
    "original message headers",
    "original message follows",
    "message headers follow",
    "message header follows",
    "message text follows",
    "possibly truncated original",
    "this is a copy of your message",
    "a copy of the original message",
    "a copy of your message",
    "the header of the original message",
    "here is your returned mail",
    "ниже приведен",
    "元のメッセージのヘッダー",
    "以下は元のメール",
)
_FIELDS: Final = ("return-path:", "received:", "dkim-signature:", "x-received:")
_SIGNS: Final = "-=*_>#"


@dataclass(frozen=True, slots=True)
class Notice:
    """A report in words. lines: at most 4,000 of at most 1,000 characters, up to where the returned mail
    begins, blanks single (expressions of formats count on it) but for a margin of up to 8; lower: the same
    joined with LF, in lower case (no other number of lines); flat: that with single blanks alone. sender:
    the address of From in lower case, may be empty; description: of the part with the text, in lower case;
    parts: whether there are others."""

    fields: Fields
    lines: tuple[str, ...]
    sender: str = ""
    subject: str = ""
    description: str = ""
    parts: bool = False
    lower: str = field(default="", repr=False)
    flat: str = field(default="", repr=False)

    def line_of(self, position: int) -> int:
        """The number of the line in which this position of `lower` is."""
        return self.lower.count("\n", 0, position)

    def line_with(self, words: str) -> int:
        """The number of the line in which these words, which `flat` has, begin."""
        found = re.search(r"\s+".join(map(re.escape, words.split())), self.lower)
        return self.line_of(found.start() if found else 0)


def read(message: Part) -> Notice:
    """The notice in `message`. Never raises; linear, and of a bounded part of it."""
    part = _first_text(message)
    lines = tuple(_up_to_returned(_text(part))) if part is not None else ()
    lower = "\n".join(lines).lower()
    named = mailboxes.named(message.fields, "from", limit=1)
    return Notice(
        fields=message.fields,
        lines=lines,
        sender=str(named[0][1]).lower() if named else "",
        subject=message.fields.beginning("subject", _SUBJECT),
        description=_description(part),
        parts=bool(message.children),
        lower=lower,
        flat=" ".join(lower.split()),
    )


def _first_text(message: Part) -> Part | None:
    """The first text/plain with anything in it, else the first text/html. What was returned comes later."""
    html_part = None
    for part in message.walk():
        if part.type in _RETURNED:
            break
        if part.maintype != "text" or part.disposition == "attachment":
            continue
        if part.type == "text/html":
            html_part = html_part or part
        elif part.body[:_OCTETS].strip():
            return part
    return html_part


def _text(part: Part) -> str:
    octets = transfer.decode(part.body[: 2 * _OCTETS], part.encoding)[:_OCTETS]
    text = charsets.read(octets, part.content_type.charset).removeprefix("\ufeff")
    if part.type == "text/html":
        text = _without_tags(text)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _without_tags(text: str) -> str:
    """The text of HTML, roughly: a line for each block."""
    for name in ("style", "script", "head"):
        text = _without(text, name)
    text = _TAG.sub(lambda found: "\n" if found[1] else " ", text)
    return html.unescape(text)


def _without(text: str, name: str) -> str:
    """Without what stands within the elements of this name, which shows nothing."""
    kept: list[str] = []
    lower, position = text.lower(), 0
    if len(lower) != len(text):
        return text  # some letter has a longer small one: positions would not fit
    while (start := lower.find(f"<{name}", position)) >= 0:
        end = lower.find(f"</{name}", start)
        if end < 0:
            break
        kept.append(text[position:start])
        position = end
    return "".join((*kept, text[position:]))


def _up_to_returned(text: str) -> Iterator[str]:
    for number, line in enumerate(text.split("\n", _MOST_LINES)[:_MOST_LINES]):
        whole = _BLANKS.sub(" ", line[:_LONGEST_LINE]).rstrip()
        if number and _begins_returned(whole.strip().lower()):
            return
        # What the width of the margin was tells recipients from reasons in Exim's.
        margin = len(line[:8]) - len(line[:8].lstrip(" "))
        yield " " * margin + whole.lstrip(" ")


def _begins_returned(line: str) -> bool:
    if len(line) > 1 and line[0] in _SIGNS and line[1] in _SIGNS + " ":
        return any(word in line for word in (*_RULED, *_RULED_JA))
    return line.startswith((*_PLAIN, *_FIELDS))


def _description(part: Part | None) -> str:
    return "" if part is None else part.fields.beginning("content-description", 100).lower()
