"""The arguments of MAIL and RCPT (RFC 5321 4.1.2, 4.1.1.11; RFC 1870, 6152, 6531): text in, values out.

Nothing here is parsed beyond the envelope (P5). Spelling is kept; control characters, in whatever disguise,
never get through (P9)."""

import re
from dataclasses import dataclass
from typing import Final

from mlcore.ingress import replies
from mlcore.mail.reply import PeerError

_NO_ATOM: Final = r"\x00-\x20\x7f-\x9f\u2028\u2029()<>@,;:\\\"\[\]"
_ATOMS: Final = rf"[^{_NO_ATOM}]+"
_QUOTED: Final = r'"(?:[^\x00-\x1f\x7f-\x9f\u2028\u2029"\\]|\\[\x20-\x7e])*"'
_LITERAL: Final = r"\[[^\x00-\x20\x7f-\x9f\u2028\u2029()<>@\\\[\]]+\]"
# RFC 5321 appendix C: a source route is read and forgotten.
_ROUTE: Final = rf"(?:@{_ATOMS}(?:,@{_ATOMS})*:)?"
_MAILBOX: Final = rf"((?:{_ATOMS}|{_QUOTED})@(?:{_ATOMS}|{_LITERAL}))"
_REST: Final = r"(?: +(.*))?"

_FROM: Final = re.compile(r"[Ff][Rr][Oo][Mm]: *")
_TO: Final = re.compile(r"[Tt][Oo]: *")
_REVERSE_PATH: Final = re.compile(rf"<(?:{_ROUTE}{_MAILBOX})?>{_REST}")
# RCPT TO:<postmaster> without a domain is a legal address (RFC 5321 4.1.1.3), if not one of ours.
_FORWARD_PATH: Final = re.compile(rf"<{_ROUTE}(?:{_MAILBOX}|({_ATOMS}))>{_REST}")
_PARAMETER: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^\x00-\x20\x7f=]+))?")
_SIZE_DIGITS: Final = 20


@dataclass(frozen=True, slots=True)
class Mail:
    """MAIL FROM. reverse_path: empty is the null sender. size_bytes: 0 where SIZE was not given."""

    reverse_path: str
    size_bytes: int = 0
    smtputf8: bool = False


def parse_mail(argument: str) -> Mail:
    """What stands behind `MAIL `. Raises PeerError: 501 for syntax, 555 for a parameter that was not offered,
    553 5.6.7 for a UTF-8 address without SMTPUTF8 (RFC 6531 3.5)."""
    keyword = _FROM.match(argument)
    if keyword is None:
        raise PeerError(replies.MAIL_SYNTAX)
    path = _REVERSE_PATH.fullmatch(argument, keyword.end())
    if path is None:
        raise PeerError(replies.BAD_SENDER)
    reverse_path: str = path[1] or ""
    size_bytes, smtputf8 = _mail_parameters(path[2]) if path[2] else (0, False)
    if not smtputf8 and not reverse_path.isascii():
        raise PeerError(replies.NEEDS_SMTPUTF8)
    return Mail(reverse_path, size_bytes, smtputf8)


def parse_rcpt(argument: str, *, smtputf8: bool) -> str:
    """The address behind `RCPT `, spelling kept, without brackets and source route.

    smtputf8: whether MAIL asked for it. Raises PeerError as `parse_mail` does; no parameter is known, for DSN
    (RFC 3461) is not offered."""
    keyword = _TO.match(argument)
    if keyword is None:
        raise PeerError(replies.RCPT_SYNTAX)
    path = _FORWARD_PATH.fullmatch(argument, keyword.end())
    if path is None:
        raise PeerError(replies.BAD_RECIPIENT)
    address: str = path[1] or path[2]
    if path[3] and _parameters(path[3]):
        raise PeerError(replies.UNKNOWN_PARAMETER)
    if not smtputf8 and not address.isascii():
        raise PeerError(replies.NEEDS_SMTPUTF8)
    return address


def _mail_parameters(text: str) -> tuple[int, bool]:
    size_bytes, smtputf8 = 0, False
    for keyword, value in _parameters(text).items():
        if keyword == "SIZE":
            if not value or len(value) > _SIZE_DIGITS or not (value.isascii() and value.isdigit()):
                raise PeerError(replies.BAD_PARAMETER)
            size_bytes = int(value)
        elif keyword == "BODY":
            # Content is kept octet by octet in either case, so which of the two it is makes no difference.
            if not value or value.upper() not in {"7BIT", "8BITMIME"}:
                raise PeerError(replies.BAD_PARAMETER)
        elif keyword == "SMTPUTF8":
            if value is not None:
                raise PeerError(replies.BAD_PARAMETER)
            smtputf8 = True
        else:
            raise PeerError(replies.UNKNOWN_PARAMETER)
    return size_bytes, smtputf8


def _parameters(text: str) -> dict[str, str | None]:
    """Keyword in capitals and value of each parameter; each keyword once (RFC 5321 4.1.2)."""
    found: dict[str, str | None] = {}
    for word in text.split(" "):
        if not word:
            continue
        parameter = _PARAMETER.fullmatch(word)
        if parameter is None:
            raise PeerError(replies.BAD_PARAMETER)
        keyword = parameter[1].upper()
        if keyword in found:
            raise PeerError(replies.BAD_PARAMETER)
        found[keyword] = parameter[2]
    return found
