"""Compiled catalogues (.mo, GNU gettext manual 10.3): one text is found without reading a thousand others."""

import struct
from collections.abc import Iterator
from typing import Final

_MAGIC: Final = 0x950412DE
_HEAD: Final = struct.Struct("<5I")
_PLACE: Final = struct.Struct("<2I")
_END: Final = b"\0"
"""Behind each text, and between singular and plural."""
SEPARATOR: Final = "\x04"
"""Between a context and a text."""


class Catalogue:
    """One catalogue: little-endian, UTF-8, of a language that has one form for all numbers; the texts lie in
    the order of their table, whatever that is. Octets that are none are a catalogue without texts."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._count = self._originals = self._translations = 0
        if len(octets) >= _HEAD.size:
            magic, _, count, originals, translations = _HEAD.unpack_from(octets)
            if magic == _MAGIC:
                self._count, self._originals, self._translations = count, originals, translations

    def say(self, text: str, many: str = "") -> str:
        """The translation of `text` (of both, where there is a plural), or `text`."""
        wanted = text.encode("utf-8", "surrogatepass")
        if many:
            wanted += _END + many.encode()
        found = self._octets.find(_END + wanted + _END) if wanted else -1
        while found >= 0:
            number = self._number_at(found + 1)
            if number is not None and self._text(self._originals, number) == wanted:
                return self._text(self._translations, number).decode("utf-8")
            found = self._octets.find(_END + wanted + _END, found + 1)
        return text

    def _number_at(self, offset: int) -> int | None:
        """Which text begins there."""
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            begins = _PLACE.unpack_from(self._octets, self._originals + _PLACE.size * middle)[1]
            if begins == offset:
                return middle
            if begins < offset:
                low = middle + 1
            else:
                high = middle
        return None

    def entries(self) -> Iterator[tuple[str, str]]:
        """All texts (with their contexts) and translations, without those that have a plural."""
        for number in range(self._count):
            text = self._text(self._originals, number)
            if _END not in text:
                yield text.decode("utf-8"), self._text(self._translations, number).decode("utf-8")

    def _text(self, table: int, number: int) -> bytes:
        length, offset = _PLACE.unpack_from(self._octets, table + _PLACE.size * number)
        return self._octets[offset : offset + length]


def read(path: str) -> Catalogue:
    """The catalogue in a file; one without texts where there is no file. Raises OSError."""
    try:
        with open(path, "rb") as file:
            return Catalogue(file.read())
    except FileNotFoundError:
        return Catalogue(b"")
