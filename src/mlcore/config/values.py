"""Text of a configuration value → value, and back: one `Kind` per sort of value.

`parse` raises ValueError with what is wrong; `remedy` says what to write instead."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import regex

_TRUE = frozenset({"true", "yes", "1", "on", "enable", "enabled"})
_FALSE = frozenset({"false", "no", "0", "off", "disable", "disabled"})
_UNIT_S = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile(
    r"(?:([0-9]{1,6})w)?(?:([0-9]{1,6})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,9})s)?"
)
_SIZE = re.compile(r"([0-9]{1,15})([KMG]?)", re.IGNORECASE)
_SIZE_UNIT = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
# A sign twice in a row is an operator in other dialects of regular expressions, and Python warns of it.
_CLASS = re.compile(r"\[(?:([!-Z_-~])(?!\1))+\]")
_HOST = re.compile(r"[0-9A-Za-z._:-]{1,255}")
_ADDRESS = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,255}")
MASK = "********"
"""What is shown in the place of a secret."""
_LOCAL_PART = re.compile(r"[0-9A-Za-z!#$%&'*+/=?^_{|}~.-]{1,64}")


@dataclass(frozen=True, slots=True)
class Kind:
    """How one sort of value is read and shown. paths: `$var` is replaced before `parse`; mask: what is shown
    of a secret one."""

    parse: Callable[[str], object]
    show: Callable[[object], str]
    remedy: str
    paths: bool = False
    mask: Callable[[str], str] = lambda _text: MASK


def parse_boolean(text: str) -> bool:
    """True for true yes 1 on enable enabled; False for false no 0 off disable disabled; any case."""
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError("this is neither yes nor no")


def parse_duration(text: str) -> timedelta:
    """`1w2d3h4m5s`, each part optional, in this order, at least one; 0 s to some centuries."""
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None or match.lastindex is None:
        raise ValueError("this is no span of time")
    seconds = sum(
        int(count) * unit_s
        for count, unit_s in zip(match.groups(), _UNIT_S.values(), strict=True)
        if count is not None
    )
    return timedelta(seconds=seconds)


def show_duration(value: timedelta) -> str:
    """The shortest text that `parse_duration` reads as `value` (whole seconds)."""
    rest = int(value.total_seconds())
    parts = []
    # Weeks are read but not written: `5d` and `90d` are how people speak of mail.
    for letter in "dhms":
        count, rest = divmod(rest, _UNIT_S[letter])
        if count:
            parts.append(f"{count}{letter}")
    return "".join(parts) or "0s"


def parse_size(text: str) -> int:
    """Octets: a number with K, M or G (powers of 1,024) or none behind it."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError("this is no size")
    return int(match[1]) * _SIZE_UNIT[match[2].upper()]


def show_size(value: int) -> str:
    """The shortest text that `parse_size` reads as `value`."""
    for letter in "GMK":
        if value and value % _SIZE_UNIT[letter] == 0:
            return f"{value // _SIZE_UNIT[letter]}{letter}"
    return str(value)


def boolean() -> Kind:
    """Yes or no."""
    return Kind(parse_boolean, lambda value: "yes" if value else "no", "write yes or no")


def duration(low: str = "0s", high: str = "3650d") -> Kind:
    """A span from `low` to `high`, as timedelta."""
    least, most = parse_duration(low), parse_duration(high)

    def parse(text: str) -> timedelta:
        value = parse_duration(text)
        if not least <= value <= most:
            raise ValueError("this is out of bounds")
        return value

    def show(value: object) -> str:
        return show_duration(value) if isinstance(value, timedelta) else str(value)

    return Kind(parse, show, f"write a span like 1d12h or 90s, from {low} to {high}")


def size(low: str, high: str) -> Kind:
    """A number of octets from `low` to `high`."""
    least, most = parse_size(low), parse_size(high)

    def parse(text: str) -> int:
        value = parse_size(text)
        if not least <= value <= most:
            raise ValueError("this is out of bounds")
        return value

    def show(value: object) -> str:
        return show_size(value) if isinstance(value, int) else str(value)

    return Kind(parse, show, f"write a size like 64M, from {low} to {high}")


def integer(low: int, high: int) -> Kind:
    """A whole number from `low` to `high`."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text):
            raise ValueError("this is no whole number")
        value = int(text)
        if not low <= value <= high:
            raise ValueError("this is out of bounds")
        return value

    return Kind(parse, str, f"write a number from {low} to {high}")


def choice(*names: str, also: Mapping[str, str] | None = None) -> Kind:
    """One of `names`, any case. also: other words for some of them, which are not offered."""
    other = also or {}

    def parse(text: str) -> str:
        word = text.strip().lower()
        word = other.get(word, word)
        if word not in names:
            raise ValueError("this is not offered")
        return word

    return Kind(parse, str, f"write one of: {' '.join(names)}")


def matching(pattern: re.Pattern[str], wrong: str, remedy: str) -> Kind:
    """Text that `pattern` matches from end to end."""

    def parse(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(wrong)
        return text

    return Kind(parse, str, remedy)


def host() -> Kind:
    """A host name or an IP address without brackets."""
    return matching(_HOST, "this is no host name", "write a name like localhost or an address like 127.0.0.1")


def local_part() -> Kind:
    """The part of an address before the @."""
    return matching(_LOCAL_PART, "this is no local part", "write what stands before the @, like noreply")


def optional_address() -> Kind:
    """A mail address, or nothing. Its finer grammar is judged where mail is made."""

    def parse(text: str) -> str:
        if text and not _ADDRESS.fullmatch(text):
            raise ValueError("this is no mail address")
        return text

    return Kind(parse, str, "write one address like postmaster@example.com")


def language() -> Kind:
    """A language code like en or pt_BR."""
    return matching(
        re.compile(r"[a-z]{2,3}(?:_[A-Z]{2})?"), "this is no language code", "write a code like en or ja"
    )


def name() -> Kind:
    """One word of letters, digits, `-` and `_`."""
    return matching(re.compile(r"[0-9A-Za-z_-]{1,64}"), "this is no name", "write one word")


def text() -> Kind:
    """Anything in one line, also nothing."""
    return Kind(one_line, str, "write one line")


def one_line(value: str) -> str:
    """`value`; raises ValueError if it has several lines."""
    if "\n" in value:
        raise ValueError("this has several lines")
    return value


def characters(limit: str) -> Kind:
    """A class of a regular expression, as `[-_.0-9a-z]`, within the class `limit`.

    Only single signs and ranges: no brackets, carets or backslashes among them."""
    allowed = signs(limit)

    def parse(text: str) -> str:
        extra = signs(text) - allowed
        if extra:
            raise ValueError(f"this allows {' '.join(sorted(extra))}")
        return text

    return Kind(parse, str, f"write a class within {limit}")


def signs(text: str) -> frozenset[str]:
    """The signs that the class `text` matches. Raises ValueError if it is no class of the simple form."""
    if not _CLASS.fullmatch(text):
        raise ValueError("this is no class of signs")
    found: set[str] = set()
    rest = text[1:-1]
    while rest:
        if len(rest) > 2 and rest[1] == "-":
            if rest[0] > rest[2]:
                raise ValueError(f"the range {rest[:3]} is empty")
            found.update(map(chr, range(ord(rest[0]), ord(rest[2]) + 1)))
            rest = rest[3:]
        else:
            found.add(rest[0])
            rest = rest[1:]
    return frozenset(found)


def names() -> Kind:
    """Words of letters, digits, `-`, `_` and `.`, separated by blanks, each once; also none."""

    def parse(text: str) -> tuple[str, ...]:
        found = tuple(text.split())
        for word in found:
            if not re.fullmatch(r"[0-9A-Za-z_.-]{1,64}", word):
                raise ValueError(f"{word[:64]!a} is no name")
        if len(set(found)) < len(found):
            raise ValueError("this has a name twice")
        return found

    return Kind(parse, _words, "write names with blanks between them")


def some_of(*offered: str) -> Kind:
    """One or more of the words `offered`, any case, separated by blanks, each once."""

    def parse(text: str) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(text.lower().split()))
        for word in found:
            if word not in offered:
                raise ValueError(f"{word[:64]!a} is not offered")
        if not found:
            raise ValueError("this names nothing")
        return found

    return Kind(parse, _words, f"write some of: {' '.join(offered)}")


def patterns() -> Kind:
    """Regular expressions, separated by blanks; also none."""

    def parse(text: str) -> tuple[str, ...]:
        found = tuple(text.split())
        for pattern in found:
            _compiled(pattern)
        return found

    return Kind(parse, _words, "write regular expressions with blanks between them")


def header_checks() -> Kind:
    """Lines `Header: regular expression`; also none."""

    def parse(text: str) -> tuple[str, ...]:
        found = tuple(line.strip() for line in text.splitlines() if line.strip())
        for line in found:
            header, separator, pattern = line.partition(":")
            if not separator or not re.fullmatch(r"[!-9;-~]{1,76}", header.strip()):
                raise ValueError(f"{line[:80]!a} names no header field")
            if not pattern.strip():
                raise ValueError(f"{line[:80]!a} has no expression")
            _compiled(pattern.strip())
        return found

    return Kind(parse, _lines, "write lines like X-Spam-Flag: ^yes, indented")


def _compiled(pattern: str) -> None:
    try:
        regex.compile(pattern)
    except (regex.error, RecursionError) as error:
        raise ValueError(f"{pattern[:80]!a} is no regular expression: {error}") from None


def _words(value: object) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _lines(value: object) -> str:
    return "\n    ".join(value) if isinstance(value, tuple) else str(value)
