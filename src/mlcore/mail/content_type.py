"""Content-Type and Content-Disposition: a value and its parameters (RFC 2045 5.1, RFC 2183, RFC 2231).

Read as mailers write it, not as the grammar has it: blanks and comments anywhere, semicolons and quotes
left out, 8-bit or encoded words (RFC 2047) in file names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from mlcore.mail import charsets, words

_ATOM: Final = r"[!#$%&'*+.^_`{|}~0-9A-Za-z-]"
_TYPE: Final = re.compile(rf"\s*+({_ATOM}++)\s*+/\s*+({_ATOM}++)")
_VALUE: Final = re.compile(rf"\s*+({_ATOM}++)")
# One lexeme at a time, each scanned a fixed number of times: no input makes more work than its length.
_LEXEME: Final = re.compile(
    r'([^;=\s"()]++)\s*+=\s*+(?:"((?:[^"\\]++|\\.)*)"?|([^;"]*+))'
    r'|[;\s]++|"(?:[^"\\]++|\\.)*"?|\((?:[^()\\]++|\\.)*\)?|[^;=\s"()]++|.',
    re.DOTALL,
)
_ESCAPED: Final = re.compile(r'\\(["\\])')
_FOLD: Final = re.compile(r"\r\n(?=[ \t])|[\r\n]")
_EXTENDED: Final = re.compile(r"([^*]++)\*(?:([0-9]{1,4})(\*?))?")
_PLAIN: Final = re.compile(rf"{_ATOM}+")
_NAME: Final = re.compile(r"[!#$&+.^_`{|}~0-9A-Za-z-]+")
_FILE_NAMES: Final = frozenset({"name", "filename"})
_LINE: Final = 76


@dataclass(frozen=True, slots=True)
class ContentType:
    """A media type. type, subtype: lower case; params: values as text by lower-case name, each name once."""

    type: str
    subtype: str
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """`text/plain`."""
        return f"{self.type}/{self.subtype}"

    @property
    def charset(self) -> str:
        """The label of the charset as it is written; empty: none."""
        return self.params.get("charset", "")

    @property
    def boundary(self) -> bytes:
        """The octets of the boundary without blanks at its end (RFC 2046 5.1.1); empty: there is none."""
        text = self.params.get("boundary", "").rstrip()
        try:
            return text.encode("latin-1")
        except UnicodeEncodeError:
            return text.encode()

    def with_param(self, name: str, value: str) -> "ContentType":
        """The same type with the parameter `name` (lower case) set, in its place or at the end."""
        return ContentType(self.type, self.subtype, {**self.params, name: value})

    def octets(self) -> bytes:
        """The body of the field that says this, folded; ASCII (RFC 2231 where a value is not). Parameters
        whose names are none (RFC 2231 7) are left out."""
        parts = [self.name]
        column = len("Content-Type: ") + len(self.name)
        for name, value in self.params.items():
            if not _NAME.fullmatch(name):
                continue
            written = _written(name, value)
            if column + len(written) + 2 > _LINE:
                parts.append(f";\r\n {written}")
                column = 1 + len(written)
            else:
                parts.append(f"; {written}")
                column += 2 + len(written)
        return "".join(parts).encode("ascii")


PLAIN_TEXT: Final = ContentType("text", "plain", {"charset": "us-ascii"})
"""What a part without a Content-Type is, or with one that cannot be read (RFC 2045 5.2)."""

MESSAGE: Final = ContentType("message", "rfc822")
"""What such a part of a multipart/digest is (RFC 2046 5.1.5)."""


def parse(body: bytes | None, default: ContentType = PLAIN_TEXT) -> ContentType:
    """The media type that the raw body of a Content-Type field names; `default` for None and for what cannot
    be read. Of parameters with one name the first counts, and that of RFC 2231 before all; continuations
    end at a gap. Never raises; linear."""
    if body is None:
        return default
    text = _unfolded(body)
    found = _TYPE.match(text)
    if found is None:
        return default
    return ContentType(found[1].lower(), found[2].lower(), _params(text, found.end()))


def disposition(body: bytes | None) -> tuple[str, Mapping[str, str]]:
    """Value (lower case, empty if there is none) and parameters of a Content-Disposition (RFC 2183)."""
    if body is None:
        return "", {}
    text = _unfolded(body)
    found = _VALUE.match(text)
    # `filename=x` alone: the value was left out.
    if found is None or text[found.end() :].lstrip().startswith("="):
        return "", _params(text, 0)
    return found[1].lower(), _params(text, found.end())


def token(body: bytes | None) -> str:
    """The one word of a field such as Content-Transfer-Encoding, in lower case; empty: there is none."""
    found = None if body is None else _VALUE.match(_unfolded(body))
    return "" if found is None else found[1].lower()


def _unfolded(body: bytes) -> str:
    """One character for each octet: what charset a value is in is seen when it is cut out."""
    text = body.decode("latin-1")
    return _FOLD.sub("", text) if "\n" in text or "\r" in text else text


def _params(text: str, position: int) -> dict[str, str]:
    """The parameters in `text` from `position` on."""
    params: dict[str, str] = {}
    extended: dict[str, dict[int, tuple[bool, str]]] = {}
    for found in _LEXEME.finditer(text, position):
        if found[1] is None:
            continue
        name = found[1].lower()
        special = _EXTENDED.fullmatch(name)
        value = _value(name, special[1] if special else name, found[2], found[3])
        if special is None:
            params.setdefault(name, _text(name, value))
        else:
            is_encoded = special[2] is None or bool(special[3])
            extended.setdefault(special[1], {}).setdefault(int(special[2] or 0), (is_encoded, value))
    for name, sections in extended.items():
        if 0 in sections:
            params[name] = _joined(sections)
    return params


def _value(name: str, base: str, quoted: str | None, bare: str | None) -> str:
    """A value without quotes; one that had none ends at a blank, but for the names of files."""
    if quoted is not None:
        return _ESCAPED.sub(r"\1", quoted) if "\\" in quoted else quoted
    value = (bare or "").strip()
    if base in _FILE_NAMES and name == base:
        return value
    return value.split(None, 1)[0] if value else ""


def _text(name: str, value: str) -> str:
    """Decoded (RFC 2047, though 2231 forbids it here), but for a boundary: that is compared as octets."""
    return value if name == "boundary" else words.decode(value.encode("latin-1"))


def _joined(sections: dict[int, tuple[bool, str]]) -> str:
    """The value of continued or encoded sections (RFC 2231 3, 4), up to the first that is missing."""
    label = ""
    octets: list[bytes] = []
    number = 0
    while number in sections:
        is_encoded, value = sections[number]
        if is_encoded and number == 0 and value.count("'") >= 2:
            label, _, value = value.split("'", 2)
        octets.append(unquote_to_bytes(value.encode("latin-1")) if is_encoded else value.encode("latin-1"))
        number += 1
    whole = b"".join(octets)
    return words.one_line(charsets.decode(whole, label) if label else charsets.guess(whole))


def _written(name: str, value: str) -> str:
    """`name=value`, quoted or coded where it has to be."""
    value = words.one_line(value)
    if not value.isascii():
        return f"{name}*=utf-8''{quote(value, safe='')}"
    if _PLAIN.fullmatch(value):
        return f"{name}={value}"
    escaped = re.sub(r'["\\]', r"\\\g<0>", value)
    return f'{name}="{escaped}"'
