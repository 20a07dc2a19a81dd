"""`mlcore aliases`."""

from typing import TYPE_CHECKING

import click

from mlcore.base.errors import LocalTrouble
from mlcore.cli.language import spoken, spoken_error
from mlcore.cli.site import Site
from mlcore.cli.text import line

if TYPE_CHECKING:
    from mlcore.postfix.write import Texts

_SERVER_S = 40.0
"""postmap has 20 s."""


@click.command()
@click.option(
    "-d",
    "--directory",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, resolve_path=True),
    help="Write them into DIR, not into data_dir.",
)
@click.pass_context
def aliases(ctx: click.Context, directory: str | None) -> None:
    """Write the maps for Postfix anew.

    The running server writes them, if there is one; with -d this command does. The exit status is 1 if they
    could not be written.
    """
    site: Site = ctx.obj
    if directory is None and site.settings.mta.incoming != "postfix":
        click.echo(
            spoken("[mta] incoming is null: no maps are kept. With -d DIR they are written all the same."),
            err=True,
        )
        return
    failure = ""
    try:
        said = (
            None
            if directory
            else site.ask_running({"do": "changed", "maps": True, "force": True}, timeout_s=_SERVER_S)
        )
        if said is None:
            _write(site, directory)
        elif said.get("maps") != "written":
            failure = spoken_error(said.get("maps_error") or "the server has not written them yet")
    except LocalTrouble as trouble:
        failure = spoken_error(trouble)
    if failure:
        click.echo(spoken("Postfix maps: {reason}", reason=line(failure)), err=True)
        ctx.exit(1)


def _write(site: Site, directory: str | None) -> None:
    import asyncio

    from mlcore.config.directories import prepare
    from mlcore.postfix.target import lmtp_target
    from mlcore.postfix.write import write
    from mlcore.runners.maps import load, make_postmap, names_of, texts

    settings = site.settings
    prepare(settings.paths)
    mta = settings.mta
    target = lmtp_target(mta.lmtp_host, mta.lmtp_port, mta.lmtp_socket)

    async def build() -> "Texts":
        with site.connection(read_only=True) as connection:
            _, routes = load(connection, None, names_of(settings))
        return texts(settings, routes or (), target, site.now())

    asyncio.run(write(directory or settings.paths.data_dir, build, make_postmap(settings), force=True))
