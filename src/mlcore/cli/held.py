"""`mlcore held list`, `mlcore held show`, `mlcore held accept`, `mlcore held discard`."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import click

from mlcore.base.errors import BadInput
from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.options import json_option, print_json
from mlcore.cli.site import Site
from mlcore.cli.text import line

if TYPE_CHECKING:
    from mlcore.store.held import HeldPost


@click.group()
def held() -> None:
    """Show held posts and decide about them."""


@held.command("list")
@json_option
@click.argument("listspec", type=LISTSPEC, required=False)
@click.pass_obj
def list_(site: Site, listspec: str | None, as_json: bool) -> None:
    """Show what waits for a moderator, of one list or of all, oldest first."""
    from mlcore.actions import held as action
    from mlcore.actions import lists

    with site.connection(read_only=True) as connection:
        list_id = lists.find(connection, listspec).list_id if listspec else None
        posts = action.waiting(connection, list_id)
    if as_json:
        print_json([_fields(post) for post in posts])
        return
    if not posts:
        click.echo("No held posts")
    for post in posts:
        click.echo("\n".join(_lines(post)))


def _fields(post: "HeldPost") -> dict[str, object]:
    return {
        "request_id": post.id,
        "list_id": post.list_id,
        "sender": post.sender,
        "subject": post.subject,
        "reasons": list(post.reasons),
        "hold_date": _date(post.held_at),
        "entry": post.entry,
    }


def _lines(post: "HeldPost") -> list[str]:
    return [
        f"{post.id}  {_date(post.held_at)}  {post.list_id}",
        f"    Sender: {line(post.sender)}",
        f"    Subject: {line(post.subject)}",
        *(f"    Reason: {line(reason)}" for reason in post.reasons),
    ]


@held.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True, type=click.IntRange(min=1))
@click.pass_obj
def show(site: Site, ids: tuple[int, ...]) -> None:
    """Show held posts as a whole: why they wait, and the messages.

    Control characters are shown as escapes.
    """
    from mlcore.actions import held as action
    from mlcore.base.errors import CorruptEntry
    from mlcore.cli.entries import text_of
    from mlcore.spool import operator

    with site.connection(read_only=True) as connection:
        posts = [action.find(connection, number) for number in ids]
    with site.disk() as disk:
        for post in posts:
            click.echo("\n".join(_lines(post)))
            try:
                click.echo(text_of(operator.show(disk, operator.find(disk, post.entry))))
            except CorruptEntry as error:
                raise BadInput(f"{post.entry} cannot be read: {error}", "see `mlcore queues`") from error


@held.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True, type=click.IntRange(min=1))
@click.pass_obj
def accept(site: Site, ids: tuple[int, ...]) -> None:
    """Let held posts go to the members."""
    _decide(site, ids, "accept")


@held.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True, type=click.IntRange(min=1))
@click.pass_obj
def discard(site: Site, ids: tuple[int, ...]) -> None:
    """Throw held posts away; nobody is told."""
    _decide(site, ids, "discard")


def _decide(site: Site, ids: tuple[int, ...], decision: Literal["accept", "discard"]) -> None:
    from mlcore.actions import held as action

    with site.connection() as connection:
        decided, before = action.decide(connection, ids, decision, now=site.now())
    site.ring("hold")
    done = {"accept": "Accepted", "discard": "Discarded"}[decision]
    for post in decided:
        click.echo(f"{done}: {post.id}")
    for post in before:
        click.echo(f"Decided before ({post.decision}): {post.id}", err=True)


def _date(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
