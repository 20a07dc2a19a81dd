"""`mlcore topics`."""

import click

from mlcore.cli.language import spoken
from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.options import json_option, print_json
from mlcore.cli.site import Site
from mlcore.cli.text import line


@click.group(invoke_without_command=True)
@click.argument("listspec", type=LISTSPEC)
@click.pass_context
def topics(ctx: click.Context, *, listspec: str) -> None:
    """Show and change the topics of a list.

    Posts belong to the topics of which a pattern is found in their subject or keywords. Members may choose
    topics, and get no others. It takes effect with the setting topics_enabled. Without a command the topics
    are shown.
    """
    if ctx.invoked_subcommand is None:
        _show(ctx.obj, listspec, as_json=False)


@topics.command(name="list")
@json_option
@click.pass_context
def list_(ctx: click.Context, *, as_json: bool) -> None:
    """Show the topics of the list, each with its patterns."""
    _show(ctx.obj, _listspec(ctx), as_json=as_json)


@topics.command()
@click.option("-d", "--description", metavar="TEXT", default="", help="What members read who choose.")
@click.option("--replace", is_flag=True, help="Give a topic that there is these patterns; members keep it.")
@click.argument("name", metavar="NAME")
@click.argument("patterns", metavar="PATTERN...", nargs=-1, required=True)
@click.pass_context
def add(ctx: click.Context, *, name: str, patterns: tuple[str, ...], description: str, replace: bool) -> None:
    """Make a topic.

    PATTERN is a regular expression that is looked for in any case. One that is found is enough.
    """
    from mlcore.actions import lists
    from mlcore.actions import topics as action

    site: Site = ctx.obj
    with site.connection() as connection:
        policy = lists.find(connection, _listspec(ctx))
        policy = action.add(connection, policy, name, patterns, description=description, replace=replace)
    if not policy.topics_enabled:
        command = f"mlcore settings {policy.posting_address} topics_enabled=yes"
        click.echo(spoken("Topics are off: {command}", command=command), err=True)


@topics.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.pass_context
def remove(ctx: click.Context, *, names: tuple[str, ...]) -> None:
    """Remove topics.

    All are removed or none. Members who chose no other get all posts again.
    """
    from mlcore.actions import lists
    from mlcore.actions import topics as action

    site: Site = ctx.obj
    with site.connection() as connection:
        action.remove(connection, lists.find(connection, _listspec(ctx)), names)


def _listspec(ctx: click.Context) -> str:
    """What was given to the group."""
    assert ctx.parent is not None
    spec: str = ctx.parent.params["listspec"]
    return spec


def _show(site: Site, listspec: str, *, as_json: bool) -> None:
    from mlcore.actions import lists

    with site.connection(read_only=True) as connection:
        found = lists.find(connection, listspec).topics
    if as_json:
        print_json(
            [
                {"name": one.name, "description": one.description, "patterns": one.pattern.split("\n")}
                for one in found
            ]
        )
        return
    for topic in found:
        click.echo(line(f"{topic.name}: {topic.description}" if topic.description else topic.name))
        for pattern in topic.pattern.split("\n"):
            click.echo(f"    {line(pattern)}")
