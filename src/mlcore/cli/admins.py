"""`mlcore admins`."""

import click

from mlcore.cli.language import spoken
from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.site import Site
from mlcore.lists.model import Role


@click.command()
@click.option("-a", "--add", "added", metavar="ADDR", multiple=True, help="Add ADDR; repeatable.")
@click.option("-d", "--delete", "deleted", metavar="ADDR", multiple=True, help="Delete ADDR; repeatable.")
@click.option(
    "-r",
    "--role",
    type=click.Choice([Role.OWNER.value, Role.MODERATOR.value]),
    default=Role.OWNER.value,
    show_default=True,
    help="What they are to the list.",
)
@click.argument("listspec", type=LISTSPEC)
@click.pass_context
def admins(
    ctx: click.Context, *, listspec: str, added: tuple[str, ...], deleted: tuple[str, ...], role: str
) -> None:
    """Add or delete owners and moderators of a list.

    ADDR is an address, or `Name <address>`. All is done or nothing. The exit status is 1 if somebody who was
    to be deleted was not there.
    """
    from mlcore.actions import admins as action
    from mlcore.actions import lists

    if not added and not deleted:
        raise click.UsageError("Nothing to add or delete.")
    site: Site = ctx.obj
    with site.connection() as connection:
        policy = lists.find(connection, listspec)
        additions = action.add(connection, policy, added, role=Role(role), now=site.now())
        deletions = action.delete(connection, policy, deleted, role=Role(role))
    of = policy.posting_address
    for address in additions.without_effect:
        text = spoken("{address} is already a {role} of {list}", address=address, role=role, list=of)
        click.echo(text, err=True)
    for address in deletions.without_effect:
        text = spoken("{address} is not a {role} of {list}", address=address, role=role, list=of)
        click.echo(text, err=True)
    if deletions.without_effect:
        ctx.exit(1)
