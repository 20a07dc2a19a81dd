"""`mlcore bans`."""

import click

from mlcore.cli.language import spoken
from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.options import json_option, print_json
from mlcore.cli.site import Site
from mlcore.cli.text import line

_list_option = click.option(
    "-l", "--list", "listspec", type=LISTSPEC, metavar="LISTSPEC", help="For this list only."
)


@click.group(invoke_without_command=True)
@click.pass_context
def bans(ctx: click.Context) -> None:
    """Show, add and remove bans.

    Who is banned can have no role: on one list, or on any list of the site. Roles that there are stay.
    Without a command the bans of the site are shown.
    """
    if ctx.invoked_subcommand is None:
        _show(ctx.obj, None, as_json=False)


@bans.command(name="list")
@json_option
@click.argument("listspec", type=LISTSPEC, required=False)
@click.pass_obj
def list_(site: Site, *, listspec: str | None, as_json: bool) -> None:
    """Show the bans of a list, or those of the site."""
    _show(site, listspec, as_json=as_json)


@bans.command()
@_list_option
@click.argument("patterns", metavar="PATTERN...", nargs=-1, required=True)
@click.pass_obj
def add(site: Site, *, patterns: tuple[str, ...], listspec: str | None) -> None:
    """Ban addresses.

    PATTERN is an address, or a regular expression that begins with ^ and is looked for at the beginning of
    addresses, in any case.
    """
    from mlcore.actions import bans as action
    from mlcore.actions import lists

    with site.connection() as connection:
        list_id = lists.find(connection, listspec).list_id if listspec else ""
        outcome = action.add(connection, patterns, list_id, now=site.now())
    for pattern in outcome.without_effect:
        click.echo(spoken("{pattern} is already banned", pattern=line(pattern)), err=True)


@bans.command()
@_list_option
@click.argument("patterns", metavar="PATTERN...", nargs=-1, required=True)
@click.pass_obj
def remove(site: Site, *, patterns: tuple[str, ...], listspec: str | None) -> None:
    """Lift bans.

    PATTERN as `mlcore bans list` shows it. All are lifted or none.
    """
    from mlcore.actions import bans as action
    from mlcore.actions import lists

    with site.connection() as connection:
        list_id = lists.find(connection, listspec).list_id if listspec else ""
        action.remove(connection, patterns, list_id)


def _show(site: Site, listspec: str | None, *, as_json: bool) -> None:
    from mlcore.actions import bans as action
    from mlcore.actions import lists

    with site.connection(read_only=True) as connection:
        list_id = lists.find(connection, listspec).list_id if listspec else ""
        patterns = [ban.pattern for ban in action.shown(connection, list_id)]
    if as_json:
        print_json(patterns)
        return
    for pattern in patterns:
        click.echo(line(pattern))
