"""Which fields of its header section a post keeps within a digest."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from mlcore.mail.fields import Fields
from mlcore.texts.fill import width

_POSITION: Final = "message"
"""The field that says where in the digest the post stands. What a post itself says there does not count."""
_CONTENT: Final = "content-"
_COLUMNS: Final = 75
_READ: Final = 8_192
"""Octets of a field that are shown: to decode one of 256 KiB takes 0.1 s."""
_MOST: Final = 20
"""Fields of one name that are shown."""


def kept(fields: Fields, names: Sequence[str], position: int) -> Fields:
    """The fields with one of these names, in the order and the octets in which they came, and all that say
    what the content is (RFC 2045 3: MIME-Version, Content-…); behind them `Message: position` if that is
    among the names. names: of any case."""
    wanted = {name.lower() for name in names}
    pairs = zip(fields.names(), fields.raw, strict=True)
    raw = tuple([raw for name, raw in pairs if name != _POSITION and (name in wanted or _is_content(name))])
    return Fields(raw).append("Message", str(position)) if _POSITION in wanted else Fields(raw)


def shown(fields: Fields, names: Sequence[str], position: int, charset: str) -> str:
    """The fields of these names as a person reads them: in this order and under these names, decoded, folded
    where there is a blank, as a program would unfold them (RFC 5322 2.2.3). LF between lines, none at the
    end; never an empty line.

    Message is the position, and Content-Type what the text has become: plain, in `charset`. Other fields
    about the content as it came would be wrong about that, and are left out, as are empty ones."""
    found: list[str] = []
    for name in names:
        key = name.lower()
        if key == _POSITION:
            found.append(f"Message: {position}")
        elif key == "content-type":
            found.append(f'Content-Type: text/plain; charset="{charset}"')
        elif not _is_content(key):
            found += [_folded(name, value) for value in _values(fields, key)]
    return "\n".join(found)


def _is_content(name: str) -> bool:
    return name.startswith(_CONTENT) or name == "mime-version"


def _values(fields: Fields, key: str) -> Iterator[str]:
    pairs = zip(fields.names(), fields.raw, strict=True)
    for raw in islice((raw for name, raw in pairs if name == key), _MOST):
        value = Fields((raw,)).beginning(key, _READ).strip()
        if value:
            yield value


def _folded(name: str, value: str) -> str:
    """`name: value` on lines of at most 75 columns, but that nothing is folded where there is no blank: a
    program would take the fold for a blank of the author."""
    first, *words = value.split(" ")
    parts = [f"{name}: {first}"]
    column = width(parts[0])
    for word in words:
        columns = width(word) + 1
        # Not before a blank: a line of blanks alone would end the header section for some readers. Nor before
        # what is too long for any line, as a sentence of Japanese may be.
        if word and column + columns > _COLUMNS >= columns:
            parts.append("\n")
            column = 0
        parts.append(f" {word}")
        column += columns
    return "".join(parts)
