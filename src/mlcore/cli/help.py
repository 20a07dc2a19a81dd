"""`mlcore help`."""

import click


@click.command()
@click.argument("command", required=False)
@click.pass_context
def help(ctx: click.Context, command: str | None) -> None:  # noqa: A001  (the name of the command)
    """Show this help, or that of a command."""
    top = ctx.find_root()
    if command is None:
        click.echo(top.get_help())
        return
    group = top.command
    assert isinstance(group, click.Group)
    found = group.get_command(top, command)
    if found is None:
        top.fail(f"No such command {command!r}.")
    with click.Context(found, info_name=command, parent=top) as its:
        click.echo(found.get_help(its))
