"""How words become a message: header fields, charset, parts."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from mlcore.lists.facts import SiteFacts
from mlcore.lists.handlers.list_headers import reduced
from mlcore.lists.model import ListPolicy
from mlcore.lists.notices.letters import Answered, Letter
from mlcore.mail import address as addresses
from mlcore.mail import compose, date, message_id, words
from mlcore.mail.fields import Fields, header_size
from mlcore.mail.lines import normalise
from mlcore.mail.mime import Part

LARGEST: Final = 262_144
"""Octets of a message that is attached whole; of a larger one the header section is."""

_REFERENCE: Final = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,128}@[A-Za-z0-9.-]{1,120}>")
"""A Message-ID as nearly all are. Anything else is left out, as it could hold a text of its own (P19)."""


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """One mail before it is put together.

    kind: as in `Letter`; author: an address; to: (display name, address) of each mailbox shown; recipients:
    who gets it, None: those of `to`; text: its words, line feeds; charset: used where it can hold them;
    answers: what it is an answer to, None: it answers nobody; bulk: whether it says so; attached: parts that
    follow the text; alone: the body instead of a text; more: header fields of this kind of mail;
    reverse_path: None: as `letter` says."""

    kind: str
    author: str
    subject: str
    to: tuple[tuple[str, str], ...] = ()
    text: str = ""
    charset: str = "utf-8"
    recipients: tuple[str, ...] | None = None
    answers: Answered | None = None
    bulk: bool = True
    attached: tuple[Part, ...] = ()
    alone: Part | None = None
    more: Mapping[str, bytes] = {}
    reverse_path: str | None = None


def letter(
    sheet: Sheet, policy: ListPolicy | None, site: SiteFacts, host: str, identity: str, now: float
) -> Letter:
    """The whole mail (RFC 5322, RFC 2045). host: of the Message-ID; identity: letters, digits, dots and
    hyphens, for it and for boundaries: the same mail made again has the same; now: Unix seconds.

    Marked as made by a program, so that no other program answers (RFC 3834 3.1.7, 5). An answer goes out with
    the null reverse path (RFC 3834 3.3), anything else with -bounces of the list. No value adds a field or a
    recipient (P9). Raises BadAddress, and ValueError for an identity of other characters."""
    own_id = message_id.make(identity, host)
    part = sheet.alone or compose.text(sheet.text, charset=sheet.charset)
    if sheet.attached:
        parts = (part, *sheet.attached)
        part = compose.mixed(parts, boundary=compose.boundary(identity, 0))
    fields = Fields(())
    for name, body in _head(sheet, site, own_id, now):
        fields = fields.append(name, body)
    if policy is not None:
        fields = reduced(fields, policy)
    fields = fields.append("MIME-Version", b"1.0")
    whole = Fields((*fields.raw, *part.fields.raw))
    recipients = tuple(mailbox for _, mailbox in sheet.to) if sheet.recipients is None else sheet.recipients
    reverse_path = sheet.reverse_path
    if reverse_path is None:
        reverse_path = "" if policy is None or sheet.answers is not None else policy.sub_address("bounces")
    return Letter(
        kind=sheet.kind,
        recipients=recipients,
        reverse_path=reverse_path,
        octets=b"".join((whole.octets(), b"\r\n", part.body)),
        list_id="" if policy is None else policy.list_id,
    )


def _head(sheet: Sheet, site: SiteFacts, own_id: str, now: float) -> Iterable[tuple[str, bytes]]:
    charset = sheet.charset
    yield "From", mailboxes([("", sheet.author)], "From", charset)
    yield "To", mailboxes(sheet.to, "To", charset)
    yield "Subject", words.encode(sheet.subject, charset=charset, first_column=len("Subject: "))
    yield "Date", date.format(now).encode()
    yield "Message-ID", own_id.encode()
    answered = sheet.answers
    if answered is not None and _REFERENCE.fullmatch(answered.message_id):
        yield "In-Reply-To", answered.message_id.encode()
        yield "References", answered.message_id.encode()
    if sheet.bulk:
        yield "Precedence", b"bulk"
    yield "Auto-Submitted", b"auto-generated" if answered is None else b"auto-replied"
    # What RFC 3834 forbids anyway: one widespread server asks for a field of its own.
    yield "X-Auto-Response-Suppress", b"All"
    yield "X-Mailman-Version", site.version.encode("ascii", "backslashreplace")
    yield from sheet.more.items()


def mailboxes(found: Sequence[tuple[str, str]], field: str, charset: str) -> bytes:
    """The body of an address field of (display name, address), one a line (RFC 5322 3.4). Raises
    BadAddress."""
    columns = [len(field) + 2] + [1] * (len(found) - 1)
    return b",\r\n ".join(_mailbox(*one, charset, column) for one, column in zip(found, columns, strict=True))


def _mailbox(name: str, mailbox: str, charset: str, column: int) -> bytes:
    spelt = str(addresses.parse(mailbox)).encode()
    phrase = words.phrase(name, charset, first_column=column)
    return words.with_address(phrase, b"<" + spelt + b">", first_column=column) if phrase else spelt


def attachment(original: bytes) -> tuple[Part, bool]:
    """A message as a part (message/rfc822), and whether it is whole. Of one above `LARGEST` octets only the
    header section is taken, and of a header section above it the fields that fit."""
    octets = normalise(original)
    if len(octets) <= LARGEST:
        return compose.message(octets), True
    head = octets[: header_size(octets)]
    if len(head) > LARGEST:
        head = b"".join(head[:LARGEST].rpartition(b"\r\n")[:2])
    return compose.message(head + b"\r\n"), False


def whole_message(original: bytes) -> Part:
    """The same for a message that is to arrive whole, however large."""
    return compose.message(normalise(original))
