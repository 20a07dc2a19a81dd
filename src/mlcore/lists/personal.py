"""Texts that tell each reader something of himself: `$user_name` and its kin in headers and footers.

When a post is rendered such a text becomes a template, in which the values of the reader alone are still
missing, and it is settled how it is written, so that those of every reader fit (`Words`). When a copy is
made they are filled in (`filler`). All values are strangers' words: each becomes a piece of one line."""

import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from string import Template
from typing import Final

import msgspec

from mlcore.lists.model import Addressee
from mlcore.lists.plain import one_line
from mlcore.mail.slots import Slot
from mlcore.texts.languages import LANGUAGES

Stored = Mapping[str, str]
"""Slot values of one recipient: `name`, `language`, `user_address`, `copy`; what is missing is empty."""
Getter = Callable[[str, Stored], str]

LONGEST: Final = 254
"""Characters of a name or an address."""
_FRAME: Final = len(" <>")
_WIDEST: Final = 5
"""Octets of a character beyond ASCII: two in ISO-2022-JP, with an escape of three before each if need be."""
_LINE: Final = 60
_LONGEST_LANGUAGE: Final = "x" * 35
"""As a code may be."""
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def clean(value: str) -> str:
    """A value as copies show it: one line without control characters (P9), at most `LONGEST` characters."""
    return one_line(value, LONGEST)


def name_of(stored: Stored) -> str:
    """The display name; may be empty."""
    return clean(stored.get("name", ""))


def _email(address: str, stored: Stored) -> str:
    return clean(stored.get("email", "") or address)


def _user_address(address: str, stored: Stored) -> str:
    return clean(stored.get("user_address", "")) or _email(address, stored)


def _language(_address: str, stored: Stored) -> str:
    code = clean(stored.get("language", ""))
    known = LANGUAGES.get(code)
    return code if known is None else known.name


def _member(address: str, stored: Stored) -> str:
    name, email = name_of(stored), _email(address, stored)
    return f"{name} <{email}>" if name else email


_GETTERS: Final[Mapping[str, Getter]] = {
    "member": _member,
    "user_address": _user_address,
    "user_delivered_to": _email,
    "user_email": _email,
    "user_language": _language,
    "user_name": lambda _address, stored: name_of(stored),
    "user_name_or_address": lambda address, stored: name_of(stored) or _user_address(address, stored),
    "user_name_or_email": lambda address, stored: name_of(stored) or _email(address, stored),
}
_NEEDS: Final[Mapping[str, frozenset[str]]] = {
    "member": frozenset({"name"}),
    "user_address": frozenset({"user_address"}),
    "user_language": frozenset({"language"}),
    "user_name": frozenset({"name"}),
    "user_name_or_address": frozenset({"name", "user_address"}),
    "user_name_or_email": frozenset({"name"}),
}
"""Slot values beside the address of the copy itself."""


@dataclass(frozen=True, slots=True)
class Words:
    """A header or footer. text: its lines with LF, none at the end, empty: there is none; for a personal one
    a template of `template`.

    longest: of a personal one, the text with lines that take no fewer octets than those of any copy; empty:
    it is the same for everybody. characters: all beyond ASCII that come with the values, in lines; dashes:
    whether a value begins with a dash."""

    text: str
    longest: str = ""
    characters: str = ""
    dashes: bool = False

    @property
    def is_personal(self) -> bool:
        """Whether it is a template."""
        return bool(self.longest)

    @property
    def sample(self) -> str:
        """What fits where every copy fits: by its characters, and by the length of its lines."""
        return f"{self.longest}\n{self.characters}" if self.is_personal else self.text

    def may_hold_line(self, beginning: str) -> bool:
        """Whether a line of some copy may begin so. beginning: with a dash."""
        return any(self._may_begin(_pieces(line), beginning) for line in self.text.split("\n"))

    def _may_begin(self, pieces: list[tuple[str, str]], beginning: str) -> bool:
        line, is_open = "", False
        for literal, name in pieces:
            line += literal
            if not name:
                continue
            if line:
                is_open = True
                break
            if self.dashes:
                return True
        return line.startswith(beginning) or (is_open and beginning.startswith(line))


NOTHING: Final = Words("")


def is_personal(text: str) -> bool:
    """Whether a text of a list, not filled in yet, has a placeholder of its reader."""
    return "$" in text and len(_pieces(text)) > 1


def template(text: str, values: Mapping[str, str]) -> str:
    """`text` with the values of the list; placeholders of the reader are left, as `${name}`, and each dollar
    sign that is to be seen stands as `$$`."""
    found = []
    for literal, name in _pieces(text, _GETTERS.keys() | values.keys()):
        found.append(literal.replace("$", "$$"))
        if name in _GETTERS:
            found.append("${" + name + "}")
        elif name:
            found.append(values[name].replace("$", "$$"))
    return plain("".join(found))


def plain(text: str) -> str:
    """`text` with LF line ends, without control characters, without line ends behind it."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).rstrip("\n")


def words(text: str, recipients: Iterable[str], addressees: Mapping[str, Addressee]) -> Words:
    """A template of `template` with what its copies to these people can look like."""
    known = addressees.values()
    emails = list(recipients)
    codes = {one.language for one in known}
    found = {
        "name": [one.name for one in known],
        "user_address": [one.user_address for one in known],
        "language": [_LONGEST_LANGUAGE, *(_language("", {"language": code}) for code in codes)],
    }
    values = [*emails, *(value for need in sorted(needs(text)) for value in found[need])]
    # All at once: a list may have a hundred thousand members.
    joined = " ".join(values)
    joined = one_line(joined, len(joined))
    beyond = "" if joined.isascii() else "".join(sorted([sign for sign in set(joined) if sign > "\x7f"]))
    return Words(
        text,
        longest=_filled(text, "x" * _bound(emails, found, ascii_only=not beyond)),
        characters="\n".join([beyond[start : start + _LINE] for start in range(0, len(beyond), _LINE)]),
        dashes=" -" in f" {joined}",
    )


def _bound(emails: list[str], found: Mapping[str, list[str]], *, ascii_only: bool) -> int:
    """Octets that the longest value takes at the most: that of two of them."""
    lengths = [max(map(len, values), default=0) for values in (emails, *found.values())]
    characters = sum(sorted([min(length, LONGEST) for length in lengths])[-2:]) + _FRAME
    return characters if ascii_only else characters * _WIDEST


def needs(text: str) -> frozenset[str]:
    """Which slot values a template needs, beside the address of the copy itself."""
    return frozenset[str]().union(*(_NEEDS.get(name, frozenset()) for _, name in _pieces(text)))


def filler(text: str) -> Callable[[str, Stored], str]:
    """What makes the text of one copy of a template: lines with LF, without one at the end; empty if there is
    nothing to see in it. It takes the address of the copy, and its slot values."""
    pieces = _pieces(text)
    form = "".join([literal.replace("%", "%%") + ("%s" if name else "") for literal, name in pieces])
    getters = [_GETTERS[name] for _, name in pieces if name]

    def fill(address: str, stored: Stored) -> str:
        filled = form % tuple([getter(address, stored) for getter in getters])
        return filled.rstrip("\n") if filled.strip() else ""

    return fill


def shifted(slots: tuple[Slot, ...], octets: int) -> tuple[Slot, ...]:
    """Slots of a body before which that many octets were put. Those that belong into the header section have
    no place yet."""
    return tuple(
        [
            msgspec.structs.replace(slot, at=slot.at + octets) if slot.kind == "text" else slot
            for slot in slots
        ]
    )


def _filled(text: str, value: str) -> str:
    return "".join([literal + (value if name else "") for literal, name in _pieces(text)])


def _pieces(text: str, known: Container[str] = _GETTERS) -> list[tuple[str, str]]:
    """The text taken apart (PEP 292): what stands before each placeholder, with its name; the last one has
    none. A name that is not known is text, and so is a dollar sign without one."""
    found: list[tuple[str, str]] = []
    literal, end = "", 0
    for sign in Template.pattern.finditer(text):
        literal += text[end : sign.start()]
        end = sign.end()
        name = sign["named"] or sign["braced"] or ""
        if name in known:
            found.append((literal, name))
            literal = ""
        else:
            literal += sign[0] if name else "$"
    return [*found, (literal + text[end:], "")]
