"""`mlcore lists_conf`: the attributes of lists as JSON Lines, for scripts."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.site import Site

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mlcore.lists.model import ListPolicy


@click.command(name="lists_conf")
@click.option(
    "--keys", metavar="NAME,NAME…", help="Only these attributes, in this order, behind the List-ID."
)
@click.argument("specs", metavar="[LISTSPEC]...", type=LISTSPEC, nargs=-1)
@click.pass_obj
def lists_conf(site: Site, *, keys: str | None, specs: tuple[str, ...]) -> None:
    """Print the settings of lists, as JSON Lines: one object for each list, sorted by List-ID.

    Each holds all attributes, also those that follow from others or cannot be set. Without LISTSPEC: every
    list.
    """
    from mlcore.cli.jsonlines import write_lines

    names = _names(keys)
    with site.connection(read_only=True) as connection:
        write_lines(_shown(connection, specs, names))


def _names(keys: str | None) -> list[str] | None:
    """The attributes that are asked for; None: all. Raises BadInput for one that there is not."""
    from mlcore.lists.attributes import attribute

    if keys is None:
        return None
    return [attribute(name.strip()).name for name in keys.split(",") if name.strip()]


def _shown(
    connection: "Connection", specs: Sequence[str], names: list[str] | None
) -> Iterator[dict[str, object]]:
    from mlcore.lists.attributes import plain
    from mlcore.store import lists

    for policy in chosen(connection, specs):
        values = {"list_id": policy.list_id, **plain(policy, lists.state(connection, policy.list_id))}
        yield values if names is None else {name: values[name] for name in ("list_id", *names)}


def chosen(connection: "Connection", specs: Sequence[str]) -> "list[ListPolicy]":
    """The lists of these specs, each once, or all; sorted by List-ID. Raises BadInput for a missing one."""
    from mlcore.actions import lists as action
    from mlcore.store import lists

    found = [action.find(connection, spec) for spec in specs] if specs else lists.all(connection)
    by_id = {policy.list_id: policy for policy in found}
    return [by_id[list_id] for list_id in sorted(by_id)]
