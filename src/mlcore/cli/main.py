"""The command `mlcore`: options before the sub-command, sub-commands imported when they are called."""

import errno
import gc
import importlib
import signal
import sys
from typing import TYPE_CHECKING, Any

import click

import mlcore
from mlcore.base.errors import BadInput, LocalTrouble
from mlcore.cli import streams
from mlcore.cli.language import ENGLISH, language, speak_everywhere, spoken, spoken_error
from mlcore.cli.site import Site
from mlcore.cli.spoken import SpokenContext, speaking
from mlcore.cli.text import line

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS: dict[str, tuple[str, str]] = {
    "create": ("lists", "Make a mailing list."),
    "remove": ("lists", "Remove a mailing list."),
    "lists": ("lists", "Show the mailing lists."),
    "settings": ("settings", "Show or change the settings of a list."),
    "admins": ("admins", "Add or delete owners and moderators of a list."),
    "domains": ("domains", "Show, make, change and remove domains."),
    "bans": ("bans", "Show, add and remove bans."),
    "members": ("members", "Show the members of a list."),
    "addmembers": ("roster", "Add members to a list."),
    "delmembers": ("roster", "Remove members from a list, or from all lists."),
    "syncmembers": ("roster", "Make the members of a list those of a file."),
    "findmember": ("members", "Show the lists of those whose address matches."),
    "bounces": ("bounces", "Show what came back of mail to an address, and let it begin anew."),
    "moderate": ("moderate", "Show or change what becomes of the posts of single people."),
    "changeaddress": ("addresses", "Change an address, with all its memberships."),
    "users": ("users", "Show or delete users, as JSON Lines."),
    "lists_conf": ("lists_conf", "Print the settings of lists, as JSON Lines."),
    "lists_members": ("lists_members", "Print the members of lists, as JSON Lines."),
    "held": ("held", "Show held posts and decide about them."),
    "requests": ("requests", "Show who waits to join or leave, and decide about it."),
    "notify": ("notify", "Tell owners and moderators of what waits for them."),
    "digests": ("digests", "Send digests before their time, or go on with their numbers."),
    "headermatches": ("headermatches", "Show and change a list's rules about header fields."),
    "topics": ("topics", "Show and change the topics of a list."),
    "templates": ("templates", "Show, check and set the texts of a site, a domain or a list."),
    "start": ("run", "Serve."),
    "stop": ("run", "Stop the running server."),
    "restart": ("run", "Stop the running server and start it again."),
    "reopen": ("run", "Let the running server open its log files anew, and read its configuration."),
    "status": ("run", "Say whether the server runs, and how it is."),
    "inject": ("queues", "Put a message into a queue."),
    "qfile": ("queues", "Print an entry of a queue."),
    "queues": ("queues", "Show how many entries lie in each queue."),
    "unshunt": ("queues", "Put shunted messages back where they came from."),
    "aliases": ("aliases", "Write the maps for Postfix anew."),
    "conf": ("conf", "Show the configuration that is in force."),
    "info": ("info", "Show version, files and addresses of this site."),
    "version": ("info", "Show the version."),
    "db": ("db", "Change the schema of the database."),
    "shell": ("shell", "A Python prompt on this site, or a function run on it."),
    "withlist": ("shell", "A Python prompt on this site, or a function run on it."),
    "completion": ("completion", "Print the completion for a shell."),
    "help": ("help", "Show this help."),
}
"""Name → module of this package that has the command of that name, and what it does."""

EX_TEMPFAIL = 75
"""Exit status after trouble of this host that may pass (sysexits(3)): a pipe from an MTA tries again."""
_LONGEST = 4_000
"""Characters of an error that are shown."""


EX_INTERRUPTED = 128 + signal.SIGINT
EX_UNREAD = 128 + signal.SIGPIPE
"""What a shell reports of a program that the signal has ended."""
_GC = (50_000, 20, 50)
"""Importing makes a hundred thousand objects that all stay: to look for dead ones there costs a tenth of a
short command. The server sets its own."""
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


class Refused(click.ClickException):
    """What was asked for cannot be done as it was asked."""

    exit_code = 2

    def format_message(self) -> str:
        """One line; nothing of a name or a file in it steers the terminal."""
        return line(self.message, _LONGEST)


class Trouble(Refused):
    """This host cannot do it now."""

    exit_code = EX_TEMPFAIL


class LazyGroup(click.Group):
    """Knows its commands by name; imports the module of the one that is called. It speaks the language of the
    user, and so do they."""

    context_class = SpokenContext

    def main(self, *args: Any, **extra: Any) -> Any:
        """See `click.Group.main`."""
        if language() != ENGLISH:
            speak_everywhere()
        return super().main(*args, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """See `click.Group.list_commands`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """See `click.Group.get_command`."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"mlcore.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return speaking(command, now=ctx.resilient_parsing)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  (click's)
        """See `click.Group.format_commands`; imports none of them."""
        with formatter.section(spoken("Commands")):
            formatter.write_dl([(name, spoken(text)) for name, (_, text) in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """See `click.Group.shell_complete`; imports none of the commands."""
        from click.shell_completion import CompletionItem

        commands = [
            CompletionItem(name, help=spoken(text))
            for name, (_, text) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return commands + click.Command.shell_complete(speaking(self, now=True), ctx, incomplete)

    def invoke(self, ctx: click.Context) -> Any:
        """See `click.Group.invoke`; our errors become one line and an exit status."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                streams.flush()
        except click.UsageError as error:
            error.message = spoken_error(error.message)  # type: ignore[misc]  # click writes it no more
            raise
        except BadInput as error:
            raise Refused(spoken_error(error)) from error
        except LocalTrouble as error:
            raise Trouble(spoken_error(error)) from error
        except UnicodeEncodeError as error:
            if not any(0xD800 <= ord(sign) <= 0xDFFF for sign in error.object[error.start : error.end]):
                raise
            # What is no UTF-8 on the command line comes as surrogates, which no database takes.
            wrong = BadInput(f"{error.object} is not UTF-8", "write it in UTF-8")
            raise Refused(spoken_error(wrong)) from error
        except BrokenPipeError:
            streams.forget()
            ctx.exit(EX_UNREAD)  # whoever read has seen enough
        except OSError as error:
            if error.errno not in _NO_ROOM or error.filename is not None:
                raise
            streams.forget()
            raise Trouble(spoken_error(f"standard output: {error.strerror}")) from error


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("-C", "--config", metavar="FILE", help="Configuration file to use.")
@click.option("--run-as-root", is_flag=True, hidden=True)
@click.version_option(mlcore.__version__, prog_name="mlcore", message="%(prog)s %(version)s")
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
    """The program: ends the process with the exit status that docs/commands.md explains."""
    gc.set_threshold(*_GC)
    streams.prepare()
    try:
        status = cli.main(prog_name="mlcore", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:  # Ctrl-C, on a line that click has ended; a command that is cut short says no more
        sys.exit(EX_INTERRUPTED)
    sys.exit(status if isinstance(status, int) else 0)
