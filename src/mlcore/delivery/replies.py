"""Replies of an SMTP server, read as they come (RFC 5321 4.2, RFC 2034).

Strict and bounded: what is not a reply ends the conversation, what is too long is cut. Nothing a peer
writes reaches a log line, a header or a notice but as one printable line of at most 500 characters (P9)."""

import re
from dataclasses import dataclass
from typing import Final

from mlcore.base.errors import MlcoreError
from mlcore.mail.reply import Reply

MAX_LINE: Final = 2_048
"""Octets kept of one line; RFC 5321 4.5.3.1.5 asks for 512."""
MAX_SKIPPED: Final = 65_536
"""Octets of one line beyond `MAX_LINE` that are read and thrown away before the peer is given up."""
MAX_LINES: Final = 100
MAX_TEXT: Final = 500

_KNOWN_LINES: Final = 64
_ENHANCED: Final = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?= |\Z)")


class GarbledReply(MlcoreError):
    """What came is no reply of RFC 5321 4.2; nothing after it can be understood either."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply with its lines as they stood (1 to 100, printable, without code), as EHLO needs them."""

    reply: Reply
    lines: tuple[str, ...]


def printable(text: str) -> str:
    """`text` as one line: what is not printable becomes a blank, at most 500 characters."""
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return text.strip()[:MAX_TEXT]


class ReplyParser:
    """Takes octets cut anywhere, gives whole replies. After `GarbledReply` it must not be fed again."""

    __slots__ = ("_code", "_known", "_lines", "_skipped", "_tail")

    def __init__(self) -> None:
        self._tail = b""
        self._skipped = 0
        self._code = 0
        self._lines: list[str] = []
        # A server says the same few lines all day: ten recipients are ten times `250 2.1.5 Ok`.
        self._known: dict[bytes, Answer] = {}

    @property
    def between_replies(self) -> bool:
        """Whether every octet so far belonged to a reply that is complete."""
        return not self._tail and not self._lines

    def feed(self, data: bytes) -> list[Answer]:
        """The replies that `data` completes, in order.

        Raises GarbledReply for a line without a code of 200 to 599, a line feed without carriage return,
        lines of one reply with different codes, more than 100 lines, or a line without end."""
        if self._tail:
            data = self._tail + data
        lines = data.split(b"\r\n")
        tail = lines.pop()
        if data.count(b"\n") != len(lines):
            raise GarbledReply("a line feed without carriage return")
        known = self._known
        answers = []
        for line in lines:
            answer = None if self._lines else known.get(line)
            if answer is None:
                answer = self._line(line)
            if answer is not None:
                answers.append(answer)
        self._keep(tail, whole_lines=bool(lines))
        return answers

    def _keep(self, tail: bytes, *, whole_lines: bool) -> None:
        if whole_lines:
            self._skipped = 0
        if len(tail) > MAX_LINE:
            self._skipped += len(tail) - MAX_LINE
            if self._skipped > MAX_SKIPPED:
                raise GarbledReply("a line without end")
            # The last octet stays: it may be the CR whose LF is still to come.
            tail = tail[: MAX_LINE - 1] + tail[-1:]
        self._tail = tail

    def _line(self, line: bytes) -> Answer | None:
        digits, separator = line[:3], line[3:4]
        if len(digits) != 3 or not digits.isdigit() or not b"200" <= digits <= b"599":
            raise GarbledReply("a line without a reply code")
        if separator not in {b"", b" ", b"-"}:
            raise GarbledReply("a reply code with something stuck to it")
        code = int(digits)
        if self._lines and code != self._code:
            raise GarbledReply("lines of one reply with different codes")
        if len(self._lines) == MAX_LINES:
            raise GarbledReply("a reply of too many lines")
        self._lines.append(_text(line[4:MAX_LINE]))
        if separator == b"-":
            self._code = code
            return None
        answer = _answer(code, tuple(self._lines))
        self._lines.clear()
        if len(answer.lines) == 1 and len(line) <= MAX_LINE:
            if len(self._known) >= _KNOWN_LINES:
                self._known.clear()
            self._known[line] = answer
        return answer


def _text(octets: bytes) -> str:
    text = octets.decode("utf-8", "replace")
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return text.strip()


def _answer(code: int, lines: tuple[str, ...]) -> Answer:
    enhanced = ""
    texts: tuple[str, ...] = lines
    match = _ENHANCED.match(lines[0])
    # RFC 2034 4: the class has to agree with the reply code; one that does not is only text.
    if match is not None and int(match[1][0]) == code // 100:
        enhanced = match[1]
        texts = tuple(line.removeprefix(enhanced).lstrip() for line in lines)
    text = " ".join(filter(None, texts))[:MAX_TEXT]
    return Answer(Reply(code, enhanced, text), lines)
