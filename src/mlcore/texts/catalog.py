"""Translations of the short texts that the program has: subjects, reasons, answers."""

from collections.abc import Callable


class Catalog:
    """One language. find: gives the translation of an English text, or that text where it has none."""

    def __init__(self, find: Callable[[str], str]) -> None:
        self._find = find

    def say(self, text: str) -> str:
        """The translation of `text`, or `text`. The empty text, which catalogues keep for themselves (GNU
        gettext, the header entry), is nobody's."""
        return self._find(text) if text else ""
