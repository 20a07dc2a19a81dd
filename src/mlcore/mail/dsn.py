"""Delivery status notifications: message/delivery-status (RFC 3464), message/global-... (RFC 6533).

Read wherever they stand outside of returned messages: in a multipart/report of whatever report-type, in a
multipart/mixed, alone. What is enclosed counts for nobody: a post may have had a status in it."""

from collections.abc import Iterable
from itertools import chain, islice
from typing import Final

from mlcore.mail import report, status_fields
from mlcore.mail.mime import Part
from mlcore.mail.refusals import is_policy, status
from mlcore.mail.report import MAX_ADDRESSES, Finding, Kind, Recognised
from mlcore.mail.status_fields import Group

FORMAT: Final = "rfc3464"
_TYPES: Final = frozenset(
    {"message/delivery-status", "message/global-delivery-status", "message/x-delivery-status"}
)
_MOST_PARTS: Final = 4
_MOST_GROUPS: Final = 2 * MAX_ADDRESSES
"""Some name nobody, or somebody again."""
_RECIPIENTS: Final = ("original-recipient", "final-recipient", "x-actual-recipient")
"""In the order of trust: the address that was given to the relay comes first, what it became later."""
_ACTIONS: Final[tuple[tuple[str, Kind], ...]] = (
    ("fail", "failure"),
    ("error", "failure"),  # OpenSMTPD
    ("delay", "delayed"),
    ("deliver", "success"),
    ("relay", "success"),
    ("expand", "success"),
)
_CLASSES: Final[dict[str, Kind]] = {"5": "failure", "4": "delayed", "2": "success"}


def read(message: Part) -> Recognised | None:
    """What the delivery status in `message` says; None: there is none.

    kind `failure` or `delayed` without findings: no recipient has a valid address of mail. Never raises;
    linear; at most 1,000 findings."""
    parts = [part for part in message.walk() if part.type in _TYPES]
    if not parts:
        return None
    groups = chain.from_iterable(map(status_fields.groups, parts[:_MOST_PARTS]))
    return of_groups(islice(groups, _MOST_GROUPS))


def of_groups(groups: Iterable[Group], form: str = FORMAT) -> Recognised:
    """What these groups say. form: for `Finding.format`."""
    findings: dict[str, Finding] = {}
    kinds: set[Kind] = set()
    envid = ""
    for group in groups:
        envid = envid or report.line(group.get("original-envelope-id", b""))
        kind = _kind(group)
        kinds.add(kind)
        if kind not in {"failure", "delayed"} or len(findings) >= MAX_ADDRESSES:
            continue
        found = _finding(group, form, permanent=kind == "failure")
        if found is not None and (found.permanent or found.address not in findings):
            findings[found.address] = found
    for kind in ("failure", "delayed", "success"):
        if kind in kinds:
            return Recognised(kind=kind, findings=tuple(findings.values()), envid=envid)
    return Recognised(kind="unknown", envid=envid)


def _kind(group: Group) -> Kind:
    """Of one recipient; `unknown` for the group about the whole message."""
    if not any(name in group for name in _RECIPIENTS) and "action" not in group:
        return "unknown"
    # Comments have been seen behind it: "failed (unknown recipient)".
    action = report.line(group.get("action", b"")).lower()
    for beginning, kind in _ACTIONS:
        if action.startswith(beginning):
            return kind
    return _CLASSES.get(report.line(group.get("status", b""))[:1], "unknown")


def _finding(group: Group, form: str, *, permanent: bool) -> Finding | None:
    found = _address(group)
    if not found:
        return None
    said = report.line(group.get("diagnostic-code", b""))
    # The type: `smtp; 550 …`, `x-postfix; …`. None: all of it is the text.
    kind, semicolon, text = said.partition(";")
    diagnostic = text.strip() if semicolon and " " not in kind.strip() else said
    code = status(report.line(group.get("status", b"")), diagnostic)
    domain = found.rpartition("@")[2].lower()
    return Finding(
        address=found,
        permanent=permanent,
        code=code,
        diagnostic=diagnostic,
        format=form,
        policy=is_policy(code, diagnostic, domain),
    )


def _address(group: Group) -> str:
    """The first that is an address; one without a dot in its domain is a name within some host, and only the
    last resort."""
    found = [status_fields.recipient(group[name]) for name in _RECIPIENTS if name in group]
    valid = [address for address in found if address]
    full = [address for address in valid if "." in address.rpartition("@")[2]]
    return next(iter(full or valid), "")
