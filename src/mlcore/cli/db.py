"""`mlcore db upgrade`."""

import click

from mlcore.cli.site import Site


@click.group()
def db() -> None:
    """Change the schema of the database."""


@db.command()
@click.pass_obj
def upgrade(site: Site) -> None:
    """Bring the database to the schema of this program.

    Stop the server and make a copy of the database before.
    """
    from mlcore.config.directories import prepare
    from mlcore.store.upgrade import upgrade as upgrade_database

    prepare(site.settings.paths)
    upgrade_database(site.settings.database.url)
    click.echo("The database is up to date")
