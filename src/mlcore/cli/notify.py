"""`mlcore notify`."""

import click

from mlcore.cli.language import spoken
from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.site import Site


@click.command()
@click.option(
    "-l",
    "--list",
    "listspecs",
    type=LISTSPEC,
    metavar="LISTSPEC",
    multiple=True,
    help="Of this list only; repeatable. Default: of all lists.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Say who would be told of what, and tell nobody.")
@click.option("-v", "--verbose", is_flag=True, help="Say what they are told of.")
@click.pass_obj
def notify(site: Site, *, listspecs: tuple[str, ...], dry_run: bool, verbose: bool) -> None:
    """Tell owners and moderators of what waits for them.

    The server does so by itself, as often as [mailman] remind_moderators says.
    """
    from mlcore.actions import lists, moderation

    now = site.now()
    with site.connection(read_only=dry_run) as connection:
        found = {one.list_id: one for one in (lists.find(connection, spec) for spec in listspecs)}
        waiting = moderation.pending(connection, now, found.values() if listspecs else None)
        if not dry_run:
            moderation.notify(connection, [one.policy.list_id for one in waiting], now)
    for one in waiting:
        if verbose or dry_run:
            click.echo(
                spoken(
                    "The {list} list has {count} moderation requests waiting.",
                    list=one.policy.posting_address,
                    count=one.count,
                )
            )
