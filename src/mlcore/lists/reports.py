"""What a mail to `-bounces` reports: whose mail failed, who complains, or nothing that a program can tell.

First what machines write for machines (RFC 3464, 5965), then what servers say in words, in formats of this
project, last what flufl.bounce knows besides. Words count only in mail that looks like a report: people and
answering machines write to the envelope sender too, and quote."""

import re
from typing import Final

import msgspec

from mlcore.lists import robots
from mlcore.lists.report_patterns import flufl, notice, table
from mlcore.lists.report_patterns.notice import Notice
from mlcore.mail import arf, dsn, lines, message_id, mime
from mlcore.mail.fields import Fields, split
from mlcore.mail.mime import Part
from mlcore.mail.report import UNKNOWN, Complaint, Finding, Recognised, kind_of

_DAEMON: Final = re.compile(
    r"(?:mailer-?daemon|mdaemon|postmaster|mail-?daemon|mail-?delivery|microsoftexchange[0-9a-f]*|mailerdaemon"
    r"|mail-?administrator|bounces?|delivery-?status|system-?administrator|smtp-?daemon|daemon|mail-?system)"
    r"(?:[-+._][^@]*)?@"
)
_SUBJECT: Final = re.compile(
    r"(?:\[[^\]]{1,40}\] ?)?(?:undeliver|(?:permanent |transient )?delivery |failure |failed |returned mail"
    r"|mail (?:delivery|system)|non-?delivery|nondeliverable|message (?:could )?not |message status"
    r"|message delivery|mail could not"
    r"|warning: (?:could not send|message)|notification d|mail failure|delivery_|user unknown|error sending"
    r"|unzustellbar|non remis|no se puede entregar|undelivered|bounce|complaint about|systems? bounce"
    r"|nicht zustellbar|échec de|rejected:|automatically rejected|your message to|could not deliver"
    r"|配信不能|配信できません|送信エラー|エラーメール|配信エラー|宛先不明|あて先不明|配送エラー|メール配信"
    r"|未送達|配送不能|メールエラー|系统退信|退信|недоставлен|не доставлено)"
)
_STATUS: Final = re.compile(r"multipart/(?:report|mixed) ?;[^\"]{0,200}report-type ?= ?\"?delivery-status")
_AUTO_REPLIED: Final = re.compile(rb"auto-replied", re.IGNORECASE)
_LOOKED_AT: Final = 1_000


def recognise(octets: bytes) -> Recognised:
    """What is reported by this mail. `unknown` for what people write, automatic answers, and mail with more
    parts than the limits of `mime` allow.

    octets: as it arrived. Never raises; linear, some ms for a report, below a second for 5 MiB; at most
    1,000 findings. Reads no clock, no DNS, no database: whom it is about is for others to judge."""
    fields, body = split(lines.normalise(octets))
    own_id = message_id.of(fields)
    try:
        message = mime.parse(fields, body)
    except mime.TooComplex:
        return msgspec.structs.replace(UNKNOWN, message_id=own_id)
    found = _recognised(message, is_small=len(octets) <= flufl.MAX_OCTETS)
    return msgspec.structs.replace(found, message_id=own_id)


def _recognised(message: Part, *, is_small: bool) -> Recognised:
    status = dsn.read(message)
    if status is not None and (status.findings or status.kind == "success"):
        return status
    complaint = arf.read(message)
    if complaint is not None:
        return _complained(complaint)
    if not is_report(message.fields):
        return status or UNKNOWN
    findings = _in_words(notice.read(message), is_small=is_small)
    if not findings:
        return status or UNKNOWN
    if status is None:
        return Recognised(kind=kind_of(findings), findings=findings)
    if status.kind == "delayed":
        findings = tuple(msgspec.structs.replace(found, permanent=False) for found in findings)
    return Recognised(kind=kind_of(findings), findings=findings, envid=status.envid)


def _complained(complaint: Complaint) -> Recognised:
    kind: Final = "complaint" if arf.is_of_a_person(complaint) else "unknown"
    return Recognised(kind=kind, complaint=complaint, envid=complaint.envid)


def _in_words(told: Notice, *, is_small: bool) -> tuple[Finding, ...]:
    for pattern in table.PATTERNS:
        findings = pattern(told)
        if findings:
            return findings
    return flufl.find(told) if is_small else ()


def is_report(fields: Fields) -> bool:
    """Whether a server seems to have written it: by From, Subject, the null sender in Return-Path, or a
    field of servers. Not what answering machines send. Never raises."""
    if robots.has_subject_of_reply(fields):
        return False
    if "x-failed-recipients" in fields.names():
        return True
    if _SUBJECT.match(fields.beginning("subject", _LOOKED_AT).strip().lower()):
        return True
    if _STATUS.match(fields.beginning("content-type", _LOOKED_AT).lower()):
        return True
    sender = fields.beginning("from", _LOOKED_AT).lower()
    if any(map(_DAEMON.match, re.split(r"[\s<\"(]", sender))):
        return True
    if _AUTO_REPLIED.match(fields.first("auto-submitted") or b""):
        return False
    return (fields.first("return-path") or b"").strip() == b"<>" and "in-reply-to" not in fields.names()
