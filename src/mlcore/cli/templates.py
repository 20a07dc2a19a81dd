"""`mlcore templates`."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mlcore.base.errors import BadInput
from mlcore.cli.language import spoken, spoken_error
from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.options import json_option, print_json
from mlcore.cli.site import Site
from mlcore.cli.text import line, lines

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mlcore.actions.template_check import Finding
    from mlcore.actions.templates import Override
    from mlcore.actions.templates import Site as SiteTexts
    from mlcore.sources.web import Web

F = TypeVar("F", bound=Callable[..., Any])


def _scope_options(command: F) -> F:
    """Adds `--list` and `--domain`; without them the site is meant."""
    for option in (
        click.option("--domain", metavar="DOMAIN", help="Those of this domain."),
        click.option(
            "-l", "--list", "listspec", type=LISTSPEC, metavar="LISTSPEC", help="Those of this list."
        ),
    ):
        command = option(command)
    return command


@click.group()
def templates() -> None:
    """Show, check and set the texts of a site, a domain or a list.

    The texts of mails come with mlcore. One's own lie in files below template_dir, or under a URI that is set
    here: https://HOST/PATH, file:///PATH, mailman:///NAME.txt.
    """


@templates.command(name="list")
@_scope_options
@click.option("--names", is_flag=True, help="The names of all texts there can be, no more.")
@json_option
@click.pass_obj
def list_(site: Site, *, listspec: str | None, domain: str | None, names: bool, as_json: bool) -> None:
    """Show which texts are one's own, and where they are.

    With a list or a domain: all that may serve it.
    """
    from mlcore.actions import templates as action
    from mlcore.texts.names import FILES

    if names:
        if as_json:
            print_json(sorted(FILES))
        else:
            click.echo("\n".join(sorted(FILES)))
        return
    with site.connection(read_only=True) as connection:
        where = action.scope(connection, listspec, domain)
        texts = _texts(site, connection)
    found = list(action.overrides(texts, where, site.settings.paths.template_dir))
    if as_json:
        print_json([one._asdict() for one in found])
        return
    for one in found:
        click.echo(_shown(one))


@templates.command()
@_scope_options
@click.option("--language", metavar="CODE", help="In this language, before that of the list.")
@click.argument("name", metavar="NAME")
@click.pass_obj
def show(site: Site, *, name: str, listspec: str | None, domain: str | None, language: str | None) -> None:
    """Show the text that is used, before anything is filled in.

    Where it is from is said on standard error.
    """
    from mlcore.actions import templates as action
    from mlcore.lists.languages import is_language
    from mlcore.texts.names import template

    template(name)
    if language and not is_language(language):
        raise BadInput(f"Invalid language code: {language}")
    with site.connection(read_only=True) as connection:
        where = action.scope(connection, listspec, domain)
        texts = _texts(site, connection)
    list_id, posting_address, mail_host = where.place
    found = texts.texts.book.locate(
        name,
        list_id=list_id,
        mail_host=mail_host,
        languages=action.languages_for(where, language or "", site.settings.mailman.default_language),
        posting_address=posting_address,
    )
    if found is None:
        click.echo(spoken("There is no such text: nothing is written."), err=True)
        return
    start = {"uri": "", "file": f"{site.settings.paths.template_dir}/", "packaged": "mlcore: "}[found.source]
    click.echo(spoken("From {place}", place=line(start + found.place)), err=True)
    click.echo(lines(found.text), nl=False)


@templates.command(name="set")
@_scope_options
@click.option("--username", metavar="NAME", default="", help="For HTTP.")
@click.option("--password", metavar="TEXT", default="", help="For HTTP; it is asked for if it is missing.")
@click.argument("name", metavar="NAME")
@click.argument("uri", metavar="URI")
@click.pass_obj
def set_(
    site: Site,
    *,
    name: str,
    uri: str,
    listspec: str | None,
    domain: str | None,
    username: str,
    password: str,
) -> None:
    """Take a text from a URI.

    In a URI $list_id, $listname, $domain_name and $language stand for what their names say. The text is
    fetched once to see whether it is there; the server fetches it by itself.
    """
    from mlcore.actions import template_check
    from mlcore.actions import templates as action

    if username and not password:
        password = click.prompt(spoken("Password"), hide_input=True, err=True)
    with site.connection() as connection:
        where = action.scope(connection, listspec, domain)
        record = action.put(connection, name, uri, where, username=username, password=password)
        asked = action.addresses_of(connection, record)
    if asked and asked[0].uri.startswith("http"):
        uri = asked[0].uri
        for finding in _with_web(lambda web: template_check.of_address(uri, record, web)):
            click.echo(spoken("Warning: {message}", message=_finding(finding)), err=True)


@templates.command()
@_scope_options
@click.argument("name", metavar="NAME")
@click.pass_obj
def remove(site: Site, *, name: str, listspec: str | None, domain: str | None) -> None:
    """Take a text no longer from a URI.

    Then what comes next holds: that of the domain, of the site, a file, the text of mlcore.
    """
    from mlcore.actions import templates as action

    with site.connection() as connection:
        action.remove(connection, name, action.scope(connection, listspec, domain))


@templates.command()
@click.option("--no-fetch", is_flag=True, help="Do not ask other hosts.")
@click.pass_context
def check(ctx: click.Context, *, no_fetch: bool) -> None:
    """Say what is wrong with one's own texts.

    Files that cannot be read or that nobody reads, values that are not filled in, URIs without a text. The
    exit status is 1 if there is anything.
    """
    from mlcore.actions import template_check
    from mlcore.store import domains
    from mlcore.store import templates as rows

    site: Site = ctx.obj
    settings = site.settings
    with site.connection(read_only=True) as connection:
        texts = _texts(site, connection)
        hosts = frozenset(domain.mail_host for domain in domains.all(connection))
        specs = frozenset(spec for place in rows.places(connection) for spec in place[:2])
    findings = [
        *template_check.of_files(texts, settings.paths.template_dir, hosts, specs),
        *template_check.of_records(texts, settings.mailman.default_language),
    ]
    if not no_fetch:
        findings += _with_web(lambda web: template_check.of_web(texts, web))
    for finding in findings:
        click.echo(_finding(finding))
    count = sum(len(leaves) for leaves in texts.tree.texts.values())
    said = spoken(
        "{files} files, {uris} URIs: {count} to be looked at",
        files=count,
        uris=len(texts.loaded.records),
        count=len(findings),
    )
    click.echo(said, err=True)
    if findings:
        ctx.exit(1)


def _texts(site: Site, connection: "Connection") -> "SiteTexts":
    from mlcore.actions import templates as action
    from mlcore.sources.files import Files
    from mlcore.sources.packaged import packaged

    settings = site.settings
    files = Files(settings.paths.template_dir)
    return action.site(connection, packaged(), files, settings.mailman.default_language)


def _with_web(job: "Callable[[Web], Awaitable[Sequence[Finding]]]") -> "Sequence[Finding]":
    import asyncio

    from mlcore.sources.web import Web

    async def run() -> "Sequence[Finding]":
        web = Web()
        try:
            return await job(web)
        finally:
            await web.close()

    return asyncio.run(run())


def _finding(finding: "Finding") -> str:
    return f"{line(finding.place)}: {line(spoken_error(finding.reason))}"


def _shown(one: "Override") -> str:
    from mlcore.actions.templates import shown

    parts = [one.name, spoken_error(shown(one.context)), one.language, one.place]
    text = "  ".join(line(part) for part in parts if part)
    return f"{text}  ({line(spoken_error(one.note, inside=True))})" if one.note else text
