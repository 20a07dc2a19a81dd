"""What the package flufl.bounce recognises besides: its detectors, on a harmless copy of the notice.

The detectors search with expressions that take quadratic and cubic time on crafted lines, and believe
`email`. So they get no mail as it came: its text, decoded, in a few hundred lines without what makes them
slow, as the only readable part of a message made here. It is loaded when first needed (a MiB, 30 ms)."""

import re
from typing import Final

from mlcore.lists.report_patterns.notice import Notice
from mlcore.lists.report_patterns.shape import made, shape, valid
from mlcore.mail import refusals
from mlcore.mail.report import MAX_ADDRESSES, Finding

MAX_OCTETS: Final = 262_144
"""A larger mail is not shown to it: reports are small, and enclose the beginning of a mail at most."""
_LINES: Final = 300
_LONGEST_LINE: Final = 160
_LONGEST_WORD: Final = 100
_MOST_SIGNS: Final = 6
_FIELDS: Final = ("from", "to", "subject", "x-mailer")
_LONGEST_FIELD: Final = 300
_BOUNDARY: Final = "=_notice"
_WARNING_TEXT: Final = 8_192
_AROUND: Final = 4
_WORD: Final = re.compile(rf"\S{{{_LONGEST_WORD},}}")


def find(notice: Notice) -> tuple[Finding, ...]:
    """The findings of the first detector that has any, with the words around each address. Never raises."""
    import email  # noqa: PLC0415  (with flufl.bounce)

    from flufl.bounce._scan import _DETECTORS  # noqa: PLC0415  (only here each has a name)

    message = email.message_from_bytes(_tame(notice))
    for detector in _DETECTORS:
        try:
            temporary, permanent = detector().process(message)
        except Exception:  # noqa: BLE001, S112  (whatever it stumbles over is no report to it)
            continue
        if temporary or permanent:
            form = f"flufl:{detector.__module__.rpartition('.')[2]}"
            return _findings(notice, form, frozenset(temporary), frozenset(permanent))
    return ()


def _findings(
    notice: Notice, form: str, temporary: frozenset[bytes], permanent: frozenset[bytes]
) -> tuple[Finding, ...]:
    is_warning = refusals.is_warning(notice.lower[:_WARNING_TEXT])
    findings: dict[str, Finding] = {}
    for octets in (*sorted(permanent), *sorted(temporary - permanent))[:MAX_ADDRESSES]:
        recipient = valid(octets.decode("ascii", "ignore"), notice.sender) if octets.isascii() else ""
        if recipient:
            lasts = octets in permanent and not is_warning
            findings[recipient] = made(shape(form), recipient, _around(notice, recipient), permanent=lasts)
    return tuple(findings.values())


def _around(notice: Notice, recipient: str) -> str:
    position = notice.lower.find(recipient.lower())
    if position < 0:
        return ""
    start = notice.line_of(position)
    return " ".join(notice.lines[start : start + _AROUND])


def _tame(notice: Notice) -> bytes:
    """A message with what the detectors look at: four fields, the text, and that there are other parts."""
    head = [f"{name}: {_field(notice, name)}" for name in _FIELDS if notice.fields.first(name) is not None]
    text = [line[:_LONGEST_LINE] for line in notice.lines if _is_harmless(line[:_LONGEST_LINE])][:_LINES]
    if not notice.parts:
        return _octets([*head, "Content-Type: text/plain", "", *text, ""])
    of_part = ["Content-Type: text/plain"]
    if notice.description == "notification":
        of_part.append("Content-Description: notification")
    delimiter = f"--{_BOUNDARY}"
    return _octets(
        [
            *(*head, f'Content-Type: multipart/mixed; boundary="{_BOUNDARY}"', "", delimiter),
            *(*of_part, "", *text, delimiter),
            *("Content-Type: text/rfc822-headers", "", "", f"{delimiter}--", ""),
        ]
    )


def _field(notice: Notice, name: str) -> str:
    return notice.fields.beginning(name, _LONGEST_FIELD)


def _octets(lines: list[str]) -> bytes:
    return "\n".join(lines).encode("ascii", "replace")


def _is_harmless(line: str) -> bool:
    """Whether nothing in it repeats so often that a search begins anew at each place."""
    if line.startswith("--") and _BOUNDARY in line:
        return False
    return max(map(line.count, "<@(")) <= _MOST_SIGNS and _WORD.search(line) is None
