"""Complaints about mail: the abuse reporting format (RFC 5965, 6449), and what Outlook.com sends instead."""

from typing import Final

from mlcore.mail import message_id, report, status_fields
from mlcore.mail.fields import Fields, split
from mlcore.mail.lines import normalise
from mlcore.mail.mime import Part
from mlcore.mail.report import MAX_ADDRESSES, Complaint

_TYPE: Final = "message/feedback-report"
_RETURNED: Final = frozenset({"message/rfc822", "message/global"})
_HEADERS: Final = frozenset({"text/rfc822-headers", "message/global-headers"})
_NO_COMPLAINT: Final = frozenset({"not-spam", "auth-failure", "dmarc", "dkim"})
"""Types that tell of no person who minds (RFC 6650 3.2, RFC 6591); `dkim` was that of drafts."""
_OUTLOOK_FROM: Final = b"staff@hotmail.com"
_OUTLOOK_SUBJECT: Final = "complaint about message from"
_OUTLOOK_RECIPIENT: Final = "x-hmxmroriginalrecipient"
_LOOKED_AT: Final = 2_000
_LONGEST_HEADERS: Final = 262_144


def read(message: Part) -> Complaint | None:
    """The complaint that `message` is; None: it is something else. Never raises; linear."""
    parts = list(message.walk())
    for part in parts:
        if part.type == _TYPE:
            return _of(list(status_fields.lines(part)), _enclosed(parts))
    if not _is_of_outlook(message.fields):
        return None
    enclosed = _enclosed(parts)
    recipients = _addresses([("", value) for value in enclosed.all(_OUTLOOK_RECIPIENT)])
    return _complaint("abuse", recipients, enclosed)


def is_of_a_person(complaint: Complaint) -> bool:
    """Whether somebody has said that he does not want the mail."""
    return complaint.feedback_type not in _NO_COMPLAINT


def _of(lines: list[tuple[str, bytes]], enclosed: Fields) -> Complaint:
    said = dict(reversed(lines))  # the first of each name
    recipients = _addresses([line for line in lines if line[0] in {"original-rcpt-to", "removal-recipient"}])
    kind = report.line(said.get("feedback-type", b"")).lower() or "abuse"
    return _complaint(
        kind,
        recipients,
        enclosed,
        mail_from=status_fields.recipient(said.get("original-mail-from", b"")),
        envid=report.line(said.get("original-envelope-id", b"")),
    )


def _complaint(
    kind: str, recipients: tuple[str, ...], enclosed: Fields, mail_from: str = "", envid: str = ""
) -> Complaint:
    return Complaint(
        feedback_type=kind,
        recipients=recipients,
        mail_from=mail_from,
        envid=envid,
        list_unsubscribe=" ".join(enclosed.beginning("list-unsubscribe", _LOOKED_AT).split()),
        message_id=message_id.of(enclosed),
    )


def _addresses(lines: list[tuple[str, bytes]]) -> tuple[str, ...]:
    """Each once, in order."""
    found = (status_fields.recipient(value) for _, value in lines[:MAX_ADDRESSES])
    return tuple(dict.fromkeys(filter(None, found)))


def _enclosed(parts: list[Part]) -> Fields:
    """The header section of the mail that the complaint is about; without fields if it is not enclosed."""
    for part in parts:
        if part.type in _RETURNED and part.children:
            return part.children[0].fields
        if part.type in _HEADERS or part.type in _RETURNED:
            return split(normalise(part.decoded()[:_LONGEST_HEADERS]))[0]
    return Fields()


def _is_of_outlook(fields: Fields) -> bool:
    if _OUTLOOK_FROM not in (fields.first("from") or b"")[:_LOOKED_AT].lower():
        return False
    return fields.beginning("subject", _LOOKED_AT).lower().startswith(_OUTLOOK_SUBJECT)
