"""`mlcore start`, `mlcore stop`, `mlcore reopen`, `mlcore status`."""

import time
from typing import TYPE_CHECKING, Any

import click

from mlcore.base.errors import BadInput, LocalTrouble
from mlcore.cli.options import age, json_option, print_json
from mlcore.cli.site import Site

if TYPE_CHECKING:
    from mlcore.server.main import Server

if TYPE_CHECKING:
    from mlcore.server.main import Server

STOP_S = 15.0
"""How long `stop` waits; the server itself takes less than 10 s (P16)."""
NOT_RUNNING = 3
"""Exit status of `status` without a server, as init scripts have it."""


@click.command()
@click.option(
    "--foreground", is_flag=True, help="Serve until a signal comes; logs go where they are configured."
)
@click.option("--demo", is_flag=True, hidden=True)
@click.pass_context
def start(ctx: click.Context, foreground: bool, demo: bool) -> None:
    """Serve: take mail by LMTP, deliver it by SMTP."""
    if not foreground:
        raise BadInput(
            "mlcore does not put itself into the background",
            "say `systemctl start mlcore`, or `mlcore start --foreground` under another service manager",
        )
    from mlcore.config.directories import prepare
    from mlcore.server.main import run_foreground

    site: Site = ctx.obj
    prepare(site.settings.paths)
    ctx.exit(run_foreground(site.settings, ready=_demo if demo else None))


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
        click.echo("mlcore is not running", err=True)
        return
    if not quiet:
        click.echo("Shutting down mlcore")
    limit = time.monotonic() + STOP_S
    while not site.spool_is_free():
        if time.monotonic() > limit:
            raise LocalTrouble(f"mlcore still runs after {STOP_S:.0f} s; its log says what it waits for")
        time.sleep(0.02)


@click.command()
@click.option("-q", "--quiet", is_flag=True, help="Say nothing.")
@click.pass_obj
def reopen(site: Site, quiet: bool) -> None:
    """Let the running server open its log file anew, after it was moved away."""
    if site.ask_running({"do": "reopen"}) is None:
        raise BadInput("mlcore is not running", "start it: mlcore start --foreground")
    if not quiet:
        click.echo("Reopening the log of mlcore")


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
        outbox = site.settings.mta.outgoing == "outbox"
        click.echo("\n".join(_lines(answer, outbox=outbox, now=site.now())))
    if not answer["running"]:
        ctx.exit(NOT_RUNNING)


def _lines(answer: dict[str, Any], *, outbox: bool, now: float) -> list[str]:
    lines = ["NOTE: outgoing is outbox, mail is given to nobody"] if outbox else []
    if not answer["running"]:
        return [*lines, "mlcore is not running"]
    lines.append(f"mlcore is running (pid: {answer['pid']})")
    lines.append(f"state: {answer['state']}, version {answer['version']}, up {age(answer['uptime_s'])}")
    lines.append(f"lmtp: {' '.join(answer['lmtp'])}")
    lines.append(f"outgoing: {answer['outgoing']}")
    for queue, depth in answer["queues"].items():
        if depth["entries"]:
            lines.append(f"queue {queue}: {depth['entries']}, oldest {age(now - depth['oldest'])}")
    for name, runner in answer["runners"].items():
        if runner["last_error"]:
            lines.append(f"runner {name}: {runner['last_error']}")
    return lines
