"""`mlcore start`, `stop`, `restart`, `reopen`, `status`."""

import os
import time
from typing import TYPE_CHECKING, Any

import click

from mlcore.base.errors import BadInput, ConfigError, LocalTrouble, MlcoreError
from mlcore.cli.language import spoken, spoken_error
from mlcore.cli.options import age, json_option, print_json
from mlcore.cli.site import NOT_RUNNING as NOT_RUNNING_TEXT
from mlcore.cli.site import Site
from mlcore.cli.text import line

if TYPE_CHECKING:
    from mlcore.server.main import Server

STOP_S = 15.0
"""How long `stop` waits; the server itself takes less than 10 s (P16)."""
NOT_RUNNING = 3
"""Exit status of `status` without a server, as init scripts have it."""
LOG_FILE = "mlcore.log"
"""Below log_dir: the log of a server in the background for which none is configured."""
_START_IT = "start it: mlcore start"


@click.command()
@click.option(
    "--foreground",
    is_flag=True,
    help="Serve until a signal comes; the log goes where it is configured, else to standard error.",
)
@click.option("-f", "--force", is_flag=True, help="Accepted and not needed: there are no stale locks.")
@click.option("-g", "--generate-alias-file", is_flag=True, help="Accepted and not needed: every start does.")
@click.option("-u", "--run-as-user", is_flag=True, help="Accepted and not needed: root becomes the owner.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing.")
@click.option("--demo", is_flag=True, hidden=True)
@click.option("--log", metavar="FILE", hidden=True)
@click.pass_context
def start(
    ctx: click.Context,
    foreground: bool,
    force: bool,  # noqa: ARG001  (see its help)
    generate_alias_file: bool,  # noqa: ARG001
    run_as_user: bool,  # noqa: ARG001
    quiet: bool,
    demo: bool,
    log: str | None,
) -> None:
    """Serve: take mail by LMTP, deliver it by SMTP.

    Without --foreground this goes into the background, and returns once it serves or has said why not.
    """
    site: Site = ctx.obj
    if site.ask_running({"do": "status"}) is not None:
        raise BadInput("mlcore is already running")
    if not demo:
        _require_owner(site)
    if not foreground:
        _start_background(ctx, quiet=quiet)
        return
    from mlcore.config.directories import prepare
    from mlcore.server.main import run_foreground

    prepare(site.settings.paths)
    ctx.exit(run_foreground(site.settings, ready=_demo if demo else None, log_instead=log or ""))


def _require_owner(site: Site) -> None:
    """Mail about a list must not go to a list, where it could come back as mail about that list."""
    from mlcore.config.owner import require_owner
    from mlcore.lists.addressing import candidates
    from mlcore.store import lists

    settings = site.settings
    require_owner(settings)
    owner = settings.mailman.site_owner
    with site.connection(read_only=True) as connection:
        for one in candidates(owner, settings.mta.verp_delimiter):
            if lists.find(connection, f"{one.list_name}@{one.mail_host}") is not None:
                raise BadInput(
                    f"{settings.config_file} [mailman] site_owner: {owner} is an address of a list here",
                    "write the address of a person or an alias",
                )


def _require_readable(site: Site) -> None:
    """A server in the background reads the file anew, as the owner of the site. Root may have read one that
    is for root alone."""
    file = site.settings.config_file
    if file and not os.access(file, os.R_OK):
        import grp
        import pwd

        user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
        raise BadInput(f"{user} may not read {file}", f"run chown root:{group} {file}; chmod 640 {file}")


def _start_background(ctx: click.Context, *, quiet: bool) -> None:
    from mlcore.cli.background import start_background
    from mlcore.config.directories import prepare
    from mlcore.server.wiring import log_path

    site: Site = ctx.obj
    settings = site.settings
    _require_readable(site)
    prepare(settings.paths)
    log = log_path(settings) or os.path.join(settings.paths.log_dir, LOG_FILE)
    if not quiet:
        click.echo(spoken("Starting mlcore's master runner"))
        if settings.mta.incoming == "postfix":
            click.echo(spoken("Generating MTA alias maps"))
    arguments = ["-C", settings.config_file] if settings.config_file else []

    def is_ready(process: int) -> bool:
        try:
            told = site.ask_running({"do": "status"}, timeout_s=5.0)
        except MlcoreError:
            return False
        return told is not None and told.get("pid") == process and told.get("state") == "running"

    done = start_background([*arguments, "start", "--foreground", "--log", log], log, is_ready)
    if done.ready:
        if not quiet:
            click.echo(spoken("Logging to {file}", file=log))
        return
    if done.said:
        click.echo(done.said, err=True)
    if done.status is None:
        raise LocalTrouble(f"mlcore does not serve yet; its log says how far it is: {log}")
    if not done.said:
        said = spoken(
            "mlcore ended with status {status} and said nothing; its log: {file}",
            status=done.status,
            file=log,
        )
        click.echo(spoken("Error: {message}", message=said), err=True)
    ctx.exit(done.status if done.status > 0 else 1)


async def _demo(server: "Server") -> None:
    from mlcore.cli.demo import demo

    ports = [address[1] for address in server.lmtp_addresses() if not isinstance(address, str)]
    if not ports:
        raise BadInput("the demo needs LMTP by TCP", "set [mta] lmtp_socket to nothing")
    await demo(server.settings, ports[0], click.echo)


@click.command()
@click.option("-q", "--quiet", is_flag=True, help="Say nothing.")
@click.pass_obj
def stop(site: Site, quiet: bool) -> None:
    """Stop the running server, and wait until it has stopped."""
    if site.ask_running({"do": "stop"}) is None:
        if not quiet:
            click.echo(spoken_error(NOT_RUNNING_TEXT), err=True)
        return
    if not quiet:
        click.echo(spoken("Shutting down mlcore's master runner"))
    _wait_until_gone(site)


def _wait_until_gone(site: Site) -> None:
    limit = time.monotonic() + STOP_S
    while not site.spool_is_free():
        if time.monotonic() > limit:
            raise LocalTrouble(f"mlcore still runs after {STOP_S:.0f} s; its log says what it waits for")
        time.sleep(0.02)


@click.command()
@click.option("-q", "--quiet", is_flag=True, help="Say nothing.")
@click.pass_context
def restart(ctx: click.Context, quiet: bool) -> None:
    """Stop the running server and start it again.

    For one in the background; one that somebody else has started is started again by them.
    """
    site: Site = ctx.obj
    told = site.ask_running({"do": "status"})
    if told is None:
        raise BadInput(NOT_RUNNING_TEXT, _START_IT)
    if told.get("managed"):
        raise BadInput("a service manager sees to this mlcore", "say `systemctl restart mlcore`")
    if told.get("foreground"):
        raise BadInput(
            "this mlcore runs in the foreground of another process",
            "stop it, and start it again where it was started",
        )
    _require_owner(site)  # what would keep it from starting again must not stop it
    _require_readable(site)
    if not quiet:
        click.echo(spoken("Restarting the mlcore runners"))
    site.ask_running({"do": "stop"})
    _wait_until_gone(site)
    _start_background(ctx, quiet=True)


@click.command()
@click.option("-q", "--quiet", is_flag=True, help="Say nothing.")
@click.pass_obj
def reopen(site: Site, quiet: bool) -> None:
    """Let the running server open its log files anew, and read its configuration.

    Says which changes wait for a restart. With a configuration that cannot be used the log is opened anew all
    the same, the old configuration stays in force, and the exit status is 2.
    """
    told = _reopened(site)
    if told is None:
        raise BadInput(NOT_RUNNING_TEXT, _START_IT)
    if quiet:
        return
    click.echo(spoken("Reopening the mlcore runners"))
    if told.get("changed"):
        click.echo(spoken("Changed: {names}", names=", ".join(told["changed"])))
    if told.get("restart"):
        click.echo(spoken("After a restart: {names}", names=", ".join(told["restart"])))


def _reopened(site: Site) -> dict[str, Any] | None:
    """What the server says; None if none runs. Its own words when it refuses have no remedy apart."""
    try:
        return site.ask_running({"do": "reopen"})
    except BadInput as error:
        if error.remedy:
            raise
        raise BadInput(f"{error} (the old configuration stays in force)") from error


@click.command()
@json_option
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Say whether the server runs, and how it is. The exit status is 0 if it runs, 3 if it does not."""
    site: Site = ctx.obj
    told = site.ask_running({"do": "status"})
    answer = {"running": False} if told is None else {"running": True, **told}
    if as_json:
        print_json(answer)
    else:
        click.echo("\n".join(_lines(answer, outbox=_is_outbox(site), now=site.now())))
    if not answer["running"]:
        ctx.exit(NOT_RUNNING)


def _is_outbox(site: Site) -> bool:
    """Whether mail is given to nobody; a configuration that cannot be used is told of beside the status."""
    try:
        return site.settings.mta.outgoing == "outbox"
    except ConfigError as error:
        click.echo(spoken("Warning: {message}", message=line(spoken_error(error))), err=True)
        return False


def _lines(answer: dict[str, Any], *, outbox: bool, now: float) -> list[str]:
    lines = []
    if outbox:
        lines.append(spoken("NOTE: outgoing is outbox, mail is given to nobody"))
    if not answer["running"]:
        return [*lines, spoken_error(NOT_RUNNING_TEXT)]
    lines.append(spoken("mlcore is running (master pid: {pid})", pid=answer["pid"]))
    if answer["state"] == "starting":
        return [*lines, "state: starting"]
    state, version, up = answer["state"], answer["version"], age(answer["uptime_s"])
    lines += [
        "state: " + spoken("{state}, version {version}, up {age}", state=state, version=version, age=up),
        f"lmtp: {' '.join(answer['lmtp'])}",
        f"outgoing: {spoken_error(answer['outgoing'])}",
        f"log: {answer['log'] or spoken('standard error')}",
    ]
    if "maps" in answer:
        lines.append(f"maps: {spoken_error(answer['maps'])}")
    for queue, depth in answer["queues"].items():
        oldest = spoken(", oldest {age}", age=age(now - depth["oldest"])) if depth["entries"] else ""
        lines.append(f"queue {queue}: {depth['entries']}{oldest}")
    for kind in ("runner", "service"):
        lines += [f"{kind} {name}: {_standing(one, now=now)}" for name, one in answer[f"{kind}s"].items()]
    return lines


def _standing(one: dict[str, Any], *, now: float) -> str:
    text = str(one["state"])
    if one.get("active"):
        text += spoken(" on {entry}", entry=one["active"])
    if one["crashes"]:
        text += spoken(", crashed {count} times", count=one["crashes"])
    if one["last_error"]:
        error = line(str(one["last_error"]))
        text += spoken("; {age} ago: {error}", age=age(now - one["last_error_at"]), error=error)
    return text
