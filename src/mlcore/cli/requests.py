"""`mlcore requests list`, `accept`, `reject` and `discard`."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from mlcore.base.errors import BadInput
from mlcore.cli.language import noted, spoken
from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.options import json_option, print_json
from mlcore.cli.site import Site
from mlcore.cli.text import line

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mlcore.actions.subscriptions import Decision
    from mlcore.lists.subscriptions import Outcome
    from mlcore.store.requests import Owner, Request

_DONE: "dict[Decision, str]" = {
    "accept": noted("Accepted: {number}"),
    "reject": noted("Rejected: {number}"),
    "discard": noted("Discarded: {number}"),
}
_IDS = click.argument("ids", metavar="ID...", nargs=-1, required=True, type=click.IntRange(min=1))


@click.group()
def requests() -> None:
    """Show who waits to join or leave, and decide about it."""


@requests.command("list")
@json_option
@click.option(
    "--waits-for",
    "owner",
    type=click.Choice(["moderator", "subscriber"]),
    help="Only what waits for a moderator, or for the answer of the person.",
)
@click.argument("listspec", type=LISTSPEC, required=False)
@click.pass_obj
def list_(site: Site, *, listspec: str | None, owner: "Owner | None", as_json: bool) -> None:
    """Show what is open, of one list or of all, oldest first."""
    from mlcore.actions import lists
    from mlcore.store import requests as rows

    with site.connection(read_only=True) as connection:
        list_id = lists.find(connection, listspec).list_id if listspec else None
        found = rows.rows(connection, list_id, owner=owner, now=site.now())
    if as_json:
        print_json([_fields(one) for one in found])
        return
    if not found:
        click.echo(spoken("No requests"))
    for one in found:
        click.echo("\n".join(_lines(one)))


def _fields(one: "Request") -> dict[str, object]:
    return {
        "request_id": one.id,
        "list_id": one.list_id,
        "type": one.kind,
        "token_owner": one.owner,
        "email": one.address,
        "display_name": one.display_name,
        "invitation": one.invitation,
        "when": _date(one.created_at),
        "expires": _date(one.expires_at),
    }


def _lines(one: "Request") -> list[str]:
    person = f"{one.display_name} <{one.address}>" if one.display_name else one.address
    joins = one.kind == "subscription"
    what = spoken("join (invited)") if one.invitation else spoken("join") if joins else spoken("leave")
    until = spoken("{who}, until {moment}", who=one.owner, moment=_date(one.expires_at))
    return [
        f"{one.id}  {_date(one.created_at)}  {one.list_id}",
        f"    {spoken('Person')}: {line(person)}",
        f"    {spoken('Wants to')}: {what}",
        f"    {spoken('Waits for')}: {until}",
    ]


@requests.command()
@_IDS
@click.pass_context
def accept(ctx: click.Context, *, ids: tuple[int, ...]) -> None:
    """Let people join or leave.

    What waits for the answer of the person is done too: you answer in his place. Where mass_subscription is
    invite, such a person is not made a member.
    """
    _decide(ctx, ids, "accept")


@requests.command()
@_IDS
@click.option("--reason", metavar="TEXT", default="", help="What the people are told.")
@click.pass_context
def reject(ctx: click.Context, *, ids: tuple[int, ...], reason: str) -> None:
    """Refuse what people want; they are told.

    Nobody is told who has not shown that the address is his.
    """
    _decide(ctx, ids, "reject", reason)


@requests.command()
@_IDS
@click.pass_context
def discard(ctx: click.Context, *, ids: tuple[int, ...]) -> None:
    """Forget what people want; nobody is told."""
    _decide(ctx, ids, "discard")


def _decide(ctx: click.Context, ids: tuple[int, ...], decision: "Decision", reason: str = "") -> None:
    """All in one transaction: for a number that nothing has, nothing is done."""
    from mlcore.actions import lists
    from mlcore.cli.adding import office

    site: Site = ctx.obj
    desk = office(site)
    with site.connection() as connection:
        now = site.now()
        found = [_find(connection, number, now) for number in dict.fromkeys(ids)]
        said = [
            (one, desk.decide(connection, lists.find(connection, one.list_id), one, decision, reason, now))
            for one in found
        ]
    failed = False
    for one, outcome in said:
        trouble = _trouble(one, outcome)
        if trouble:
            failed = True
            click.echo(trouble, err=True)
        else:
            click.echo(spoken(_DONE[decision], number=one.id))
    if failed:
        ctx.exit(1)


def _find(connection: "Connection", number: int, now: float) -> "Request":
    from mlcore.store import requests as rows

    found = rows.by_id(connection, number)
    if found is None or found.expires_at <= now:
        raise BadInput(f"No such request: {number}", "`mlcore requests list` shows those there are")
    return found


def _trouble(one: "Request", outcome: "Outcome | None") -> str:
    """Why nothing came of an accepted request; empty: it did."""
    from mlcore.lists.subscriptions import Outcome

    texts: dict[Outcome | None, str] = {
        Outcome.ALREADY_MEMBER: noted("Already subscribed (skipping): {address}"),
        Outcome.NOT_MEMBER: noted("Member not subscribed (skipping): {address}"),
        Outcome.BANNED: noted("Membership is banned (skipping): {address}"),
        Outcome.OF_LIST: noted("Address of a list (skipping): {address}"),
        Outcome.PENDING: noted("Waits for the person's own answer (skipping): {address}"),
    }
    return spoken(texts[outcome], address=f"{one.id} {line(one.address)}") if outcome in texts else ""


def _date(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
