"""The command `mlcore`: options before the sub-command, sub-commands imported when they are called."""

import importlib
from typing import Any

import click

from mlcore.base.errors import BadInput, LocalTrouble
from mlcore.cli.site import Site

COMMANDS: dict[str, tuple[str, str]] = {
    "create": ("lists", "Make a mailing list."),
    "lists": ("lists", "Show the mailing lists."),
    "addmembers": ("members", "Add members to a list."),
    "members": ("members", "Show the members of a list."),
    "held": ("held", "Show held posts and decide about them."),
    "start": ("run", "Serve."),
    "stop": ("run", "Stop the running server."),
    "reopen": ("run", "Let the running server open its log file anew."),
    "status": ("run", "Say whether the server runs, and how it is."),
    "inject": ("queues", "Put a message into a queue."),
    "qfile": ("queues", "Print an entry of a queue."),
    "queues": ("queues", "Show how many entries lie in each queue."),
    "unshunt": ("queues", "Put shunted messages back where they came from."),
    "conf": ("conf", "Show the configuration that is in force."),
    "db": ("db", "Change the schema of the database."),
}
"""Name → module of this package that has the command of that name, and what it does."""

EX_TEMPFAIL = 75
"""Exit status after trouble of this host that may pass (sysexits(3)): a pipe from an MTA tries again."""


class Refused(click.ClickException):
    """What was asked for cannot be done as it was asked."""

    exit_code = 2


class Trouble(click.ClickException):
    """This host cannot do it now."""

    exit_code = EX_TEMPFAIL


class LazyGroup(click.Group):
    """Knows its commands by name; imports the module of the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """See `click.Group.list_commands`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  (click's signature)
        """See `click.Group.get_command`."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"mlcore.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  (click's)
        """See `click.Group.format_commands`; imports none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """See `click.Group.invoke`; our errors become one line and an exit status."""
        try:
            return super().invoke(ctx)
        except BadInput as error:
            raise Refused(str(error)) from error
        except LocalTrouble as error:
            raise Trouble(str(error)) from error


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("-C", "--config", metavar="FILE", help="Configuration file to use.")
@click.option("--run-as-root", is_flag=True, hidden=True)
@click.version_option(package_name="mlcore", prog_name="mlcore")
@click.pass_context
def cli(ctx: click.Context, config: str | None, run_as_root: bool) -> None:  # noqa: ARG001
    """Mailing lists: posts by LMTP, delivery by SMTP.

    LISTSPEC is the posting address of a list (ant@example.com) or its List-ID (ant.example.com).
    --run-as-root is accepted and not needed: as root a command becomes the owner of the site.
    """
    ctx.obj = Site(config)
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main() -> None:
    """The program: ends the process with 0, 2 (what was asked for cannot be done) or 75 (not now)."""
    cli.main(prog_name="mlcore")
