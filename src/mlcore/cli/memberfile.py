"""Files of members as lines of text, whatever they turn out to be."""

from collections.abc import Iterator
from typing import IO

from mlcore.actions.members import BadLine, Lines, read
from mlcore.base.errors import BadInput

LONGEST = 2_000
"""Characters of a line that can be a name and an address; more of it is not kept in memory."""


def people_in(file: IO[str], *, all_or_none: bool = False) -> Iterator[Lines]:
    """What `actions.members.read` says of the lines of `file`, which was opened as UTF-8 with
    surrogateescape; lines that are longer than `LONGEST`, or hold octets that are no UTF-8, are bad too.

    all_or_none: such a line is an error of the whole file, because who is not understood there would lose a
    membership. Raises BadInput then, and for a file that is no UTF-8 text from its first line on."""
    source = _Source(file)
    for lines in read(source):
        if all_or_none:
            source.refuse_wrong()
        yield source.judged(lines) if source.wrong else lines


class _Source:
    """The lines of a file. wrong: number → reason, for lines since `judged` was called last."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.wrong: dict[int, str] = {}

    def __iter__(self) -> Iterator[str]:
        number = 0
        while line := self._file.readline(LONGEST + 1):
            number += 1
            if number == 1:
                _refuse_other_encodings(line, self._file)
            if len(line) > LONGEST and not line.endswith("\n"):
                self.wrong[number] = f"longer than {LONGEST} characters"
                self._skip()
            elif not line.isascii() and any("\udc80" <= sign <= "\udcff" for sign in line):
                self.wrong[number] = "not UTF-8, convert the file with iconv(1)"
            yield line

    def _skip(self) -> None:
        while (rest := self._file.readline(LONGEST)) and not rest.endswith("\n"):
            pass

    def refuse_wrong(self) -> None:
        """Raises BadInput for the first of the wrong lines."""
        for number, reason in self.wrong.items():
            raise BadInput(f"line {number} of {_shown(self._file)} is {reason}", "nothing was done")

    def judged(self, lines: Lines) -> Lines:
        """`lines` without the people of wrong lines, who may be called otherwise, or be somebody else."""
        people = tuple(one for one in lines.people if one.number not in self.wrong)
        bad = [
            BadLine(one.number, one.shown, self.wrong[one.number])
            for one in lines.people
            if one.number in self.wrong
        ]
        self.wrong.clear()
        return Lines(people, tuple(sorted([*lines.bad, *bad], key=lambda one: one.number)))


def _shown(file: IO[str]) -> str:
    name = str(getattr(file, "name", "-"))
    return "standard input" if name in {"-", "<stdin>"} else name


def _refuse_other_encodings(line: str, file: IO[str]) -> None:
    """UTF-16 as spreadsheets write it; with or without a mark, each second octet of a name is zero."""
    if "\0" in line or line.startswith(("\udcff\udcfe", "\udcfe\udcff")):
        raise BadInput(
            f"{_shown(file)} is no text in UTF-8",
            "convert it, as by `iconv -f UTF-16 -t UTF-8`; nothing was done",
        )
