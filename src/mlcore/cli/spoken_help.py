"""Help in the language of the user: the same commands in other words, with lines broken as it breaks them."""

import copy
import inspect
from collections.abc import Iterable
from typing import Final

import click

from mlcore.cli.language import spoken
from mlcore.texts.fill import width, wrap

VERBATIM: Final = "\b"
"""Stands alone on the first line of a paragraph whose lines stay as they are (as click has it)."""
_SENTENCE: Final = "。"
_GAP: Final = 2
_WIDEST_TERM: Final = 30
"""Columns of the first column of a table, as click has it."""
_NARROWEST: Final = 10


class SpokenFormatter(click.HelpFormatter):
    """As click's, but it counts columns instead of characters, and breaks lines where Japanese may."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """See `click.HelpFormatter.write_usage`."""
        start = f"{spoken('Usage:') if prefix is None else prefix} {prog} "
        indent = width(start)
        lines = wrap(args, max(self.width, indent + 20), " " * indent)
        self.write("\n".join(lines).replace(" " * indent, start, 1) if lines else start.rstrip())
        self.write("\n")

    def write_text(self, text: str) -> None:
        """See `click.HelpFormatter.write_text`."""
        self.write(f"{filled(text, self.width, ' ' * self.current_indent)}\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = _WIDEST_TERM, col_spacing: int = _GAP
    ) -> None:
        """See `click.HelpFormatter.write_dl`."""
        rows = list(rows)
        column = min(max((width(term) for term, _ in rows), default=0), col_max) + col_spacing
        start = " " * self.current_indent
        room = max(self.width - column - col_spacing, _NARROWEST)
        for term, text in rows:
            lines = filled(text, room).split("\n")
            self.write(start + term)
            if width(term) > column - col_spacing:
                self.write("\n" + start + " " * column)
            else:
                self.write(" " * (column - width(term)))
            self.write(f"\n{start}{' ' * column}".join(lines) + "\n")


def spoken_command(command: click.Command) -> click.Command:
    """A copy of `command`, with all below it, that explains itself in the language of the user."""
    said = copy.copy(command)
    said.help = help_in_words(command.help)
    said.short_help = _first_sentence(said.help)
    said.params = [_spoken_parameter(one) for one in command.params]
    said._help_option = None  # noqa: SLF001  (the one that click keeps may be in English)
    if isinstance(said, click.Group):
        said.commands = {name: spoken_command(one) for name, one in said.commands.items()}
    return said


def help_in_words(text: str | None) -> str | None:
    """The help of a command, each paragraph by itself; the lines of verbatim ones stay."""
    if text is None:
        return None
    return "\n\n".join(
        f"{VERBATIM}\n{spoken(found)}" if verbatim else spoken(found) for found, verbatim in paragraphs(text)
    )


def paragraphs(text: str) -> list[tuple[str, bool]]:
    """The paragraphs of a help text as the catalogue has them, each on one line, and whether it is verbatim:
    then its lines are kept."""
    found: list[tuple[str, bool]] = []
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        first, _, rest = paragraph.strip("\n").partition("\n")
        if first.strip(" ") == VERBATIM:
            found.append((rest, True))
        elif paragraph.strip():
            found.append((" ".join(paragraph.split()), False))
    return found


def filled(text: str, columns: int, indent: str = "") -> str:
    """The paragraphs of a help text in lines of at most `columns`, all behind `indent`."""
    parts = []
    for paragraph, verbatim in paragraphs(text):
        if verbatim:
            parts.append("\n".join(indent + line for line in paragraph.split("\n")))
        else:
            parts.append("\n".join(wrap(paragraph, columns, indent)))
    return "\n\n".join(parts)


def _first_sentence(text: str | None) -> str | None:
    """What the table of a group shows of a command."""
    if text is None:
        return None
    first, end, _ = text.partition("\n")[0].partition(_SENTENCE)
    return first + end


def _spoken_parameter(parameter: click.Parameter) -> click.Parameter:
    said = copy.copy(parameter)
    if isinstance(said, click.Option) and said.help:
        said.help = spoken(said.help)
    return said
