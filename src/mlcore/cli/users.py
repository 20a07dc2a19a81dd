"""`mlcore users`: users as JSON Lines, for scripts."""

from typing import TYPE_CHECKING

import click

from mlcore.cli.language import spoken
from mlcore.cli.site import Site

if TYPE_CHECKING:
    from mlcore.actions.users import UserRecord


@click.command()
@click.option("--no-subscriptions", is_flag=True, help="Only those without any membership, in any role.")
@click.option(
    "--delete",
    is_flag=True,
    help="Delete those chosen, with their addresses and memberships, and print them.",
)
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)
@click.pass_context
def users(ctx: click.Context, *, no_subscriptions: bool, delete: bool, addresses: tuple[str, ...]) -> None:
    """Show or delete users, as JSON Lines: one object for each.

    ADDRESS: only the users who have these addresses. --delete asks nothing and tells nobody; it has to be
    said whom: by ADDRESS, by --no-subscriptions, or both. Who owns a domain or the server is kept, and the
    exit status is then 1.
    """
    from mlcore.actions import users as action
    from mlcore.cli.jsonlines import write_lines
    from mlcore.store.sql import chunks

    site: Site = ctx.obj
    if delete and not (addresses or no_subscriptions):
        raise click.UsageError("--delete requires --no-subscriptions or an ADDRESS")
    with site.connection(read_only=True) as connection:
        found = action.chosen(connection, addresses, without_subscriptions=no_subscriptions)
        if not delete:
            write_lines(map(_shown, action.records(connection, found)))
            return
    in_part = False
    for chunk in chunks(found, action.AT_ONCE):
        with site.connection() as connection:
            deleted, kept = action.remove(
                connection, [user.user_id for user in chunk], without_subscriptions=no_subscriptions
            )
        write_lines(map(_shown, deleted))
        for record in kept:
            in_part = True
            click.echo(_kept(record), err=True)
    if in_part:
        ctx.exit(1)


def _kept(record: "UserRecord") -> str:
    if record.domains:
        domain = record.domains[0]
        return spoken("Owner of the domain {domain} (skipping): {name}", domain=domain, name=record.name)
    return spoken("Owner of the server (skipping): {name}", name=record.name)


def _shown(record: "UserRecord") -> dict[str, object]:
    from mlcore.cli.jsonlines import moment

    user = record.user
    return {
        "user_id": user.user_id,
        "display_name": user.display_name,
        "created_at": moment(user.created_at),
        "is_server_owner": user.is_server_owner,
        "preferred_address": user.preferred_address or None,
        "addresses": [
            {
                "address": one.address,
                "display_name": one.display_name,
                "verified_at": moment(one.verified_at),
            }
            for one in record.addresses
        ],
        "memberships": [
            {
                "list_id": one.list_id,
                "role": one.role.value,
                "address": one.address,
                "member_id": one.member_id,
            }
            for one in record.memberships
        ],
        "domains": list(record.domains),
    }
