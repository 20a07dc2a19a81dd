"""`mlcore create`, `mlcore remove` and `mlcore lists`."""

from collections.abc import Callable

import click

from mlcore.cli.language import ENGLISH, language, spoken
from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.options import json_option, print_json, shown_list
from mlcore.cli.site import Site
from mlcore.cli.text import line
from mlcore.lists.model import ListPolicy


@click.command()
@click.option("--language", metavar="CODE", help="Language of the list; default: that of the site.")
@click.option(
    "-o", "--owner", "owners", metavar="OWNER", multiple=True, help="Address of an owner; repeatable."
)
@click.option("--style-name", metavar="NAME", help="Settings to begin with; default: [styles] default.")
@click.option("-n/-N", "--notify/--no-notify", help="Tell the owners by mail.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing.")
@click.option(
    "-d/-D",
    "--domain/--no-domain",
    "make_domain",
    default=True,
    help="Make the domain if it is missing (so without either), or refuse then.",
)
@click.argument("listname")
@click.pass_obj
def create(
    site: Site,
    *,
    listname: str,
    language: str | None,
    owners: tuple[str, ...],
    style_name: str | None,
    notify: bool,
    quiet: bool,
    make_domain: bool,
) -> None:
    """Make a mailing list.

    LISTNAME is its posting address, like ant@example.com; it is made lower case.
    """
    from mlcore.actions import lists as action
    from mlcore.lists.addressing import site_names

    with site.connection(maps=True) as connection:
        settings = site.settings
        mailman = settings.mailman
        policy = action.create(
            connection,
            listname,
            owners=owners,
            language=language or settings.mailman.default_language,
            style=style_name or settings.styles.default,
            make_domain=make_domain,
            site_owner=settings.mailman.site_owner,
            names=settings.mailman.listname_chars,
            delimiter=settings.mta.verp_delimiter,
            reserved=site_names(mailman.site_list_name, mailman.noreply_address, "").reserved,
            notify=notify,
            now=site.now(),
        )
    if not quiet:
        click.echo(spoken("Created mailing list: {address}", address=policy.posting_address))


@click.command()
@click.option("-q", "--quiet", is_flag=True, help="Say nothing.")
@click.argument("listspec", type=LISTSPEC)
@click.pass_obj
def remove(site: Site, *, listspec: str, quiet: bool) -> None:
    """Remove a mailing list.

    Its settings, memberships and what waits for a decision go with it, without a question. Archives stay, and
    so do the addresses and users of its members.
    """
    from mlcore.actions import lists as action
    from mlcore.base.errors import BadInput

    with site.connection(maps=True) as connection:
        try:
            policy = action.find(connection, listspec)
        except BadInput:
            raise BadInput(f"No such list matching spec: {listspec}") from None
        action.remove(connection, policy)
    if not quiet:
        click.echo(spoken("Removed list: {spec}", spec=listspec))


@click.command()
@click.option("-a", "--advertised", is_flag=True, help="Only those that are advertised.")
@click.option("-n/-N", "--names/--no-names", help="Show display names too.")
@click.option("-d/-D", "--descriptions/--no-descriptions", help="Show descriptions too.")
@click.option("-q", "--quiet", is_flag=True, help="Show no count.")
@click.option(
    "--domain", "domains", metavar="DOMAIN", multiple=True, help="Only lists of DOMAIN; repeatable."
)
@json_option
@click.pass_obj
def lists(
    site: Site,
    *,
    advertised: bool,
    names: bool,
    descriptions: bool,
    quiet: bool,
    domains: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show the mailing lists, sorted by List-ID."""
    from mlcore.actions import lists as action

    with site.connection(read_only=True) as connection:
        found = action.matching(connection, domains, advertised=advertised)
    if as_json:
        print_json([shown_list(policy) for policy in found])
        return
    if not quiet:
        click.echo(_count(len(found)))
    shown = [
        f"{policy.posting_address} [{line(policy.display_name)}]" if names else policy.posting_address
        for policy in found
    ]
    columns = _columns() if descriptions else len
    width = max(map(columns, shown), default=0)
    for text, policy in zip(shown, found, strict=True):
        blanks = " " * (width - columns(text))
        click.echo(f"{text}{blanks} -{_description(policy)}" if descriptions else text)


def _columns() -> Callable[[str], int]:
    """How wide a text is on a screen: for English readers one column for each character."""
    if language() == ENGLISH:
        return len
    from mlcore.texts.fill import width

    return width


def _count(number: int) -> str:
    if not number:
        return spoken("No matching mailing lists found")
    return spoken("{count} matching mailing lists found:", count=number)


def _description(policy: ListPolicy) -> str:
    return f" {line(policy.description)}" if policy.description else ""
