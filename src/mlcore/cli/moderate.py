"""`mlcore moderate`."""

from typing import TYPE_CHECKING

import click

from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.site import Site

if TYPE_CHECKING:
    from mlcore.lists.model import Membership

_ACTIONS = ("default", "accept", "defer", "hold", "reject", "discard")


@click.command()
@click.option(
    "--action",
    type=click.Choice(_ACTIONS),
    help="What becomes of their posts; default: what the list says for all.",
)
@click.option("--restrict/--no-restrict", default=None, help="Whether they only read: their posts go back.")
@click.argument("listspec", type=LISTSPEC)
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@click.pass_obj
def moderate(
    site: Site, action: str | None, restrict: bool | None, listspec: str, addresses: tuple[str, ...]
) -> None:
    """Show or change what becomes of the posts of single people.

    Without an option nothing is changed. ADDRESS: a member of the list, or somebody else that it knows.
    """
    from msgspec import UNSET

    from mlcore.actions import lists, standing
    from mlcore.lists.model import Action

    wanted = UNSET if action is None else None if action == "default" else Action(action)
    changes = action is not None or restrict is not None
    with site.connection(read_only=not changes) as connection:
        policy = lists.find(connection, listspec)
        if changes:
            found = standing.change(connection, policy, addresses, action=wanted, restricted=restrict)
        else:
            found = standing.of(connection, policy, addresses)
    for one in found:
        click.echo(_line(one))


def _line(one: "Membership") -> str:
    """Names of roles and actions as they are written elsewhere."""
    shown = one.moderation_action.value if one.moderation_action is not None else "default"
    return f"{one.address} {one.role.value} {shown}" + (" restricted" if one.restricted else "")
