"""Formats that no `Shape` can hold: recipients in the header section, or without their domain."""

import re
from typing import Final

from mlcore.lists.report_patterns.mailers import SHAPES
from mlcore.lists.report_patterns.notice import Notice
from mlcore.lists.report_patterns.shape import find, made, shape, valid
from mlcore.mail import address, refusals
from mlcore.mail.report import MAX_ADDRESSES, Finding

_EXIM: Final = shape("exim")
_EXIM_TEXT: Final = next(form for form in SHAPES if form.name == "exim")
_AOL: Final = shape("aol", policy=True)
_AOL_MARK: Final = "mail to the following recipients could not be delivered"
_AOL_NAME: Final = re.compile(r"\s*([A-Za-z0-9._-]{2,40})(?:@aol\.com)?\s*$")
_HEADER: Final = "x-failed-recipients"
_LONGEST: Final = 65_536
_WARNING_TEXT: Final = 8_192


def exim_header(notice: Notice) -> tuple[Finding, ...]:
    """Exim, and what imitates it, lists who got nothing in X-Failed-Recipients; its text has the reasons."""
    named = [
        str(mailbox)
        for body in notice.fields.all(_HEADER)[:MAX_ADDRESSES]
        for _, mailbox in address.parse_list(body[:_LONGEST], MAX_ADDRESSES)
    ][:MAX_ADDRESSES]
    if not named:
        return ()
    known = {found.address: found for found in find(_EXIM_TEXT, notice)}
    # The text may name what stood behind an alias as "generated from": then that counts, not what it became.
    if known and not known.keys() & set(named):
        return tuple(known.values())
    permanent = not refusals.is_warning(notice.lower[:_WARNING_TEXT])
    for recipient in named:
        if valid(recipient) and recipient not in known:
            known[recipient] = made(_EXIM, recipient, _near(notice, recipient), permanent=permanent)
    return tuple(known.values())[:MAX_ADDRESSES]


def aol_names(notice: Notice) -> tuple[Finding, ...]:
    """AOL names recipients by their screen names, one a line."""
    position = notice.lower.find(_AOL_MARK)
    if position < 0 or not notice.sender.endswith("@aol.com"):
        return ()
    start = notice.line_of(position)
    findings: dict[str, Finding] = {}
    for line in notice.lines[start + 1 :]:
        found = _AOL_NAME.match(line)
        if found is not None and len(findings) < MAX_ADDRESSES:
            recipient = valid(f"{found[1]}@aol.com")
            why = " ".join(notice.lines[start : start + 2])
            findings[recipient] = made(_AOL, recipient, why, permanent=True)
        elif findings:
            break
    findings.pop("", None)
    return tuple(findings.values())


def _near(notice: Notice, recipient: str) -> str:
    """The lines from the one on that names this recipient."""
    position = notice.lower.find(recipient.lower())
    if position < 0:
        return ""
    start = notice.line_of(position)
    return " ".join(notice.lines[start : start + 6])
