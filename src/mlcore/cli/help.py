"""`mlcore help`."""

import click


@click.command()
@click.argument("words", metavar="[COMMAND]...", nargs=-1)
@click.pass_context
def help(ctx: click.Context, words: tuple[str, ...]) -> None:  # noqa: A001  (the name of the command)
    """Show this help, or that of a command, as `mlcore help domains add`."""
    its = ctx.find_root()
    for word in words:
        found = its.command.get_command(its, word) if isinstance(its.command, click.Group) else None
        if found is None:
            its.fail(f"No such command {word!r}.")
        its = found.context_class(found, info_name=word, parent=its)
    click.echo(its.get_help())
