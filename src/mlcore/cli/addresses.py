"""`mlcore changeaddress`."""

import click

from mlcore.cli.language import spoken
from mlcore.cli.site import Site


@click.command()
@click.argument("old")
@click.argument("new")
@click.pass_obj
def changeaddress(site: Site, old: str, new: str) -> None:
    """Change an address, with all its memberships.

    OLD becomes NEW on every list, and stays verified if it was. NEW may be OLD in another case.
    """
    from mlcore.actions import addresses

    with site.connection() as connection:
        addresses.change_address(connection, old.strip(), new.strip())
    click.echo(spoken("Address changed from {old} to {new}.", old=old.strip(), new=new.strip()))
