"""Groups of fields in machine-readable reports (RFC 3464 2.1, RFC 5965 3), read as mailers write them."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from mlcore.mail import address, charsets
from mlcore.mail.mime import Part

MAX_OCTETS: Final = 524_288
"""Of a part that are looked at."""
_FIELD: Final = re.compile(rb"([!-9;-~]++)[ \t]*+:[ \t]*+([^\n]*+)")
_RECIPIENT: Final = frozenset({"original-recipient", "final-recipient"})
_TYPED: Final = re.compile(r"\s*+([A-Za-z0-9-]{1,40})\s*+;\s*+", re.ASCII)
_EMBEDDED: Final = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_XTEXT: Final = re.compile(r"\+(2B|3D)")
_COMMENT: Final = re.compile(r"\s\([^()]*\)\s*$")
_LONGEST_VALUE: Final = 4_000
_MOST_FIELDS: Final = 200

Group = Mapping[str, bytes]
"""Raw values, unfolded, by names in lower case; the first of each name."""


def groups(part: Part) -> Iterator[Group]:
    """The groups of a message/delivery-status, without its transfer encoding.

    An empty line parts two groups, but a group has a recipient and an action: some mailers put empty lines
    within one, others none between two. Fields about the whole message stand in the first group. Linear."""
    group: dict[str, bytes] = {}
    is_after_gap = False
    for name, value in lines(part):
        if not name:
            is_after_gap = True
            continue
        if _begins_another(group, name, is_after_gap=is_after_gap):
            yield group
            group = {}
        is_after_gap = False
        if len(group) < _MOST_FIELDS:
            group.setdefault(name, value)
    if group:
        yield group


def lines(part: Part) -> Iterator[tuple[str, bytes]]:
    """(name in lower case, unfolded value of at most 4,000 octets) of each field; ("", b"") for an empty
    line. What is neither field nor continuation is skipped."""
    name, value = "", b""
    for raw in part.decoded()[:MAX_OCTETS].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"):
        if raw[:1] in {b" ", b"\t"} and raw.strip():
            if len(value) < _LONGEST_VALUE:
                value += b" " + raw.strip()
            continue
        if name:
            yield name, value[:_LONGEST_VALUE].strip()
            name = ""
        found = _FIELD.match(raw)
        if found is not None:
            name, value = found[1].decode("ascii").lower(), found[2]
        elif not raw.strip():
            yield "", b""
    if name:
        yield name, value[:_LONGEST_VALUE].strip()


def recipient(value: bytes) -> str:
    """The address in `rfc822; anne@example.org`, of any type and of none; empty: it is no address of mail.

    `utf-8` is decoded (RFC 6533 3), and `+` and `=` of xtext (RFC 3461 4), which some hand on as it came."""
    text = charsets.guess(value).strip()
    typed = _TYPED.match(text)
    kind = typed[1].lower() if typed else ""
    text = _COMMENT.sub("", text[typed.end() :] if typed else text).strip()
    if text.startswith("<") or text.endswith(">"):
        text = text.rpartition("<")[2].partition(">")[0]
    if kind == "utf-8":
        text = _EMBEDDED.sub(_character, text)
    text = _XTEXT.sub(lambda found: chr(int(found[1], 16)), text)
    return valid(text)


def valid(text: str) -> str:
    """`text` if it is an address, else empty."""
    try:
        return str(address.parse(text.strip()))
    except address.BadAddress:
        return ""


def _character(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    return chr(number) if number <= 0x10FFFF and not 0xD800 <= number < 0xE000 else "\ufffd"


def _begins_another(group: Group, name: str, *, is_after_gap: bool) -> bool:
    has_recipient = not _RECIPIENT.isdisjoint(group)
    if name in group and name in _RECIPIENT:
        return True
    is_whole = has_recipient and "action" in group
    return is_whole and (is_after_gap or name == "original-recipient")
