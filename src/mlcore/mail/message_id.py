"""Message-ID (RFC 5322 3.6.4): made for our own mail, read from whatever arrives."""

import re
from typing import Final

from mlcore.mail import charsets
from mlcore.mail.fields import Fields

_LONGEST: Final = 998
_BLANKS: Final = re.compile(r"\s+")
_ANGLE: Final = re.compile(r"<[^<>]*>")
_NO_ENTRY: Final = re.compile(r"[^A-Za-z0-9.-]+")


def make(entry: str, domain: str) -> str:
    """`<entry@domain>` for the spool entry that causes the mail: the same step made again gives the same id.

    domain: A-labels. Raises ValueError for an entry name that is no dot-atom."""
    if not entry or _NO_ENTRY.search(entry) or ".." in f".{entry}.":
        raise ValueError(f"not the name of an entry: {entry!r}")
    return f"<{entry}@{domain}>"


def of(fields: Fields) -> str:
    """The Message-ID as it is written, with its brackets; empty if there is none. Never raises.

    Not judged: `<>`, `<@@x@@>` and `<x@[1.2.3.4>` arrive daily. Without folds, blanks and whatever cannot
    be printed, at most 998 octets of UTF-8: fit for a log line."""
    body = fields.first("message-id")
    if not body:
        return ""
    text = charsets.guess(body[:_LONGEST])
    angle = _ANGLE.search(text)
    text = _BLANKS.sub("", angle[0] if angle else text)
    if not text.isprintable():
        text = "".join([char if char.isprintable() else "?" for char in text])
    # Latin-1 read as text is longer in UTF-8 than it was.
    return text if text.isascii() else text.encode()[:_LONGEST].decode(errors="ignore")
