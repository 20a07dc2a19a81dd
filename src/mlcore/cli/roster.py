"""`mlcore addmembers`, `delmembers` and `syncmembers`."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from mlcore.base.errors import BadInput
from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.parts import parts
from mlcore.cli.report import Report
from mlcore.cli.site import Site
from mlcore.lists.model import DeliveryMode, DeliveryStatus

if TYPE_CHECKING:
    from mlcore.actions.members import Added, Difference, Lines, Removed

F = TypeVar("F", bound=Callable[..., Any])

DELIVERY = {
    "regular": (DeliveryMode.REGULAR, DeliveryStatus.ENABLED),
    "mime": (DeliveryMode.MIME_DIGESTS, DeliveryStatus.ENABLED),
    "plain": (DeliveryMode.PLAINTEXT_DIGESTS, DeliveryStatus.ENABLED),
    "summary": (DeliveryMode.SUMMARY_DIGESTS, DeliveryStatus.ENABLED),
    "disabled": (DeliveryMode.REGULAR, DeliveryStatus.BY_MODERATOR),
}
LINES = click.File("r", encoding="utf-8", errors="surrogateescape", lazy=False)
"""Opened while the command line is read: before root becomes the owner of the site."""


def delivery_option(command: F) -> F:
    """Adds `-d`."""
    return click.option(
        "-d",
        "--delivery",
        type=click.Choice(list(DELIVERY), case_sensitive=False),
        default="regular",
        show_default=True,
        help="How posts reach those who are added.",
    )(command)


def welcome_option(command: F) -> F:
    """Adds `-w` and `-W`."""
    return click.option(
        "-w/-W",
        "--welcome-msg/--no-welcome-msg",
        "welcome",
        default=None,
        help="Send a welcome message, or none, whatever send_welcome_message says.",
    )(command)


def goodbye_option(command: F) -> F:
    """Adds `-g` and `-G`."""
    return click.option(
        "-g/-G",
        "--goodbye-msg/--no-goodbye-msg",
        "goodbye",
        default=None,
        help="Send a goodbye message, or none, whatever send_goodbye_message says.",
    )(command)


def notify_option(*letters: str) -> Callable[[F], F]:
    """Adds `--admin-notify` and its opposite."""
    return click.option(
        *letters,
        "--admin-notify/--no-admin-notify",
        "notify",
        default=None,
        help="Tell the administrators, or do not, whatever admin_notify_mchanges says.",
    )


@click.command()
@delivery_option
@click.option("-i", "--invite", is_flag=True, help="Not possible yet.")
@welcome_option
@click.argument("file", metavar="FILENAME", type=LINES)
@click.argument("listspec", type=LISTSPEC)
@click.pass_context
def addmembers(
    ctx: click.Context, *, file: IO[str], listspec: str, delivery: str, invite: bool, welcome: bool | None
) -> None:
    """Add members to a list.

    FILENAME (- for standard input) holds one address in each line, `anne@example.com` or
    `Anne <anne@example.com>`; blank lines and those that begin with # are skipped. A line that cannot be
    done is reported and skipped; the exit status is then 1. Who is a member already is reported too.
    """
    from mlcore.actions import lists
    from mlcore.actions import members as action
    from mlcore.cli.memberfile import people_in
    from mlcore.store.bulk import Growth

    if invite:
        raise BadInput(
            "invitations are not possible yet",
            "leave out -i to add the members, or let them join by themselves",
        )
    site: Site = ctx.obj
    mode, status = DELIVERY[delivery.lower()]
    report = Report()
    growth = Growth()
    with site.connection(read_only=True) as connection:
        lists.find(connection, listspec)
    with parts(site) as part:
        for lines in people_in(file):
            report.bad(lines.bad)
            if lines.people:
                with part() as connection:
                    policy = lists.find(connection, listspec)
                    result = action.add(
                        connection,
                        policy,
                        lines.people,
                        mode=mode,
                        status=status,
                        welcome=welcome,
                        now=site.now(),
                    )
                    growth.by(connection, len(result.added))
                report.added(result)
            report.progress(len(lines.people) + len(lines.bad))
    report.end(ctx)


@click.command()
@click.option("-l", "--list", "listspec", type=LISTSPEC, metavar="LISTSPEC", help="Of this list.")
@click.option("-f", "--file", metavar="FILENAME", type=LINES, help="Those in the lines of FILENAME.")
@click.option("-m", "--member", "addresses", metavar="ADDRESS", multiple=True, help="This one; repeatable.")
@click.option("-a", "--all", "everybody", is_flag=True, help="All members of the list.")
@click.option("--fromall", is_flag=True, help="From all lists.")
@goodbye_option
@notify_option("-n/-N")
@click.pass_context
def delmembers(
    ctx: click.Context,
    *,
    listspec: str | None,
    file: IO[str] | None,
    addresses: tuple[str, ...],
    everybody: bool,
    fromall: bool,
    goodbye: bool | None,
    notify: bool | None,
) -> None:
    """Remove members from a list, or from all lists.

    FILENAME (- for standard input) is as for addmembers. Who is no member is reported and skipped. A line
    that is no address is reported too; the exit status is then 1.
    """
    from mlcore.actions import lists

    _check_choice(listspec=bool(listspec), some=bool(file or addresses), everybody=everybody, fromall=fromall)
    site: Site = ctx.obj
    report = Report()
    told = {"goodbye": goodbye, "notify": notify}
    if listspec is not None:
        with site.connection(read_only=True) as connection:
            lists.find(connection, listspec)
    if listspec is not None and everybody:
        _remove_all(site, listspec, report, told)
    else:
        _remove(site, listspec, _read(file, addresses), report, told)
    report.end(ctx)


@click.command()
@delivery_option
@welcome_option
@goodbye_option
@notify_option("-a/-A")
@click.option("-n", "--no-change", is_flag=True, help="Only show what would be done.")
@click.argument("file", metavar="FILENAME", type=LINES)
@click.argument("listspec", type=LISTSPEC)
@click.pass_context
def syncmembers(
    ctx: click.Context,
    *,
    file: IO[str],
    listspec: str,
    delivery: str,
    welcome: bool | None,
    goodbye: bool | None,
    notify: bool | None,
    no_change: bool,
) -> None:
    """Make the members of a list those of a file.

    FILENAME is as for addmembers. Who is there and no member yet is added, members who are not there are
    removed. A line that cannot be done is reported and skipped; the exit status is then 1.
    """
    from mlcore.actions import lists
    from mlcore.actions import members as action
    from mlcore.cli.memberfile import people_in

    site: Site = ctx.obj
    report = Report()
    wanted = list(people_in(file, all_or_none=True))
    with site.connection(read_only=True) as connection:
        policy = lists.find(connection, listspec)
        people = itertools.chain.from_iterable(lines.people for lines in wanted)
        found = action.difference(connection, policy, people)
    for lines in wanted:
        report.bad(lines.bad)
    report.left_out(found)
    if not found.to_add and not found.to_remove:
        report.say("Nothing to do")
    elif no_change:
        report.done("[ADD]", found.to_add)
        report.done("[DEL]", found.to_remove)
    else:
        mode, status = DELIVERY[delivery.lower()]
        adding = partial(action.add, mode=mode, status=status, welcome=welcome, notify=notify)
        removing = partial(action.remove, goodbye=goodbye, notify=notify)
        _sync(site, listspec, found, report, adding, removing)
    report.end(ctx)


def _sync(
    site: Site,
    listspec: str,
    found: "Difference",
    report: Report,
    adding: "Callable[..., Added]",
    removing: "Callable[..., Removed]",
) -> None:
    from mlcore.actions import lists
    from mlcore.actions.members import CHUNK
    from mlcore.store.bulk import Growth
    from mlcore.store.sql import chunks

    growth = Growth()
    with parts(site) as part:
        for people in chunks(found.to_add, CHUNK):
            with part() as connection:
                added = adding(connection, lists.find(connection, listspec), people, now=site.now())
                growth.by(connection, len(added.added))
            report.added(added)
            report.done("[ADD]", people)
        for people in chunks(found.to_remove, CHUNK):
            with part() as connection:
                removing(connection, lists.find(connection, listspec), people, now=site.now())
            report.done("[DEL]", people)


def _check_choice(*, listspec: bool, some: bool, everybody: bool, fromall: bool) -> None:
    if fromall and (listspec or everybody):
        raise click.UsageError("--fromall may not be specified with -l/--list, or -a/--all")
    if everybody and some:
        raise click.UsageError("-a/--all must not be specified with -f/--file or -m/--member.")
    if not fromall and not listspec:
        raise click.UsageError("Without --fromall, -l/--list is required.")
    if not everybody and not some:
        raise click.UsageError("At least one of -a/--all, -f/--file or -m/--member is required.")


def _read(file: IO[str] | None, addresses: Sequence[str]) -> "Iterator[Lines]":
    """What the file says, then what the options say."""
    from mlcore.actions.members import read
    from mlcore.cli.memberfile import people_in

    return itertools.chain(people_in(file) if file else (), read(addresses, numbered=False))


def _remove(
    site: Site,
    listspec: str | None,
    named: "Iterable[Lines]",
    report: Report,
    told: dict[str, bool | None],
) -> None:
    """listspec: None for all lists."""
    from mlcore.actions import lists
    from mlcore.actions import members as action

    with parts(site) as part:
        for lines in named:
            report.bad(lines.bad)
            with part() as connection:
                now = site.now()
                if listspec is None:
                    action.remove_everywhere(connection, lines.people, now=now, **told)
                else:
                    policy = lists.find(connection, listspec)
                    result = action.remove(connection, policy, lines.people, now=now, **told)
            if listspec is not None:
                for one in result.missing:
                    report.warn(f"Member not subscribed (skipping): {one.address}")
            report.progress(len(lines.people) + len(lines.bad))


def _remove_all(site: Site, listspec: str, report: Report, told: dict[str, bool | None]) -> None:
    from mlcore.actions import lists
    from mlcore.actions import members as action

    with parts(site) as part:
        more = True
        while more:
            with part() as connection:
                policy = lists.find(connection, listspec)
                removed = action.remove_all(connection, policy, now=site.now(), **told)
            report.progress(removed)
            more = removed == action.CHUNK
