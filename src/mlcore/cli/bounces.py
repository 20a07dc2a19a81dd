"""`mlcore bounces`."""

from typing import TYPE_CHECKING

import click

from mlcore.cli.jsonlines import moment
from mlcore.cli.language import spoken
from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.options import json_option, print_json
from mlcore.cli.site import Site
from mlcore.cli.text import line

if TYPE_CHECKING:
    from mlcore.actions.bounce_history import History
    from mlcore.store.bounce_history import Standing
    from mlcore.store.bounces import BounceEvent


@click.command()
@click.option("-l", "--list", "listspec", type=LISTSPEC, metavar="LISTSPEC", help="Only on this list.")
@click.option(
    "--reset",
    "is_reset",
    is_flag=True,
    help="Forget scores and warnings, and send posts again where bounces have stopped that.",
)
@json_option
@click.argument("address")
@click.pass_obj
def bounces(site: Site, *, address: str, listspec: str | None, is_reset: bool, as_json: bool) -> None:
    """Show what came back of mail to an address, and let it begin anew.

    The memberships of the address come first: list, score, warnings, delivery status. Then each failure: when
    and on which list, where it is known from, what recognised it, status code, whether it is certain, what
    became of it, and the score then.
    """
    from mlcore.actions import bounce_history, lists

    wanted = address.strip()
    with site.connection(read_only=not is_reset) as connection:
        list_id = lists.find(connection, listspec).list_id if listspec is not None else ""
        look = bounce_history.reset if is_reset else bounce_history.history
        found = look(connection, wanted, list_id)
    if as_json:
        print_json(_shown(found))
        return
    for one in found.standings:
        click.echo(_standing(one))
    if not found.events:
        click.echo(spoken("Nothing is known to have come back from {address}.", address=line(found.address)))
    for event in found.events:
        click.echo(_event(event))
        if event.diagnostic:
            click.echo(f"    {line(event.diagnostic)}")


def _standing(one: "Standing") -> str:
    """Words of settings, as they are written elsewhere."""
    return f"{one.list_id} score={one.score} warnings={one.warnings_sent} {one.delivery_status.value}"


def _event(event: "BounceEvent") -> str:
    certain = "proof" if event.proof else "unproven"
    parts = [event.source, event.format, event.code, certain, event.effect, f"score={event.score}"]
    return line(" ".join([str(moment(event.at)), event.list_id, *filter(None, parts)]))


def _shown(found: "History") -> dict[str, object]:
    return {
        "address": found.address,
        "memberships": [
            {
                "list_id": one.list_id,
                "address": one.address,
                "delivery_status": one.delivery_status.value,
                "score": one.score,
                "last_bounce_at": moment(one.last_bounce_at),
                "warnings_sent": one.warnings_sent,
                "last_warning_at": moment(one.last_warning_at),
                "member_id": one.member_id,
            }
            for one in found.standings
        ],
        "events": [
            {
                "at": moment(event.at),
                "list_id": event.list_id,
                "address": event.address,
                "source": event.source,
                "format": event.format,
                "code": event.code,
                "diagnostic": event.diagnostic,
                "proof": event.proof,
                "effect": event.effect,
                "score": event.score,
                "cause": event.cause,
                "message_id": event.message_id,
            }
            for event in found.events
        ],
    }
