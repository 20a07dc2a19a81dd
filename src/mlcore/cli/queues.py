"""`mlcore inject`, `mlcore qfile`, `mlcore queues`, `mlcore unshunt`."""

import os
from typing import IO, TYPE_CHECKING

import click

from mlcore.base.errors import BadInput, CorruptEntry
from mlcore.cli.options import age, json_option, print_json
from mlcore.cli.site import Site

if TYPE_CHECKING:
    from mlcore.base.durable import LocalDisk
    from mlcore.lists.model import ListPolicy
    from mlcore.mail.envelope import Envelope


@click.command()
@click.option("-q", "--queue", default="in", show_default=True, help="Where to put it.")
@click.option("-s", "--show", is_flag=True, help="Show the queues there are, and do nothing.")
@click.option(
    "-f",
    "--filename",
    "file",
    type=click.File("rb"),
    default="-",
    metavar="FILE",
    help="Message; default: standard input.",
)
@click.argument("listspec", required=False)
@click.pass_obj
def inject(site: Site, listspec: str | None, queue: str, show: bool, file: IO[bytes]) -> None:
    """Put a message into a queue of a list.

    It is on disk when the command ends; a running server goes to work at once.
    """
    if show:
        click.echo("Available queues:")
        for name in _INJECTED:
            click.echo(f"    {name}")
        return
    if listspec is None:
        raise click.UsageError("Missing argument 'LISTSPEC'.")
    from mlcore.actions import lists
    from mlcore.base.clock import SystemClock
    from mlcore.base.ids import IdMaker
    from mlcore.mail.lines import normalise
    from mlcore.spool import operator
    from mlcore.spool.entry import Entry

    octets = normalise(file.read())
    with site.connection(read_only=True) as connection:
        policy = lists.find(connection, listspec)
    entry = Entry(_envelope(policy, queue, octets, site.now()), (), octets)
    with site.disk() as disk:
        operator.inject(disk, queue, IdMaker(SystemClock()).new(), entry)
    site.ring(queue)


_INJECTED = ("in", "command", "bounces")
"""Queues whose entries can be made from a message and a list; what is in virgin was written by mlcore."""


def _envelope(policy: "ListPolicy", queue: str, octets: bytes, now: float) -> "Envelope":
    """What LMTP would have said of a message to the list, its -request or its -bounces address."""
    from mlcore.lists.senders import authors
    from mlcore.mail import envelope
    from mlcore.mail.fields import split

    if queue == "bounces":
        recipient = policy.sub_address("bounces")
        return envelope.Report(list_id=policy.list_id, recipient=recipient, arrived_at=now, peer=_PEER)
    sender = next((str(author) for author in authors(split(octets)[0], "")), "")
    if queue == "command":
        return envelope.Command(
            list_id=policy.list_id,
            recipient=policy.sub_address("request"),
            command="request",
            reverse_path=sender,
            arrived_at=now,
            peer=_PEER,
        )
    if queue == "in":
        return envelope.Arrived(
            list_id=policy.list_id,
            recipient=policy.posting_address,
            reverse_path=sender,
            arrived_at=now,
            peer=_PEER,
        )
    raise BadInput(f"No such queue: {queue}", f"use one of {' '.join(_INJECTED)}")


_PEER = "mlcore inject"


@click.command()
@click.argument("entry", metavar="NAME")
@click.pass_obj
def qfile(site: Site, entry: str) -> None:
    """Print an entry of a queue.

    NAME is the name of the entry, or the path of its file. Control characters are shown as escapes.
    """
    from mlcore.cli.entries import read_file, text_of
    from mlcore.spool import operator

    if os.sep in entry:
        shown = read_file(entry)
    else:
        with site.disk() as disk:
            try:
                shown = operator.show(disk, operator.find(disk, entry))
            except CorruptEntry as error:
                raise BadInput(
                    f"{entry} cannot be read: {error}", "its octets can be seen with `less`"
                ) from error
    click.echo(text_of(shown))


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
        since = "" if depth.oldest is None else f"  oldest {age(now - depth.oldest)}"
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
        click.echo(f"Cannot unshunt message {one.name}, skipping: {one.error}", err=True)
    if failed:
        ctx.exit(1)
