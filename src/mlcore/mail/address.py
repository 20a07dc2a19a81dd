"""Mailboxes (RFC 5321 4.1.2, RFC 6531 3.3) and the address lists of header fields (RFC 5322 3.4)."""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from mlcore.base.errors import BadInput
from mlcore.mail import charsets, words

_LONGEST: Final = 254
_LONGEST_LOCAL_PART: Final = 64
_LONGEST_LABEL: Final = 63
_REMEDY: Final = "write it as name@example.com"

_ATEXT: Final = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~-"
_LDH: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ASCII: Final = re.compile(
    rf"([{_ATEXT}]{{1,64}}+(?:\.[{_ATEXT}]{{1,64}}+){{0,32}})@({_LDH}(?:\.{_LDH}){{0,127}})"
)
# A possessive group matches wrongly in Python 3.11.2, which Debian 12 has: single classes may be, groups not.
_DOT_ATOM: Final = re.compile(rf"[\x80-\U0010ffff{_ATEXT}]++(?:\.[\x80-\U0010ffff{_ATEXT}]++)*")
_QUOTED: Final = re.compile(r'"(?:[ !#-\[\]-~\x80-\U0010ffff]|\\[ -~])*"')
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_LABEL: Final = re.compile(_LDH)
# Letters, marks and digits make a label, and these by context (RFC 5892 A.3 to A.7, without the joiners).
_BY_CONTEXT: Final = frozenset("\u00b7\u0375\u05f3\u05f4\u30fb-")


class BadAddress(BadInput):
    """What was written is no address of a mailbox."""


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox, spelling kept. Made by `parse`, which checks; local_part with its quotes if it has any."""

    local_part: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local_part}@{self.domain}"

    @property
    def is_ascii(self) -> bool:
        """Whether it needs no SMTPUTF8: local part and domain as they are spelt."""
        return self.local_part.isascii() and self.domain.isascii()

    @property
    def key(self) -> str:
        """What two spellings of one mailbox have in common: case folded, NFC, needless quotes off, the domain
        in A-labels. Local parts are compared without regard to case, as list members expect."""
        local = _unquoted(self.local_part) if self.local_part[0] == '"' else self.local_part
        if local.isascii():
            return f"{local.lower()}@{ascii_domain(self.domain)}"
        folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", local).casefold())
        return f"{folded}@{ascii_domain(self.domain)}"


def parse(text: str) -> Address:
    """The address written as `text`, with nothing around it.

    Local part: dot-atom or quoted-string, at most 64 octets of UTF-8; domain: labels (LDH or U-labels) or
    an address literal; at most 254 octets together (RFC 5321 4.5.3.1, RFC 3696 erratum 1690).
    Raises BadAddress."""
    plain = _ASCII.fullmatch(text) if len(text) <= _LONGEST else None
    if plain is not None and len(plain[1]) <= _LONGEST_LOCAL_PART:
        return Address(plain[1], plain[2])
    return _parse_slowly(text)


def key_of(text: str) -> str:
    """`parse(text).key`. Raises BadAddress."""
    return parse(text).key


def ascii_domain(domain: str) -> str:
    """A checked domain in lower case and A-labels (RFC 5890 2.3.2.1); a literal in its shortest form."""
    if domain[0] == "[":
        return _canonical_literal(domain)
    if domain.isascii():
        return domain.lower()
    return ".".join([_a_label(label) for label in domain.split(".")])


def parse_line(text: str) -> tuple[str, Address]:
    """Display name (may be empty) and address of a line `Name <a@b>`, `a@b (Name)` or `a@b`.

    The name may be quoted, and need not be where it holds commas or dots. Raises BadAddress."""
    line = text.strip()
    if line.endswith(">") and "<" in line:
        name, _, mailbox = line[:-1].rpartition("<")
    elif line.endswith(")") and "(" in line:
        mailbox, _, name = line[:-1].partition("(")
    else:
        name, mailbox = "", line
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = _ESCAPED.sub(r"\1", name[1:-1])
    return words.decode(name).strip(), parse(mailbox.strip())


def _parse_slowly(text: str) -> Address:
    """With a precise complaint, and for everything the one pattern of plain ASCII does not cover."""
    shown = words.one_line(text)[:80]
    local_part, at, domain = text.rpartition("@")
    if not at or not local_part or not domain:
        raise BadAddress(f"not an address: {shown!r}", _REMEDY)
    if not text.isprintable():
        raise BadAddress(f"control or invisible characters in {shown!r}", _REMEDY)
    if not (_DOT_ATOM.fullmatch(local_part) or _QUOTED.fullmatch(local_part)):
        raise BadAddress(f"bad local part in {shown!r}", "letters, digits, dots within, or a quoted string")
    if len(local_part.encode()) > _LONGEST_LOCAL_PART:
        raise BadAddress(f"local part too long in {shown!r}", "at most 64 octets before the @")
    if len(text.encode()) > _LONGEST:
        raise BadAddress(f"address too long: {shown!r}", "at most 254 octets")
    if domain[0] == "[":
        _canonical_literal(domain)
    else:
        for label in domain.split("."):
            _a_label(label)
    return Address(local_part, domain)


def _a_label(label: str) -> str:
    """One label in its A-form. Lower case and NFKC stand for the mapping of RFC 5895. Raises BadAddress."""
    if label.isascii():
        if not _LABEL.fullmatch(label):
            raise BadAddress(
                f"bad domain label {label[:80]!r}", "letters, digits and inner hyphens, 63 at most"
            )
        return label.lower()
    mapped = unicodedata.normalize("NFKC", label.lower())
    fits = all(char in _BY_CONTEXT or unicodedata.category(char)[0] in "LMN" for char in mapped)
    if not fits or mapped[0] == "-" or mapped[-1] == "-" or unicodedata.category(mapped[0])[0] == "M":
        raise BadAddress(f"bad domain label {label[:80]!r}", "letters, digits and inner hyphens")
    coded = mapped if mapped.isascii() else "xn--" + mapped.encode("punycode").decode("ascii")
    if len(coded) > _LONGEST_LABEL:
        raise BadAddress(f"domain label too long: {label[:80]!r}", "at most 63 octets as an A-label")
    return coded


def _canonical_literal(domain: str) -> str:
    """An address literal (RFC 5321 4.1.3) in its shortest form. Raises BadAddress."""
    inside = domain[1:-1] if domain[-1] == "]" else ""
    try:
        if inside[:5].lower() == "ipv6:":
            # A zone names an interface of one host; it is no part of an address in mail.
            if "%" not in inside:
                return f"[ipv6:{ipaddress.IPv6Address(inside[5:])}]"
        else:
            return f"[{ipaddress.IPv4Address(inside)}]"
    except ValueError:
        pass
    raise BadAddress(f"bad address literal {domain[:80]!r}", "write [192.0.2.1] or [IPv6:2001:db8::1]")


def _unquoted(local_part: str) -> str:
    """A quoted local part without quotes where it needs none, else quoted in one way (RFC 5321 4.1.2)."""
    content = _ESCAPED.sub(r"\1", local_part[1:-1])
    if _DOT_ATOM.fullmatch(content):
        return content
    return '"' + re.sub(r'["\\]', r"\\\g<0>", content) + '"'


# One lexeme at a time, so that no input makes more work than its length. A comment is closed by counting.
_LEXEME: Final = re.compile(
    r'[ \t\r\n]++|"(?:[^"\\]++|\\.)*"?|\[[^\[\]]*+\]?|[<>,;:@()]|[^ \t\r\n"\[<>,;:@()]++', re.DOTALL
)
_LEXEMES_OF_A_MAILBOX: Final = 32
_PAREN: Final = re.compile(r"\\.|[()]", re.DOTALL)


def parse_list(text: str | bytes, limit: int = 1000) -> list[tuple[str, Address]]:
    """Display names and addresses of the body of a From, Sender, Reply-To, To or Cc field, in order.

    text: the raw body (`Fields.first`, not `Fields.text`: a decoded name may hold a comma). Groups are
    opened, routes and comments dropped, encoded words in names decoded; what is no address is skipped.
    At most `limit` mailboxes are looked at (and 32 lexemes for each): the rest is ignored. Never raises."""
    if isinstance(text, bytes):
        text = charsets.guess(text)
    results: list[tuple[str, Address]] = []
    mailbox = _Mailbox()
    position = 0
    lexemes_left = limit * _LEXEMES_OF_A_MAILBOX
    while limit and lexemes_left and (found := _LEXEME.match(text, position)):
        lexemes_left -= 1
        lexeme = found[0]
        position = found.end()
        if lexeme == "(":
            end = _comment_end(text, position)
            mailbox.remark(text[position : end - 1])
            position = end
        elif mailbox.ends_at(lexeme):
            limit -= mailbox.finish(results)
            mailbox = _Mailbox()
        elif lexeme == ":" and not mailbox.in_angle:
            mailbox = _Mailbox()  # what stood before is the name of a group
        else:
            mailbox.add(lexeme)
    if limit:
        mailbox.finish(results)
    return results


def _comment_end(text: str, position: int) -> int:
    """The position behind the comment whose content begins at `position`; comments nest (RFC 5322 3.2.2)."""
    depth = 1
    for found in _PAREN.finditer(text, position):
        if found[0] == "(":
            depth += 1
        elif found[0] == ")":
            depth -= 1
            if not depth:
                return found.end()
    return len(text) + 1


class _Mailbox:
    """What was read of one mailbox: lexemes outside and within the angle brackets.

    Each is kept with whether a blank stood before it."""

    __slots__ = ("_angle", "_blank", "_comment", "_has_angle", "_outside", "in_angle")

    def __init__(self) -> None:
        self.in_angle = False
        self._has_angle = False
        self._outside: list[tuple[bool, str]] = []
        self._angle: list[tuple[bool, str]] = []
        self._comment = ""
        self._blank = False

    def ends_at(self, lexeme: str) -> bool:
        """A comma does, but not within the route `<@a,@b:c@d>` (RFC 5322 4.4); so does the end of a group."""
        if lexeme == ",":
            return not (self.in_angle and self._angle and self._angle[0][1] == "@")
        return lexeme == ";"

    def remark(self, comment: str) -> None:
        """A comment: the name of old mailers in `a@b (Name)`, and otherwise a blank."""
        self._comment = self._comment or comment
        self._blank = True

    def add(self, lexeme: str) -> None:
        """One more lexeme."""
        if lexeme[0] in " \t\r\n":
            self._blank = True
        elif lexeme == "<":
            self.in_angle = self._has_angle = True
        elif lexeme == ">":
            self.in_angle = False
        elif self.in_angle and lexeme == ":":
            self._angle = []  # what stood before was a route
        elif self.in_angle:
            self._angle.append((self._blank, lexeme))
            self._blank = False
        elif not self._has_angle:
            self._outside.append((self._blank, lexeme))
            self._blank = False

    def finish(self, results: list[tuple[str, Address]]) -> bool:
        """Adds display name and address, if there is one; whether there was anything to look at."""
        spec = _addr_spec(self._angle if self._has_angle else self._outside)
        if "@" not in spec:
            return False
        try:
            address = parse(spec)
        except BadAddress:
            return True
        name = _phrase_text(self._outside) if self._has_angle else ""
        results.append((words.decode(name or self._comment).strip(), address))
        return True


def _addr_spec(lexemes: list[tuple[bool, str]]) -> str:
    """The lexemes as one string; blanks around `.` and `@` are obsolete syntax (RFC 5322 4.4) and go."""
    parts: list[str] = []
    for blank, lexeme in lexemes:
        if blank and parts and parts[-1][-1] not in ".@" and lexeme[0] not in ".@":
            parts.append(" ")
        parts.append(lexeme)
    return "".join(parts)


def _phrase_text(lexemes: list[tuple[bool, str]]) -> str:
    """The lexemes of a display-name as text: quoted strings without quotes, encoded words still coded."""
    parts: list[str] = []
    for blank, lexeme in lexemes:
        if blank and parts:
            parts.append(" ")
        parts.append(_ESCAPED.sub(r"\1", lexeme[1:].removesuffix('"')) if lexeme[0] == '"' else lexeme)
    return "".join(parts)
