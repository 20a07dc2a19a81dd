"""Which held posts a command is about: those of some numbers, or all that something is true of."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mlcore.base.errors import BadInput
from mlcore.cli.language import spoken, spoken_many
from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.site import Site

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mlcore.store.held import HeldPost

    _TextType = click.ParamType[float]
else:
    _TextType = click.ParamType  # older versions of click have no parameter there

PORTION = 2_000
"""Posts decided about in one transaction."""
F = TypeVar("F", bound=Callable[..., Any])


class _Span(_TextType):
    """A span of time like 7d or 36h, in seconds."""

    name = "span"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from mlcore.config.values import parse_duration

        try:
            return parse_duration(str(value)).total_seconds()
        except ValueError:
            self.fail("write a span like 7d or 36h", param, ctx)


SPAN = _Span()

sender_option = click.option(
    "--sender", metavar="ADDRESS", default="", help="Posts from this address; @DOMAIN: from there."
)
older_option = click.option(
    "--older-than", "older_than_s", metavar="SPAN", type=SPAN, help="Posts held for longer, like 7d or 36h."
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What was said on the command line. older_than_s: seconds."""

    ids: tuple[int, ...]
    listspec: str | None
    everything: bool
    sender: str
    older_than_s: float | None
    yes: bool

    def check(self) -> None:
        """Raises BadInput where it is in doubt which posts are meant."""
        by_rule = bool(self.sender) or self.older_than_s is not None
        if self.ids and (self.listspec or self.everything or by_rule):
            raise BadInput("IDs, and options that choose posts", "give one of the two")
        if not self.ids and not self.everything and not by_rule:
            raise BadInput("no posts chosen", "give IDs, --all, --sender or --older-than")

    @property
    def is_by_number(self) -> bool:
        """Whether each post was named."""
        return bool(self.ids)


def choice(command: F) -> F:
    """Adds what chooses posts, as the parameter `which`."""
    from functools import wraps

    @wraps(command)
    def with_choice(
        *arguments: Any,
        ids: tuple[int, ...],
        listspec: str | None,
        everything: bool,
        sender: str,
        older_than_s: float | None,
        yes: bool,
        **more: Any,
    ) -> Any:
        which = Choice(ids, listspec, everything, sender, older_than_s, yes)
        return command(*arguments, which=which, **more)

    wrapped: Any = with_choice
    for add in (
        click.option("-y", "--yes", is_flag=True, help="Ask nothing."),
        older_option,
        sender_option,
        click.option("--all", "everything", is_flag=True, help="All posts; with --list, all of that list."),
        click.option(
            "-l", "--list", "listspec", type=LISTSPEC, metavar="LISTSPEC", help="Posts to this list."
        ),
        click.argument("ids", metavar="[ID]...", nargs=-1, type=click.IntRange(min=1)),
    ):
        wrapped = add(wrapped)
    result: F = wrapped
    return result


def portions(site: Site, which: Choice, question: str) -> Iterator[tuple["Connection", list[int]]]:
    """A transaction and the numbers of posts to be decided about in it, until all are done; nothing where
    somebody who was asked says no. question: what `noted` gave, with `{posts}` for how many there are.

    Posts that somebody else has decided about since are left out. Raises BadInput for numbers of no post, and
    where somebody would have to be asked and nobody is there."""
    which.check()
    if which.is_by_number:
        with site.connection() as connection:
            yield connection, list(which.ids)
        return
    with site.connection(read_only=True) as connection:
        ids = [post.id for post in found(site, connection, which)]
    if not ids or not _may(which, spoken(question, posts=_posts(len(ids)))):
        click.echo(spoken("No held posts") if not ids else spoken("Nothing was decided"), err=True)
        return
    from mlcore.store import held
    from mlcore.store.sql import chunks

    for part in chunks(ids, PORTION):
        with site.connection() as connection:
            still = held.by_ids(connection, part)
            yield connection, [number for number, post in still.items() if post.decision is None]


def found(site: Site, connection: "Connection", which: Choice) -> "list[HeldPost]":
    """The posts without a decision that were chosen by what is true of them, oldest first."""
    from mlcore.actions import held, lists

    list_id = lists.find(connection, which.listspec).list_id if which.listspec else ""
    before = None if which.older_than_s is None else site.now() - which.older_than_s
    return held.chosen(connection, list_id=list_id, sender=which.sender, held_before=before)


def is_terminal() -> bool:
    """Whether a person sits before standard input."""
    return sys.stdin.isatty()


def _may(which: Choice, question: str) -> bool:
    if which.yes:
        return True
    if not is_terminal():
        raise BadInput("nobody can be asked here", "give --yes")
    return click.confirm(question)


def _posts(count: int) -> str:
    return spoken_many("{count:,} post", "{count:,} posts", count, count=count)
