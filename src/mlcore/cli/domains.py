"""`mlcore domains`."""

from typing import TYPE_CHECKING, Any

import click

from mlcore.cli.language import spoken, spoken_many
from mlcore.cli.options import json_option, print_json
from mlcore.cli.site import Site
from mlcore.cli.text import line

if TYPE_CHECKING:
    from mlcore.actions.domains import DomainView


@click.group(invoke_without_command=True)
@click.option("-q", "--quiet", is_flag=True, help="Show their names only.")
@json_option
@click.pass_context
def domains(ctx: click.Context, *, quiet: bool, as_json: bool) -> None:
    """Show, make, change and remove domains.

    Without a command they are shown.
    """
    if ctx.invoked_subcommand is None:
        _show(ctx.obj, quiet=quiet, as_json=as_json)
    elif quiet or as_json:
        raise click.UsageError("--quiet and --json stand behind the command that shows: domains list.")


@domains.command(name="list")
@click.option("-q", "--quiet", is_flag=True, help="Show their names only.")
@json_option
@click.pass_obj
def list_(site: Site, *, quiet: bool, as_json: bool) -> None:
    """Show the domains."""
    _show(site, quiet=quiet, as_json=as_json)


def _values(command: Any) -> Any:
    """The options that give a domain its values."""
    for name, text in reversed(
        (
            ("--alias-domain", "Domain at which mail for its lists arrives too; '' for none."),
            ("--description", "What it is, in one line."),
            ("--base-url", "Where the web pages of its lists begin."),
        )
    ):
        command = click.option(name, metavar=name[2:].rpartition("-")[2].upper(), help=text)(command)
    return command


@domains.command()
@_values
@click.option(
    "-o", "--owner", "owners", metavar="OWNER", multiple=True, help="Address of an owner; repeatable."
)
@click.option("--quiet", "-q", is_flag=True, help="Say nothing.")
@click.argument("host")
@click.pass_obj
def add(site: Site, /, *, host: str, owners: tuple[str, ...], quiet: bool, **values: str | None) -> None:
    """Make the domain HOST.

    The first list of a domain makes it too.
    """
    from mlcore.actions import domains as action
    from mlcore.lists.model import Domain

    given = {name: value for name, value in values.items() if value is not None}
    with site.connection(maps=True) as connection:
        made = action.create(connection, Domain(mail_host=host, **given), owners=owners, now=site.now())
    if not quiet:
        click.echo(spoken("Created domain: {host}", host=made.mail_host))


@domains.command(name="set")
@_values
@click.option(
    "-o", "--owner", "owners", metavar="OWNER", multiple=True, help="Its owners from now on; repeatable."
)
@click.option("--no-owner", is_flag=True, help="It has no owner from now on.")
@click.argument("host")
@click.pass_obj
def set_(site: Site, /, *, host: str, owners: tuple[str, ...], no_owner: bool, **values: str | None) -> None:
    """Change the domain HOST.

    What no option names stays as it is.
    """
    import msgspec

    from mlcore.actions import domains as action

    given = {name: value for name, value in values.items() if value is not None}
    if not given and not owners and not no_owner:
        raise click.UsageError("Nothing to change.")
    if owners and no_owner:
        raise click.UsageError("--owner and --no-owner contradict each other.")
    with site.connection(maps=True) as connection:
        domain = msgspec.structs.replace(action.find(connection, host), **given)
        action.change(connection, domain, owners=owners if owners or no_owner else None, now=site.now())


@domains.command()
@click.option("--with-lists", is_flag=True, help="Its lists too.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing.")
@click.argument("host")
@click.pass_obj
def remove(site: Site, *, host: str, with_lists: bool, quiet: bool) -> None:
    """Remove the domain HOST."""
    from mlcore.actions import domains as action

    with site.connection(maps=True) as connection:
        domain = action.find(connection, host)
        count = action.remove(connection, domain, with_lists=with_lists)
    if not quiet:
        click.echo(_removed(domain.mail_host, count))


def _removed(host: str, lists: int) -> str:
    if not lists:
        return spoken("Removed domain: {host}", host=host)
    return spoken_many(
        "Removed domain: {host} with {count} list",
        "Removed domain: {host} with {count} lists",
        lists,
        host=host,
        count=lists,
    )


def _show(site: Site, *, quiet: bool, as_json: bool) -> None:
    from mlcore.actions import domains as action

    with site.connection(read_only=True) as connection:
        found = action.shown(connection)
    if as_json:
        print_json([_plain(view) for view in found])
        return
    for view in found:
        click.echo(view.domain.mail_host)
        if not quiet:
            for name, value in _details(view):
                click.echo(f"    {name}: {line(value)}")


def _details(view: "DomainView") -> list[tuple[str, str]]:
    domain = view.domain
    shown = (
        (spoken("description"), domain.description),
        (spoken("alias domain"), domain.alias_domain),
        (spoken("base URL"), domain.base_url),
        (spoken("owners"), ", ".join(view.owners)),
    )
    return [(spoken("lists"), str(view.lists)), *((name, value) for name, value in shown if value)]


def _plain(view: "DomainView") -> dict[str, object]:
    return {
        "mail_host": view.domain.mail_host,
        "description": view.domain.description,
        "alias_domain": view.domain.alias_domain,
        "base_url": view.domain.base_url,
        "owners": list(view.owners),
        "lists": view.lists,
    }
