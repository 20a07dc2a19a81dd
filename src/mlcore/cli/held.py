"""`mlcore held list`, `show`, `accept`, `reject`, `discard` and `forward`."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mlcore.base.errors import BadInput
from mlcore.cli.chosen import Choice, choice, found, older_option, portions, sender_option
from mlcore.cli.language import noted, spoken, spoken_reason
from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.options import json_option, print_json
from mlcore.cli.site import Site
from mlcore.cli.text import line

if TYPE_CHECKING:
    from mlcore.store.held import Decision, HeldPost

_DONE: "dict[Decision, tuple[str, str]]" = {
    "accept": (noted("Accepted: {number}"), noted("Accepted: {count} in all")),
    "discard": (noted("Discarded: {number}"), noted("Discarded: {count} in all")),
    "reject": (noted("Rejected: {number}"), noted("Rejected: {count} in all")),
}
"""What is said of one post, and of several."""
_FORWARDED = (noted("Forwarded: {number}"), noted("Forwarded: {count} in all"))
F = TypeVar("F", bound=Callable[..., Any])


@click.group()
def held() -> None:
    """Show held posts and decide about them.

    Posts are chosen by the IDs that `held list` shows, or by what is true of all of them: --list, --sender,
    --older-than. Whoever chooses them so is asked before anything is done.
    """


@held.command("list")
@json_option
@click.option("--by-sender", is_flag=True, help="How many posts of each sender, most first.")
@sender_option
@older_option
@click.argument("listspec", type=LISTSPEC, required=False)
@click.pass_obj
def list_(
    site: Site,
    *,
    listspec: str | None,
    as_json: bool,
    by_sender: bool,
    sender: str,
    older_than_s: float | None,
) -> None:
    """Show what waits for a moderator, of one list or of all, oldest first."""
    which = Choice((), listspec, everything=True, sender=sender, older_than_s=older_than_s, yes=True)
    with site.connection(read_only=True) as connection:
        posts = found(site, connection, which)
    if by_sender:
        _count(posts, as_json=as_json)
        return
    if as_json:
        print_json([_fields(post) for post in posts])
        return
    if not posts:
        click.echo(spoken("No held posts"))
    for post in posts:
        click.echo("\n".join(_lines(post)))


def _count(posts: "list[HeldPost]", *, as_json: bool) -> None:
    senders = Counter(post.sender.lower() for post in posts)
    counted = sorted(senders.items(), key=lambda item: (-item[1], item[0]))
    if as_json:
        print_json([{"sender": sender, "posts": count} for sender, count in counted])
        return
    for sender, count in counted:
        click.echo(f"{count:>6}  {line(sender)}")


def _fields(post: "HeldPost") -> dict[str, object]:
    return {
        "request_id": post.id,
        "list_id": post.list_id,
        "sender": post.sender,
        "subject": post.subject,
        "reasons": [reason.english for reason in post.reasons],
        "hold_date": _date(post.held_at),
        "message_id": post.message_id,
        "entry": post.entry,
    }


def _lines(post: "HeldPost") -> list[str]:
    return [
        f"{post.id}  {_date(post.held_at)}  {post.list_id}",
        f"    {spoken('Sender')}: {line(post.sender)}",
        f"    {spoken('Subject')}: {line(post.subject)}",
        *(f"    {spoken('Reason')}: {line(spoken_reason(reason))}" for reason in post.reasons),
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
        posts = action.find_all(connection, ids)
    with site.disk() as disk:
        for post in posts:
            click.echo("\n".join(_lines(post)))
            try:
                click.echo(text_of(operator.show(disk, operator.find(disk, post.entry))))
            except CorruptEntry as error:
                raise BadInput(f"{post.entry} cannot be read: {error}", "see `mlcore queues`") from error


def _copies(command: F) -> F:
    """Adds what else may become of a post that is decided about."""
    preserve = click.option("--preserve", is_flag=True, help="Keep a copy in the queue bad.")
    forward = click.option(
        "--forward-to", metavar="ADDRESS", multiple=True, help="Send a copy there; repeatable."
    )
    return forward(preserve(command))


@held.command()
@choice
@_copies
@click.option("--accept-sender", is_flag=True, help="From now on let all posts of this sender go.")
@click.pass_obj
def accept(
    site: Site, *, which: Choice, forward_to: tuple[str, ...], preserve: bool, accept_sender: bool
) -> None:
    """Let held posts go to the members.

    --accept-sender gives the sender the moderation action accept: to a moderated member, or to a nonmember,
    which a stranger becomes.
    """
    more = {"forward_to": forward_to, "preserve": preserve, "accept_sender": accept_sender}
    _decide(site, which, "accept", noted("Accept {posts}?"), more)


@held.command()
@choice
@_copies
@click.option("--reason", metavar="TEXT", default="", help="What the authors are told.")
@click.pass_obj
def reject(site: Site, *, which: Choice, forward_to: tuple[str, ...], preserve: bool, reason: str) -> None:
    """Refuse held posts; their authors are told.

    Nobody is told of what a program wrote, or of what has no sender.
    """
    more = {"forward_to": forward_to, "preserve": preserve, "comment": reason}
    _decide(site, which, "reject", noted("Reject {posts}, and tell the authors?"), more)


@held.command()
@choice
@_copies
@click.pass_obj
def discard(site: Site, *, which: Choice, forward_to: tuple[str, ...], preserve: bool) -> None:
    """Throw held posts away; nobody is told."""
    more = {"forward_to": forward_to, "preserve": preserve}
    _decide(site, which, "discard", noted("Discard {posts}?"), more)


@held.command()
@choice
@click.option(
    "-t", "--to", "addresses", metavar="ADDRESS", multiple=True, required=True, help="Who gets them."
)
@click.pass_obj
def forward(site: Site, *, which: Choice, addresses: tuple[str, ...]) -> None:
    """Send copies of held posts to somebody. They go on waiting for a decision."""
    from mlcore.actions import held as action

    done: list[HeldPost] = []
    for connection, ids in portions(site, which, noted("Forward {posts}?")):
        done += action.forward(connection, ids, addresses)
    _told(site, which, _FORWARDED, done)


def _decide(site: Site, which: Choice, decision: "Decision", question: str, more: dict[str, Any]) -> None:
    from mlcore.actions import held as action

    done: list[HeldPost] = []
    before: list[HeldPost] = []
    for connection, ids in portions(site, which, question):
        decided, others = action.decide(connection, ids, decision, now=site.now(), **more)
        done += decided
        before += others
    _told(site, which, _DONE[decision], done)
    for post in before:
        text = spoken("Decided before ({decision}): {number}", decision=post.decision, number=post.id)
        click.echo(text, err=True)


def _told(site: Site, which: Choice, said: tuple[str, str], done: "list[HeldPost]") -> None:
    site.ring("hold")
    if which.is_by_number:
        for post in done:
            click.echo(spoken(said[0], number=post.id))
    elif done:
        click.echo(spoken(said[1], count=len(done)))


def _date(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
