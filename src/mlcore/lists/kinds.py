"""Sorts of values that a setting of a list may have: text → value, value → text, value → JSON.

`parse` raises ValueError with what is wrong; `remedy` says what to write instead. Texts are what people type:
they are checked as strictly as if they came from anywhere, since many of them end in header fields."""

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from mlcore.base import passwords
from mlcore.base.errors import BadInput
from mlcore.config.values import parse_boolean, parse_duration, show_duration
from mlcore.lists.bans import valid_pattern
from mlcore.lists.languages import is_language
from mlcore.mail.address import BadAddress, key_of

_DAY_S: Final = 86_400
_LONGEST_SPAN_S: Final = 3650 * _DAY_S
_LONGEST_TEXT: Final = 1 << 20
_LONGEST_LINE: Final = 1_000
_MOST_VALUES: Final = 10_000
_MIME_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}(?:/[a-z0-9][a-z0-9!#$&^_.+-]{0,126})?")
_EXTENSION: Final = re.compile(r"[a-z0-9_+~-]{1,32}")
_NEWSGROUP: Final = re.compile(r"[a-z0-9][a-z0-9+_-]*(?:\.[a-z0-9][a-z0-9+_-]*)*")
_ARCHIVER: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
_FIELD_NAME: Final = re.compile(r"[!-9;-~]{1,76}")
CHARSETS: Final = (
    "utf-8",
    "us-ascii",
    "iso-2022-jp",
    "euc-jp",
    "shift_jis",
    "iso-2022-kr",
    "euc-kr",
    "gb2312",
    "gb18030",
    "big5",
    *(f"iso-8859-{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)),
    "koi8-r",
    "koi8-u",
    "windows-1250",
    "windows-1251",
    "windows-1252",
)
"""What a list may write its own mail in."""
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Kind:
    """How one sort of value is read and shown. plain: as JSON has it; remedy: empty where any text does."""

    parse: Callable[[str], object]
    show: Callable[[object], str]
    plain: Callable[[object], object]
    remedy: str


def boolean() -> Kind:
    """Yes or no."""
    return Kind(parse_boolean, lambda value: "yes" if value else "no", bool, "write yes or no")


def number(high: int = 1_000_000, low: int = 0) -> Kind:
    """A whole number from `low` (0 or less) to `high`."""
    sign = "-?" if low < 0 else ""

    def parse(text: str) -> int:
        if not re.fullmatch(rf"{sign}[0-9]{{1,12}}", text.strip()):
            raise ValueError("this is no whole number")
        value = int(text)
        if not low <= value <= high:
            raise ValueError("this is too much")
        return value

    return Kind(parse, str, _same, f"write a number from {low} to {high}")


def optional_number() -> Kind:
    """A whole number or None; only shown."""
    return Kind(str, lambda value: "" if value is None else str(value), _same, "")


def decimal(high: int = 1_000_000) -> Kind:
    """A number from 0 to `high`, with a fraction if need be."""

    def parse(text: str) -> float:
        if not re.fullmatch(r"[0-9]{1,12}(?:\.[0-9]{1,6})?", text.strip()):
            raise ValueError("this is no number")
        value = float(text)
        if value > high:
            raise ValueError("this is too much")
        return value

    return Kind(parse, lambda value: f"{value:g}", _same, f"write a number like 30 or 2.5, from 0 to {high}")


def span() -> Kind:
    """Seconds, written as a span of time."""

    def parse(text: str) -> int:
        value = int(parse_duration(text).total_seconds())
        if value > _LONGEST_SPAN_S:
            raise ValueError("this is too long")
        return value

    return Kind(parse, _shown_span, _shown_span, "write a span like 90d or 1d12h, from 0s to 3650d")


def choice(names: type[enum.StrEnum]) -> Kind:
    """One of the members of `names`, in any case; a hyphen counts as an underscore."""

    def parse(text: str) -> enum.StrEnum:
        try:
            return names(text.strip().lower().replace("-", "_"))
        except ValueError:
            raise ValueError("this is not offered") from None

    return Kind(parse, str, str, f"write one of: {', '.join(names)}")


def line() -> Kind:
    """One line of text, blanks at its ends kept; without control characters, since it may go into a header
    field."""
    return Kind(_parse_line, str, _same, "write one line")


def text() -> Kind:
    """Text of any number of lines; line ends become LF, one at the very end is dropped."""
    return Kind(_parse_text, str, _same, "")


def address() -> Kind:
    """One mail address, or nothing."""

    def parse(value: str) -> str:
        value = value.strip()
        if value:
            _key(value)
        return value

    return Kind(parse, str, _same, "write one address like desk@example.com, or nothing")


def newsgroup() -> Kind:
    """The name of a newsgroup (RFC 5536 3.1.4), or nothing."""
    return _pattern(_NEWSGROUP, "this is no newsgroup", "write a name like comp.mail.misc, or nothing")


def language() -> Kind:
    """The code of a language."""

    def parse(value: str) -> str:
        if not is_language(value.strip()):
            raise ValueError(f"Invalid language code: {value}")
        return value.strip()

    return Kind(parse, str, _same, "write a code like en, ja or pt_BR")


def one_of(names: tuple[str, ...], wrong: str) -> Kind:
    """One of `names`. wrong: what is said of others, before the value."""

    def parse(value: str) -> str:
        if value.strip() not in names:
            raise ValueError(f"{wrong}: {value}")
        return value.strip()

    return Kind(parse, str, _same, f"write one of: {', '.join(names)}")


def charset() -> Kind:
    """A charset that Japanese and other mail is written in, or nothing."""

    def parse(value: str) -> str:
        value = value.strip().lower()
        if value and value not in CHARSETS:
            raise ValueError(f"this charset is not offered: {value[:80]}")
        return value

    return Kind(parse, str, _same, f"write one of: {', '.join(CHARSETS)}, or nothing")


def password() -> Kind:
    """A password, which is kept as a hash; such a hash is taken as it is, so that settings can be copied."""

    def parse(value: str) -> str:
        value = _parse_line(value)
        return value if not value or passwords.is_hash(value) else passwords.hashed(value)

    return Kind(parse, str, lambda value: value or None, "write one line, or nothing")


def header_lines() -> Kind:
    """Lines `Header: regular expression`; blank lines, and those that begin with #, are kept for people."""

    def parse(value: str) -> str:
        text = _parse_text(value)
        for row in map(str.strip, text.split("\n")):
            if not row or row.startswith("#"):
                continue
            header, separator, pattern = row.partition(":")
            if not separator or not _FIELD_NAME.fullmatch(header.strip()):
                raise ValueError(f"this names no header field: {row[:80]}")
            _regex("^" + pattern.strip())
        return text

    return Kind(parse, str, _same, "write lines like X-Spam-Flag: ^yes")


def posting_addresses() -> Kind:
    """Posting addresses of lists; whether they exist is not asked, as lists come and go."""
    return _several(_key, "write addresses of lists")


def archivers() -> Kind:
    """Names of archivers of the site; whether there are such is not asked, as they come and go."""

    def item(value: str) -> str:
        if not _ARCHIVER.fullmatch(value):
            raise ValueError(f"this is no name of an archiver: {value[:80]}")
        return value

    return _several(item, "write names of archivers like hyperkitty")


def aliases() -> Kind:
    """Addresses, and patterns of addresses, in lower case."""

    def item(value: str) -> str:
        return _regex(value.lower()) if value.startswith("^") else _key(value)

    return _several(item, "write addresses, or patterns that begin with ^")


def senders(*, lists: bool = False) -> Kind:
    """Addresses, and patterns of addresses; lists: also `@ant@example.com`, all members of that list."""

    def item(value: str) -> str:
        if value.startswith("^"):
            return _regex(value)
        if lists and value.startswith("@"):
            return "@" + _key(value[1:])
        try:
            return _key(value)
        except ValueError:
            raise ValueError(
                f"Expected a valid email address or regular expression, got {value[:80]}"
            ) from None

    more = ", or @ and the address of another list" if lists else ""
    return _several(item, f"write addresses, or patterns that begin with ^{more}")


def mime_types() -> Kind:
    """Types like `image`, or `text/html` (RFC 2045 5.1)."""
    return _several(_matched(_MIME_TYPE, "this is no MIME type"), "write types like image or text/html")


def extensions() -> Kind:
    """Extensions of file names, without the dot."""
    return _several(
        _matched(_EXTENSION, "this is no extension", drop="."), "write extensions like exe, without the dot"
    )


def moment() -> Kind:
    """Unix seconds or None; only shown, as RFC 3339 has it, in UTC."""

    def show(value: object) -> str:
        return _rfc3339(value) if isinstance(value, float) else ""

    def plain(value: object) -> object:
        return _rfc3339(value) if isinstance(value, float) else None

    return Kind(_parse_line, show, plain, "")


def _same(value: object) -> object:
    return value


def _shown_span(value: object) -> str:
    from_seconds = parse_duration(f"{value}s")
    return show_duration(from_seconds)


def _rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_unicode(value: str) -> bool:
    """Whether UTF-8 can write it: octets that were no UTF-8 on the command line come as lone surrogates."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _parse_text(value: str) -> str:
    if len(value) > _LONGEST_TEXT:
        raise ValueError("this is too long: at most 1 MiB")
    if "\0" in value or not _is_unicode(value):
        raise ValueError("this holds characters that mail cannot carry")
    return _LINE_END.sub("\n", value).removesuffix("\n")


def _parse_line(value: str) -> str:
    value = _LINE_END.sub("\n", value).removesuffix("\n")
    if "\n" in value or len(value.splitlines()) > 1:
        raise ValueError(f"This value must be a single line: {value.splitlines()[0][:80]} …")
    if len(value) > _LONGEST_LINE:
        raise ValueError(f"this is too long: at most {_LONGEST_LINE} characters")
    if any(ord(char) < ord(" ") or ord(char) == 0x7F for char in value) or not _is_unicode(value):
        raise ValueError("this holds control characters")
    return value


def _pattern(pattern: re.Pattern[str], wrong: str, remedy: str) -> Kind:
    """Lower-case text that `pattern` matches from end to end, or nothing."""

    def parse(value: str) -> str:
        value = value.strip().lower()
        if value and not pattern.fullmatch(value):
            raise ValueError(wrong)
        return value

    return Kind(parse, str, _same, remedy)


def _matched(pattern: re.Pattern[str], wrong: str, *, drop: str = "") -> Callable[[str], str]:
    def item(value: str) -> str:
        found = value.lower().removeprefix(drop)
        if not pattern.fullmatch(found):
            raise ValueError(f"{wrong}: {value[:80]}")
        return found

    return item


def _several(item: Callable[[str], str], remedy: str) -> Kind:
    """Values of which each is what `item` makes of its text; each once, in order."""

    def parse(value: str) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(item(part) for part in _parts(value)))
        if len(found) > _MOST_VALUES:
            raise ValueError(f"these are too many: at most {_MOST_VALUES}")
        return found

    def show(value: object) -> str:
        return "\n".join(value) if isinstance(value, tuple) else str(value)

    def plain(value: object) -> object:
        return list(value) if isinstance(value, tuple) else value

    return Kind(parse, show, plain, f"{remedy}, with commas or line ends between them")


def _parts(value: str) -> list[str]:
    """What stands between commas and line ends. A pattern may hold commas: it ends with its line."""
    found: list[str] = []
    for row in _LINE_END.split(value):
        rest = row.strip()
        while rest:
            if rest.startswith("^"):
                found.append(_parse_line(rest))
                break
            part, _, rest = rest.partition(",")
            rest = rest.strip()
            if part.strip():
                found.append(_parse_line(part.strip()))
    return found


def _key(value: str) -> str:
    try:
        return key_of(value)
    except BadAddress as error:
        raise ValueError(error.text) from None


def _regex(value: str) -> str:
    try:
        return valid_pattern(value)
    except BadInput as error:
        raise ValueError(error.text) from None
