"""`mlcore info` and `mlcore version`."""

import platform
from dataclasses import fields

import click

import mlcore
from mlcore.cli.language import spoken
from mlcore.cli.output import OUTPUT_FILE, Output
from mlcore.cli.site import Site


@click.command()
@click.option(
    "-o",
    "--output",
    type=OUTPUT_FILE,
    default="-",
    metavar="FILE",
    help="Write to FILE (-: standard output).",
)
@click.option("-v", "--verbose", is_flag=True, help="Also where files lie.")
@click.pass_obj
def info(site: Site, *, output: Output, verbose: bool) -> None:
    """Show version, files and addresses of this site. No password is shown."""
    from mlcore.config.describe import effective

    settings = site.settings
    lines = [
        f"mlcore {mlcore.__version__}",
        f"Python {platform.python_version()} ({platform.python_implementation()})",
        f"{spoken('config file')}: {settings.config_file or spoken('none, built-in defaults')}",
        f"{spoken('db url')}: {effective(settings)['database']['url']}",
        f"{spoken('control socket')}: {settings.paths.control_socket}",
    ]
    if verbose:
        lines.append(spoken("File system paths:"))
        names = sorted(item.name for item in fields(settings.paths))
        lines += [f"    {name.upper()} = {getattr(settings.paths, name)}" for name in names]
    with output as stream:
        stream.writelines(f"{line}\n" for line in lines)


@click.command()
def version() -> None:
    """Show the version."""
    click.echo(f"mlcore {mlcore.__version__}")
