"""What a report says about mail that was sent, as values: failures, delays, complaints (RFC 3464, 5965).

All text in them is one line without controls and bounded: it goes into logs, tables and mails to owners."""

from typing import Final, Literal

import msgspec

from mlcore.mail import words

MAX_ADDRESSES: Final = 1_000
"""Findings of one report; the rest is ignored."""
LONGEST_LINE: Final = 500
"""Characters of a text in a finding."""
_LOOKED_AT: Final = 4_000

Kind = Literal["failure", "delayed", "complaint", "success", "unknown"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the mail to one address.

    address: valid, as the report spells it. permanent: nobody will try again (a mailbox that is full, or a
    host that did not answer for days, too), otherwise a warning. code: enhanced status `5.1.1` (RFC 3463),
    else the SMTP code `550`, else empty. diagnostic: at most 500 characters of one line, may be empty.
    format: `rfc3464`, name of a pattern, `flufl:` and a detector. policy: the content, or who sent it, was
    refused; that is no fault of the recipient."""

    address: str
    permanent: bool
    code: str = ""
    diagnostic: str = ""
    format: str
    policy: bool = False


class Complaint(msgspec.Struct, frozen=True, kw_only=True):
    """A report about abuse (RFC 5965). Everything in it is a claim of whoever wrote it.

    feedback_type: lower case, `abuse`; recipients: valid addresses, at most 1,000; mail_from: the reverse
    path that the mail is said to have had; envid: its envelope id. list_unsubscribe, message_id: of the
    mail that is enclosed. Each empty if it is not said."""

    feedback_type: str
    recipients: tuple[str, ...] = ()
    mail_from: str = ""
    envid: str = ""
    list_unsubscribe: str = ""
    message_id: str = ""


class Recognised(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail to `-bounces` is. kind: `failure` if anything is permanent, else `delayed`; `success` for
    what was delivered; `unknown` for all that is no report.

    findings: none for complaint, success and unknown; none too where a report names no valid address. No
    address twice. complaint: also with kind `unknown`, for a type that is nobody's complaint about the mail
    (`not-spam`, `auth-failure`). envid: what was given at MAIL (RFC 3461 4.4); message_id: of the report."""

    kind: Kind
    findings: tuple[Finding, ...] = ()
    complaint: Complaint | None = None
    envid: str = ""
    message_id: str = ""


UNKNOWN: Final = Recognised(kind="unknown")


def line(text: str | bytes) -> str:
    """`text` decoded (`words.decode`), on one line with single blanks, of at most 500 characters. Never
    raises; looks at 4,000 octets or characters."""
    if isinstance(text, bytes):
        end = _LOOKED_AT
        while len(text) > end > _LOOKED_AT - 4 and 0x80 <= text[end] < 0xC0:
            end -= 1  # half a character of UTF-8 would make all of it Latin-1
        text = text[:end]
    else:
        text = text[:_LOOKED_AT]
    return " ".join(words.decode(text).split())[:LONGEST_LINE]


def kind_of(findings: tuple[Finding, ...]) -> Kind:
    """`failure` or `delayed`; `unknown` without findings."""
    if not findings:
        return "unknown"
    return "failure" if any(found.permanent for found in findings) else "delayed"
