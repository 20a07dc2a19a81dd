"""`mlcore conf`: the configuration in force, and whether it can be used."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from mlcore.cli.language import spoken, spoken_error
from mlcore.cli.output import OUTPUT_FILE, Output
from mlcore.cli.site import Site

if TYPE_CHECKING:
    from mlcore.config.settings import Settings

EX_USAGE = 2


@click.command()
@click.option(
    "-o",
    "--output",
    type=OUTPUT_FILE,
    default="-",
    metavar="FILE",
    help="Write to FILE (-: standard output).",
)
@click.option("--check", is_flag=True, help="Say whether a server can be started with it, and if not, why.")
@click.option(
    "--describe", is_flag=True, help="Print an example with every key, its default and what it means."
)
@click.option("-s", "--section", metavar="SECTION", help="Only this section.")
@click.option("-k", "--key", metavar="KEY", help="Only this key.")
@click.pass_context
def conf(
    ctx: click.Context, *, output: Output, check: bool, describe: bool, section: str | None, key: str | None
) -> None:
    """Show the configuration that is in force; secrets are masked.

    With section and key: the bare value.
    """
    from mlcore.config.describe import effective, example

    if check:
        _check(ctx, output)
    elif describe:
        with output as stream:
            stream.write(example())
    else:
        site: Site = ctx.obj
        lines = list(_chosen(effective(site.settings), section, key))
        with output as stream:
            stream.writelines(f"{line}\n" for line in lines)


def _chosen(shown: Mapping[str, Mapping[str, str]], section: str | None, key: str | None) -> Iterator[str]:
    """The lines to print. Raises click.UsageError for a section or key that is not there."""
    if section is not None and section not in shown:
        raise click.UsageError(f"No such section: {section}")
    if section is None and key is not None and not any(key in keys for keys in shown.values()):
        raise click.UsageError(f"No such key: {key}")
    if section is not None and key is not None:
        if key not in shown[section]:
            raise click.UsageError(f"Section {section}: No such key: {key}")
        yield shown[section][key]
        return
    for name, keys in shown.items():
        for known, value in sorted(keys.items()):
            if section in {None, name} and key in {None, known}:
                yield f"[{name}] {known}: {value}"


def _check(ctx: click.Context, output: Output) -> None:
    """Prints all that is wrong, and exits; or that nothing is, and the notices.

    The configuration is not taken from the Site: that would stop at the first problem."""
    from mlcore.config import archivers
    from mlcore.config.loader import examine
    from mlcore.config.owner import owner_problem

    examined = examine(ctx.find_root().params.get("config"))
    problems = [*examined.problems]
    settings = examined.settings
    if settings is not None and (missing := owner_problem(settings)):
        problems.append(missing)
    if settings is not None:
        problems += archivers.problems(settings.archivers, file=settings.config_file)
    for problem in problems:
        click.echo(spoken("Error: {message}", message=spoken_error(problem)), err=True)
    if settings is None or problems:
        ctx.exit(EX_USAGE)
    if delimiter := _delimiter(settings):
        click.echo(spoken("Warning: {message}", message=spoken_error(delimiter)), err=True)
    with output as stream:
        for notice in settings.notices:
            stream.write(spoken("Notice: {message}", message=spoken_error(notice)) + "\n")
        file = settings.config_file or spoken("no file, built-in defaults")
        stream.write(spoken("{file}: ok", file=file) + "\n")


def _delimiter(settings: "Settings") -> str:
    """What is wrong between verp_delimiter and the Postfix of this host, or nothing. A warning only: the
    Postfix that serves mlcore may be another one."""
    from mlcore.postfix.delimiter import check

    return check(settings.mta.verp_delimiter)
