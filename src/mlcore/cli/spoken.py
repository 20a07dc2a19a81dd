"""Commands that explain themselves in the language of the user; nothing is translated before that."""

import click

from mlcore.cli.language import ENGLISH, language


class SpokenContext(click.Context):
    """Gives help and usage in the language of the user."""

    def make_formatter(self) -> click.HelpFormatter:
        """See `click.Context.make_formatter`."""
        if language() == ENGLISH:
            return super().make_formatter()
        from mlcore.cli.spoken_help import SpokenFormatter

        return SpokenFormatter(width=self.terminal_width, max_width=self.max_content_width)

    def get_help(self) -> str:
        """See `click.Context.get_help`."""
        return speaking(self.command, now=True).get_help(self)


def speaking(command: click.Command, *, now: bool = False) -> click.Command:
    """`command` with help in the language of the user wherever it is shown. now: its texts are at once, in a
    copy, for who looks at them without a context of it."""
    command.context_class = SpokenContext
    if isinstance(command, click.Group):
        for one in command.commands.values():
            speaking(one)
    if not now or language() == ENGLISH:
        return command
    from mlcore.cli.spoken_help import spoken_command

    return spoken_command(command)
