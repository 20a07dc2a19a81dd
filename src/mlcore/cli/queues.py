"""`mlcore inject`, `mlcore qfile`, `mlcore queues`, `mlcore unshunt`."""

import os
from typing import IO, TYPE_CHECKING

import click

from mlcore.base.errors import BadInput, CorruptEntry
from mlcore.cli.language import spoken, spoken_error
from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.options import age, json_option, print_json
from mlcore.cli.site import Site

if TYPE_CHECKING:
    from mlcore.base.durable import LocalDisk
    from mlcore.spool.operator import Shown


@click.command()
@click.option("-q", "--queue", metavar="QUEUE", default="in", show_default=True, help="Where to put it.")
@click.option("-s", "--show", is_flag=True, help="Show the queues there are, and do nothing.")
@click.option(
    "-f",
    "--filename",
    "file",
    type=click.File("rb", lazy=False),
    default="-",
    metavar="FILE",
    help="Message; default: standard input.",
)
@click.option(
    "-m",
    "--metadata",
    metavar="KEY=VALUE",
    multiple=True,
    help="What LMTP would have said beside the message, like reverse_path=anne@example.com; repeatable.",
)
@click.argument("listspec", type=LISTSPEC, required=False)
@click.pass_obj
def inject(
    site: Site,
    *,
    listspec: str | None,
    queue: str,
    show: bool,
    file: IO[bytes],
    metadata: tuple[str, ...],
) -> None:
    """Put a message into a queue of a list.

    It is on disk when the command ends; a running server goes to work at once. A Message-ID and a Date are
    added if there are none.
    """
    from mlcore.cli import injected

    if show:
        click.echo(spoken("Available queues:"))
        for name in injected.QUEUES:
            click.echo(f"    {name}")
        return
    if listspec is None:
        raise click.UsageError("Missing argument 'LISTSPEC'.")
    from mlcore.actions import lists
    from mlcore.base.clock import SystemClock
    from mlcore.base.ids import IdMaker
    from mlcore.spool import operator

    octets = file.read()
    with site.connection(read_only=True) as connection:
        policy = lists.find(connection, listspec)
    name = IdMaker(SystemClock()).new()
    entry = injected.entry(policy, queue, octets, metadata, name=name, now=site.now())
    with site.disk() as disk:
        operator.inject(disk, queue, name, entry)
    site.ring(queue)


@click.command()
@click.option("-p/-n", "--print/--no-print", "shown", default=True, help="Whether to print it; default: yes.")
@click.option(
    "-i", "--interactive", is_flag=True, help="A Python prompt, where m is the list [message, envelope]."
)
@click.argument("entry", metavar="NAME")
@click.pass_obj
def qfile(site: Site, *, entry: str, shown: bool, interactive: bool) -> None:
    """Print an entry of a queue.

    NAME is the name of the entry, or the path of its file. Control characters are shown as escapes.
    """
    from mlcore.cli.entries import text_of

    found = _entry(site, entry)
    if shown:
        click.echo(text_of(found))
    if interactive:
        _prompt(found)


def _entry(site: Site, entry: str) -> "Shown":
    from mlcore.base.ids import NAME
    from mlcore.cli.entries import read_file
    from mlcore.spool import operator

    if os.sep in entry or (not NAME.match(entry) and os.path.exists(entry)):
        return read_file(entry)
    with site.disk() as disk:
        try:
            return operator.show(disk, operator.find(disk, entry))
        except CorruptEntry as error:
            raise BadInput(
                f"{entry} cannot be read: {error}", "its octets can be seen with `less`"
            ) from error


def _prompt(found: "Shown") -> None:
    """Nothing of the mail is carried out: its two halves are values in the prompt."""
    import code
    import email
    import email.policy

    message = email.message_from_bytes(found.entry.octets, policy=email.policy.default)
    objects = [message, found.entry.envelope]
    banner = spoken("Number of objects found (see the variable 'm'): {count}", count=len(objects))
    code.interact(banner=banner, local={"m": objects}, exitmsg="")


@click.command()
@click.option("--names", metavar="QUEUE", help="Show the names of the entries in QUEUE instead.")
@json_option
@click.pass_obj
def queues(site: Site, names: str | None, as_json: bool) -> None:
    """Show how many entries lie in each queue, and since when the oldest has been there."""
    from mlcore.spool import operator

    with site.disk() as disk:
        if names is not None:
            found = _names(disk, names)
            if as_json:
                print_json(found)
            else:
                click.echo("".join(f"{name}\n" for name in found), nl=False)
            return
        depths = operator.depths(disk)
    if as_json:
        print_json({queue: depth._asdict() for queue, depth in depths.items()})
        return
    now = site.now()
    for queue, depth in depths.items():
        since = "" if depth.oldest is None else spoken("  oldest {age}", age=age(now - depth.oldest))
        click.echo(f"{queue:8} {depth.entries:7}{since}")


def _names(disk: "LocalDisk", queue: str) -> list[str]:
    from mlcore.base.ids import NAME
    from mlcore.spool.layout import QUEUES

    if queue not in QUEUES:
        raise BadInput(f"No such queue: {queue}", f"use one of {' '.join(QUEUES)}")
    return sorted(name for name in disk.names(queue) if NAME.match(name))


@click.command()
@click.option("-d", "--discard", is_flag=True, help="Throw them away instead.")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.pass_context
def unshunt(ctx: click.Context, names: tuple[str, ...], discard: bool) -> None:
    """Put shunted messages back where they came from: those named, or all."""
    from mlcore.spool import operator

    site: Site = ctx.obj
    with site.disk() as disk:
        lock = operator.spool_lock(site.settings.paths.queue_dir)
        # Without a server this command owns the spool, and removes the shunted name itself.
        owner = lock.take()
        try:
            done = operator.unshunt(disk, names or None, discard=discard, owner=owner)
        finally:
            lock.release()
    site.ring(*sorted({one.queue for one in done if one.queue}))
    failed = [one for one in done if one.error]
    for one in failed:
        reason = spoken_error(one.error)
        text = spoken("Cannot unshunt message {name}, skipping: {reason}", name=one.name, reason=reason)
        click.echo(text, err=True)
    if failed:
        ctx.exit(1)
