"""Why a rule or a handler decided as it did: a text that can be translated, and what is put into it."""

from typing import Final

import msgspec

_SEPARATOR: Final = "\t"


class Reason(msgspec.Struct, frozen=True):
    """text: one line of English with at most one `{}`, known to the catalogues; argument: what stands for it,
    one line without control characters, of the site or the list alone, never of the message (P9, P19)."""

    text: str
    argument: str = ""

    @property
    def english(self) -> str:
        """The whole as logs show it."""
        return self.filled(self.text)

    def filled(self, translation: str) -> str:
        """`translation` of the text, with the argument. A translation without `{}` stands as it is."""
        return translation.replace("{}", self.argument, 1)

    def packed(self) -> str:
        """One line for a row or an envelope; `unpacked` reads it."""
        return f"{self.text}{_SEPARATOR}{self.argument}" if self.argument else self.text


def unpacked(line: str) -> Reason:
    """The reason in a line that `Reason.packed` gave; any other line is a text that no catalogue knows."""
    text, _, argument = line.partition(_SEPARATOR)
    return Reason(text, argument)
