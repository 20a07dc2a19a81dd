"""`mlcore create` and `mlcore lists`."""

import click

from mlcore.cli.options import json_option, print_json, shown_list
from mlcore.cli.site import Site
from mlcore.lists.model import ListPolicy


@click.command()
@click.option("--language", metavar="CODE", help="Language of the list; default: that of the site.")
@click.option(
    "-o", "--owner", "owners", metavar="OWNER", multiple=True, help="Address of an owner; may come twice."
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing.")
@click.argument("listname")
@click.pass_obj
def create(site: Site, listname: str, language: str | None, owners: tuple[str, ...], quiet: bool) -> None:
    """Make a mailing list.

    LISTNAME is its posting address, like ant@example.com; it is made lower case.
    """
    from mlcore.actions import lists as action
    from mlcore.config import values

    mailman = site.settings.mailman
    if language is not None:
        try:
            values.language().parse(language)
        except ValueError:
            raise click.UsageError(f"Invalid language code: {language}") from None
    with site.connection() as connection:
        policy = action.create(
            connection,
            listname,
            owners=owners,
            language=language or mailman.default_language,
            site_owner=mailman.site_owner,
            now=site.now(),
        )
    if not quiet:
        click.echo(f"Created mailing list: {policy.posting_address}")


@click.command()
@click.option("-n/-N", "--names/--no-names", help="Show display names too.")
@click.option("-d/-D", "--descriptions/--no-descriptions", help="Show descriptions too.")
@click.option("-q", "--quiet", is_flag=True, help="Show no count.")
@click.option(
    "--domain", "domains", metavar="DOMAIN", multiple=True, help="Only lists of DOMAIN; may come twice."
)
@json_option
@click.pass_obj
def lists(
    site: Site, *, names: bool, descriptions: bool, quiet: bool, domains: tuple[str, ...], as_json: bool
) -> None:
    """Show the mailing lists, sorted by List-ID."""
    from mlcore.actions import lists as action

    with site.connection(read_only=True) as connection:
        found = action.matching(connection, domains)
    if as_json:
        print_json([shown_list(policy) for policy in found])
        return
    if not quiet:
        click.echo(_count(len(found)))
    shown = [
        f"{policy.posting_address} [{policy.display_name}]" if names else policy.posting_address
        for policy in found
    ]
    width = max(map(len, shown), default=0)
    for text, policy in zip(shown, found, strict=True):
        click.echo(f"{text:{width}} -{_description(policy)}" if descriptions else text)


def _count(number: int) -> str:
    return f"{number} matching mailing lists found:" if number else "No matching mailing lists found"


def _description(policy: ListPolicy) -> str:
    return f" {policy.description}" if policy.description else ""
