"""A format of reports in words: what it says, how it names recipients; and how it is read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mlcore.lists.report_patterns.notice import Notice
from mlcore.mail import address, refusals, report
from mlcore.mail.report import MAX_ADDRESSES, Finding

_LOCAL: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}"
_DOMAIN: Final = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?"
_ADDRESS: Final = rf"{_LOCAL}@{_DOMAIN}"
SPEC: Final = rf"(?P<addr>{_ADDRESS})"
"""An address as reports in words have it. Begin it where a word begins, or the search is not linear."""
OTHER: Final = rf"(?P<other>{_ADDRESS})"
"""The same in a second branch of an expression."""
START: Final = r"(?<![A-Za-z0-9!#$%&*+/=?^_`{|}~.@-])"
"""Where an address can begin."""

BARE: Final = rf"\s*<?{SPEC}>?\s*$"
"""A line with an address alone."""
ANGLE: Final = rf"\s*<{SPEC}>\s*:?(?P<why>.*)$"
"""A line that begins with `<address>`, with or without a colon."""
QSBMF: Final = rf"\s*<{SPEC}>:(?P<why>.*)$"
"""A line that begins with `<address>:`."""
COLON: Final = rf"\s*[\"<]?{SPEC}[\">]?\s*:(?P<why>.*)$"
"""The same, whatever is around the address."""
ANYWHERE: Final = rf".*?{START}{SPEC}"
"""A line that names an address."""

_MOST_REASON: Final = 1_000
_REASON_LINES: Final = 14
_DAEMONS: Final = ("mailer-daemon@", "postmaster@", "mail-daemon@")
_WARNING_TEXT: Final = 8_192
_EXPANDED: Final = re.compile(
    rf"\s*\(?(?:expanded|generated) from:?\s+<?{SPEC}>?\)?[:\s]*(?P<why>.*)$", re.IGNORECASE
)
"""What an alias became fails; the list wrote to the alias."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One format, its expressions not compiled: most are never needed. marks: words in lower case with
    single blanks; the notice counts from the line of the first that is found. senders: beginnings or ends of
    the address in From, one of which has to fit.
    recipient: matched against each line, with a group `addr` (or `other`) and perhaps `why`; until: matched
    against lower-case lines behind the first recipient, ends it; is_reason_first: the reason stands before
    the recipients; code: what the format means where it does not say; policy: it tells of a refusal unless
    the reason says otherwise; permanent: it tells of a failure (a warning in words outweighs it)."""

    name: str
    marks: tuple[str, ...]
    recipient: str
    until: str = ""
    senders: tuple[str, ...] = ()
    is_reason_first: bool = False
    code: str = ""
    policy: bool = False
    permanent: bool = True


def shape(
    name: str,
    *marks: str,
    recipient: str = ANGLE,
    until: str = "",
    senders: tuple[str, ...] = (),
    is_reason_first: bool = False,
    code: str = "",
    policy: bool = False,
    permanent: bool = True,
) -> Shape:
    """A shape. marks: plain words in lower case, between which any blanks may stand."""
    return Shape(name, marks, recipient, until, senders, is_reason_first, code, policy, permanent)


def any_case(expression: str) -> str:
    """The expression for letters of either case."""
    return f"(?i:{expression})"


def find(form: Shape, notice: Notice) -> tuple[Finding, ...]:
    """What the notice says in this format; nothing if it is another. Never raises; linear."""
    if form.senders and not any(
        notice.sender.startswith(part) or notice.sender.endswith(part) for part in form.senders
    ):
        return ()
    marks = [mark for mark in form.marks if mark in notice.flat]
    if not marks:
        return ()
    lines = notice.lines[min(map(notice.line_with, marks)) :]
    is_warning = refusals.is_warning(notice.lower[:_WARNING_TEXT])
    findings: dict[str, Finding] = {}
    for found, why in _recipients(form, lines, notice.sender):
        if found not in findings and len(findings) < MAX_ADDRESSES:
            findings[found] = made(form, found, why, permanent=form.permanent and not is_warning)
    return tuple(findings.values())


def made(form: Shape, recipient: str, why: str, *, permanent: bool) -> Finding:
    """The finding about this recipient. why: what the report says, on one or more lines."""
    diagnostic = report.line(why)
    code = refusals.code(diagnostic) or form.code
    policy = refusals.is_policy(code, diagnostic, recipient.rpartition("@")[2].lower())
    if form.policy and not refusals.is_gone(diagnostic):
        policy = True
    return Finding(
        address=recipient,
        permanent=permanent,
        code=code,
        diagnostic=diagnostic,
        format=form.name,
        policy=policy,
    )


def valid(text: str, sender: str = "") -> str:
    """The address, if it may be that of a recipient, else empty: programs that report are none, nor is a name
    within a host, as what is left of an address that was cut."""
    text = text.strip("'`\".")
    if text.lower().startswith(_DAEMONS) or text.lower() == sender or "." not in text.rpartition("@")[2]:
        return ""
    try:
        return str(address.parse(text))
    except address.BadAddress:
        return ""


def _recipients(form: Shape, lines: tuple[str, ...], sender: str) -> Iterator[tuple[str, str]]:
    """Recipients with their reasons. Those in a row share what follows the last of them."""
    waiting: list[tuple[str, str]] = []
    reason: list[str] = []
    before: list[str] = []
    is_within = False
    until, recipient = re.compile(form.until), re.compile(form.recipient)
    for line in lines:
        if is_within and form.until and until.match(line.lower()):
            break
        named, own = _named(recipient, line, sender)
        if named:
            is_within = True
            if reason:
                yield from _with(waiting, reason)
                waiting, reason = [], []
            waiting.append((named, " ".join(before) if form.is_reason_first else own))
            continue
        expanded = _EXPANDED.match(line)
        if expanded is not None and waiting and not reason:
            waiting[-1] = (
                valid(expanded["addr"], sender) or waiting[-1][0],
                expanded["why"] or waiting[-1][1],
            )
        elif form.is_reason_first:
            if waiting:
                yield from waiting
                waiting, before = [], []
            before = [*before, line.strip()][-4:] if line.strip() else before
        elif waiting and line.strip() and len(reason) < _REASON_LINES:
            reason.append(line.strip())
    yield from _with(waiting, reason)


def _named(recipient: re.Pattern[str], line: str, sender: str) -> tuple[str, str]:
    """The recipient that a line names, and what it says beside; ("", "") if it names none."""
    found = recipient.match(line)
    if found is None:
        return "", ""
    groups = found.groupdict()
    named = valid(groups["addr"] or groups.get("other") or "", sender)
    return named, str(groups.get("why") or "")


def _with(waiting: list[tuple[str, str]], reason: list[str]) -> Iterator[tuple[str, str]]:
    shared = " ".join(reason)[:_MOST_REASON]
    for number, (named, own) in enumerate(waiting):
        is_last = number == len(waiting) - 1
        yield named, f"{own} {shared}" if is_last or not own.strip() else own
