"""What commands about members say on the way: who could not be done, and how far they are."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from mlcore.cli.language import spoken, spoken_error
from mlcore.cli.text import line

if TYPE_CHECKING:
    from mlcore.actions.invitations import Invited
    from mlcore.actions.members import Added, BadLine, Difference, Person


_LONGEST = 200
"""Characters of a bad line that are shown."""


class Report:
    """What a command says on the way: warnings, and on a terminal how far it is."""

    def __init__(self) -> None:
        self._failed = False
        self._done = 0
        self._shown = False

    def bad(self, lines: "Iterable[BadLine]") -> None:
        """Lines that are no addresses."""
        for one in lines:
            shown, reason = line(one.text, _LONGEST), line(spoken_error(one.reason, inside=True), _LONGEST)
            where = spoken("line {number}: {reason}", number=one.number, reason=reason)
            self.fail(
                spoken(
                    "Cannot parse as valid email address (skipping): {line} ({reason})",
                    line=shown,
                    reason=where if one.number else reason,
                )
            )

    def added(self, result: "Added") -> None:
        """Who was not added, and why."""
        for member in result.already:
            self.warn(spoken("Already subscribed (skipping): {address}", address=member.address))
        self.left_out(result)

    def invited(self, result: "Invited") -> None:
        """Who was not invited, and why."""
        for one in result.already:
            self.warn(spoken("Already subscribed (skipping): {address}", address=one.address))
        for one in result.pending:
            self.warn(spoken("Subscription already pending (skipping): {address}", address=one.address))
        self.left_out(result)
        for one in result.too_many:
            self.fail(spoken("Had too many confirmations today (skipping): {address}", address=_named(one)))

    def left_out(self, result: "Added | Difference | Invited") -> None:
        """Who may not be added."""
        for one in result.banned:
            self.fail(spoken("Membership is banned (skipping): {address}", address=_named(one)))
        for one in result.of_lists:
            self.fail(spoken("Address of a list (skipping): {address}", address=_named(one)))

    def fail(self, text: str) -> None:
        """Something could not be done: the exit status will be 1."""
        self._failed = True
        self.warn(text)

    def warn(self, text: str) -> None:
        """One line on standard error."""
        self._wipe()
        click.echo(text, err=True)

    def say(self, text: str) -> None:
        """On standard output."""
        self._wipe()
        click.echo(text)

    def done(self, what: str, people: "Sequence[Person]") -> None:
        """What was done with whom, one line each."""
        if not people:
            return
        self.say("\n".join(f"{what} {line(one.shown)}" for one in people))
        self.progress(len(people))

    def progress(self, lines: int) -> None:
        """So many lines more are done; a person who waits for more than one part sees it."""
        from mlcore.actions.members import CHUNK

        self._done += lines
        if self._done >= CHUNK and sys.stderr.isatty():
            click.echo(f"\r{self._done:,} …", err=True, nl=False)
            self._shown = True

    def end(self, ctx: click.Context) -> None:
        """Ends the command with status 1 if something could not be done."""
        self._wipe()
        if self._failed:
            ctx.exit(1)

    def _wipe(self) -> None:
        if self._shown:
            click.echo("\r\x1b[K", err=True, nl=False)
            self._shown = False


def _named(one: "Person") -> str:
    """The address, and where it stands."""
    if not one.number:
        return one.address
    return spoken("{address} (line {number})", address=one.address, number=one.number)
