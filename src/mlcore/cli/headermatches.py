"""`mlcore headermatches`."""

import click

from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.options import json_option, print_json
from mlcore.cli.site import Site
from mlcore.cli.text import line
from mlcore.lists.model import Action, HeaderMatch


@click.group(invoke_without_command=True)
@click.argument("listspec", type=LISTSPEC)
@click.pass_context
def headermatches(ctx: click.Context, *, listspec: str) -> None:
    """Show and change a list's rules about header fields.

    The first rule whose expression is found in such a field of a post, or of any of its parts, decides what
    becomes of the post. Without a command the rules are shown.
    """
    if ctx.invoked_subcommand is None:
        _show(ctx.obj, listspec, as_json=False)


@headermatches.command(name="list")
@json_option
@click.pass_context
def list_(ctx: click.Context, *, as_json: bool) -> None:
    """Show the rules in the order they are tried, each behind its position."""
    _show(ctx.obj, _listspec(ctx), as_json=as_json)


@headermatches.command()
@click.option(
    "-a",
    "--action",
    type=click.Choice([action.value for action in Action]),
    help="What becomes of the post; without it, what [antispam] jump_chain says.",
)
@click.option("-t", "--tag", metavar="TEXT", default="", help="A name for those who manage rules.")
@click.option("-p", "--position", type=click.IntRange(min=0), help="Put it before the rule there.")
@click.argument("header", metavar="HEADER")
@click.argument("pattern", metavar="PATTERN")
@click.pass_context
def add(
    ctx: click.Context, *, header: str, pattern: str, action: str | None, tag: str, position: int | None
) -> None:
    """Make a rule.

    HEADER is the name of a field, PATTERN a regular expression that is looked for in any case. With the
    action defer the other rules decide, and subscribers are told in X-Mailman-Rule-Hits.
    """
    from mlcore.actions import headermatches as rules
    from mlcore.actions import lists

    site: Site = ctx.obj
    with site.connection() as connection:
        rules.add(
            connection,
            lists.find(connection, _listspec(ctx)).list_id,
            header,
            pattern,
            action=Action(action) if action else None,
            tag=tag,
            position=position,
        )


@headermatches.command()
@click.option("--all", "everything", is_flag=True, help="Remove all rules of the list.")
@click.argument("positions", metavar="POSITION...", type=click.IntRange(min=0), nargs=-1)
@click.pass_context
def remove(ctx: click.Context, *, positions: tuple[int, ...], everything: bool) -> None:
    """Remove rules.

    POSITION as `mlcore headermatches LISTSPEC` shows it. All are removed or none; those behind move up.
    """
    from mlcore.actions import headermatches as rules
    from mlcore.actions import lists

    if everything == bool(positions):
        raise click.UsageError("name positions, or --all")
    site: Site = ctx.obj
    with site.connection() as connection:
        list_id = lists.find(connection, _listspec(ctx)).list_id
        if everything:
            rules.clear(connection, list_id)
        else:
            rules.remove(connection, list_id, positions)


def _listspec(ctx: click.Context) -> str:
    """What was given to the group."""
    assert ctx.parent is not None
    spec: str = ctx.parent.params["listspec"]
    return spec


def _show(site: Site, listspec: str, *, as_json: bool) -> None:
    from mlcore.actions import headermatches as rules
    from mlcore.actions import lists

    with site.connection(read_only=True) as connection:
        found = rules.shown(connection, lists.find(connection, listspec).list_id)
    if as_json:
        print_json([_plain(position, match) for position, match in enumerate(found)])
        return
    for position, match in enumerate(found):
        click.echo(line(_shown(position, match)))


def _plain(position: int, match: HeaderMatch) -> dict[str, object]:
    return {
        "position": position,
        "header": match.header,
        "pattern": match.pattern,
        "action": match.action,
        "tag": match.tag,
    }


def _shown(position: int, match: HeaderMatch) -> str:
    """`0 x-spam-flag: ^yes -> hold [spam]`."""
    parts = [f"{position} {match.header}: {match.pattern}"]
    if match.action is not None:
        parts.append(f"-> {match.action}")
    if match.tag:
        parts.append(f"[{match.tag}]")
    return " ".join(parts)
