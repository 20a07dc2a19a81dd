"""`mlcore held list`, `mlcore held accept`, `mlcore held discard`."""

from datetime import UTC, datetime
from typing import Literal

import click

from mlcore.cli.options import json_option, print_json
from mlcore.cli.site import Site


@click.group()
def held() -> None:
    """Show held posts and decide about them."""


@held.command("list")
@json_option
@click.argument("listspec", required=False)
@click.pass_obj
def list_(site: Site, listspec: str | None, as_json: bool) -> None:
    """Show the posts (of one list) that wait for a moderator, oldest first."""
    from mlcore.actions import held as action
    from mlcore.actions import lists

    with site.connection(read_only=True) as connection:
        list_id = lists.find(connection, listspec).list_id if listspec else None
        posts = action.waiting(connection, list_id)
    if as_json:
        print_json(
            [
                {
                    "request_id": post.id,
                    "list_id": post.list_id,
                    "sender": post.sender,
                    "subject": post.subject,
                    "reasons": list(post.reasons),
                    "hold_date": _date(post.held_at),
                    "entry": post.entry,
                }
                for post in posts
            ]
        )
        return
    if not posts:
        click.echo("No held posts")
    for post in posts:
        click.echo(f"{post.id}  {_date(post.held_at)}  {post.list_id}")
        click.echo(f"    Sender: {post.sender}")
        click.echo(f"    Subject: {post.subject}")
        for reason in post.reasons:
            click.echo(f"    Reason: {reason}")


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
