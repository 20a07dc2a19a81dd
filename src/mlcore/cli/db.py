"""`mlcore db upgrade`."""

import time

import click

from mlcore.base.errors import BadInput
from mlcore.cli.language import spoken
from mlcore.cli.site import Site


@click.group()
def db() -> None:
    """Change the schema of the database."""


@db.command()
@click.option("--no-copy", is_flag=True, help="Make no copy before: there is one already.")
@click.pass_obj
def upgrade(site: Site, no_copy: bool) -> None:
    """Bring the database to the schema of this program.

    The server must be stopped. A copy of an SQLite database is made first, beside it; its name is printed.
    For PostgreSQL run pg_dump yourself and say so with --no-copy.
    """
    from mlcore.config.directories import prepare
    from mlcore.store import upgrade as store

    prepare(site.settings.paths)
    url = site.settings.database.url
    state, _ = store.state(url)
    if state is not store.State.CURRENT:
        if not site.spool_is_free():
            raise BadInput("the server runs", "stop the server first: `mlcore stop`")
        if state is store.State.OLDER and not no_copy:
            click.echo(spoken("Copy of the database: {file}", file=_copy(url, site.now())))
        store.upgrade(url)
    click.echo(spoken("The database is up to date"))


def _copy(url: str, now: float) -> str:
    from mlcore.store.connect import is_postgresql
    from mlcore.store.upgrade import copy

    if is_postgresql(url):
        raise BadInput(
            "mlcore makes no copy of a PostgreSQL database",
            "run pg_dump --format=custom --file=mlcore.dump, then `mlcore db upgrade --no-copy`",
        )
    return copy(url, time.strftime("%Y%m%dT%H%M%S", time.gmtime(now)))
