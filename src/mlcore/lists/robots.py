"""Which mail a program wrote: it gets no automatic answer, and it confirms nothing (P18, RFC 3834 2)."""

import re
from typing import Final

from mlcore.lists import mailboxes
from mlcore.mail import charsets
from mlcore.mail.fields import Fields

_REPLY_MARKS: Final = frozenset(
    {"x-autoreply", "x-autorespond", "x-autoresponder", "x-autoreply-from", "x-mail-autoreply"}
    | {"x-failed-recipients"}
)
"""Fields that answering machines and mailers add to what nobody wrote. A mere X-Auto-Response-Suppress is
none: people's mail carries it too."""
_OTHER_SIGNS: Final = frozenset({"auto-submitted", "precedence", "content-type", "return-path"})
_SUBJECT: Final = re.compile(
    r"(?:out of (?:the )?office(?: auto-?reply)?|auto(?:matic|mated)?[ -]?(?:reply|response)"
    r"|vacation (?:reply|message|notice)|automatische antwort|abwesenheitsnotiz|réponse automatique"
    r"|respuesta automática|risposta automatica|resposta automática|自動応答|自動返信|不在通知) ?[:：]",
    re.IGNORECASE,
)
"""How well-known programs begin the subject of what they answer. A person's reply to it begins with Re:."""
_LOOKED_AT: Final = 1_000
"""Octets of a subject."""
_REPORTS: Final = ("delivery-status", "disposition-notification")
_BULK: Final = frozenset({"bulk", "junk", "list"})
_DAEMON: Final = "mailer-daemon"


def is_automatic_reply(fields: Fields, reverse_path: str) -> bool:
    """Whether a program answers or reports with it: a vacation notice, a bounce, a read receipt.

    reverse_path: MAIL FROM without brackets. The null sender counts (RFC 5321 4.5.5), `Auto-Submitted:
    auto-replied` (RFC 3834 5), a delivery report (RFC 3462), mail of a mailer daemon, and the signs of
    programs that say it in other ways. Mail that a program writes of its own accord, as a report of the
    night, does not. Never raises."""
    return is_marked_as_reply(fields, reverse_path) or has_subject_of_reply(fields)


def has_subject_of_reply(fields: Fields) -> bool:
    """Whether Subject begins as programs begin it: a weak sign, since people write `Out of office: Monday`
    too. Never raises."""
    return _SUBJECT.match(fields.beginning("subject", _LOOKED_AT).lstrip()) is not None


def is_marked_as_reply(fields: Fields, reverse_path: str) -> bool:
    """`is_automatic_reply` by what people's mail does not have. Never raises."""
    if not reverse_path or _local_part(reverse_path) == _DAEMON:
        return True
    present = fields.names()
    if not _REPLY_MARKS.isdisjoint(present):
        return True
    if not _OTHER_SIGNS.isdisjoint(present) and (
        _keyword(fields, "auto-submitted") == "auto-replied"
        or _keyword(fields, "precedence") == "auto_reply"
        or _keyword(fields, "return-path") == "<>"
        or _is_report(fields)
    ):
        return True
    return _is_from_daemon(fields)


def is_robot(fields: Fields, reverse_path: str) -> bool:
    """Whether nothing may be answered automatically, since a program wrote it, or it went to many.

    Beside `is_automatic_reply`: any `Auto-Submitted` other than `no`; `Precedence` bulk, junk or list
    without `X-Ack: yes`; `X-Ack: no`, `X-No-Ack`; a field `List-…`, for it came by way of a list. Never
    raises."""
    if is_automatic_reply(fields, reverse_path):
        return True
    names = fields.names()
    if "x-no-ack" in names or any(name.startswith("list-") for name in names):
        return True
    if _keyword(fields, "auto-submitted") not in {"", "no"}:
        return True
    if _keyword(fields, "x-ack") == "no":
        return True
    return _keyword(fields, "precedence") in _BULK and not wants_answer(fields)


def wants_answer(fields: Fields) -> bool:
    """Whether its author asks for an answer in any case (`X-Ack: yes`). Never raises."""
    return _keyword(fields, "x-ack") == "yes"


def _keyword(fields: Fields, name: str) -> str:
    """The first field as a lower-case word, without parameters (RFC 3834 5) and comments; empty: none."""
    body = fields.first(name)
    if body is None:
        return ""
    return charsets.guess(body[:200]).partition(";")[0].partition("(")[0].strip().lower()


def _is_report(fields: Fields) -> bool:
    """A multipart/report about deliveries or reading; reports of other kinds are for people to read."""
    body = (fields.first("content-type") or b"")[:2_000].lower()
    if not body.startswith(b"multipart/report"):
        return False
    text = charsets.guess(body)
    return "report-type" not in text or any(kind in text for kind in _REPORTS)


def _is_from_daemon(fields: Fields) -> bool:
    raw = fields.first("from")
    if raw is None or _DAEMON.encode() not in raw.lower():
        return False
    found = mailboxes.named(fields, "from", limit=1)
    return bool(found) and _local_part(found[0][1].key) == _DAEMON


def _local_part(address: str) -> str:
    return address.rpartition("@")[0].lower()
