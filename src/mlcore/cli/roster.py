"""`mlcore addmembers`, `delmembers` and `syncmembers`."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from mlcore.cli.adding import DELIVERY, Adding
from mlcore.cli.language import spoken
from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.parts import parts
from mlcore.cli.report import Report
from mlcore.cli.site import Site

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mlcore.actions.members import Difference, Lines, Person, Removed

F = TypeVar("F", bound=Callable[..., Any])

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


def consented_option(command: F) -> F:
    """Adds `--consented`."""
    return click.option(
        "--consented",
        is_flag=True,
        help="All of them have agreed: add them also where mass_subscription says to invite. This is logged.",
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
@click.option("-i", "--invite", is_flag=True, help="Invite them: who answers becomes a member.")
@consented_option
@welcome_option
@click.argument("file", metavar="FILENAME", type=LINES)
@click.argument("listspec", type=LISTSPEC)
@click.pass_context
def addmembers(
    ctx: click.Context,
    *,
    file: IO[str],
    listspec: str,
    delivery: str,
    invite: bool,
    consented: bool,
    welcome: bool | None,
) -> None:
    """Add members to a list.

    FILENAME (- for standard input) holds one address in each line, `anne@example.com` or
    `Anne <anne@example.com>`; blank lines and those that begin with # are skipped. A line that cannot be
    done is reported and skipped; the exit status is then 1. Who is a member already is reported too.
    """
    from mlcore.actions import lists
    from mlcore.cli.memberfile import people_in
    from mlcore.store.sql import chunks

    if invite and consented:
        raise click.UsageError("--invite may not be specified with --consented.")
    site: Site = ctx.obj
    with site.connection(read_only=True) as connection:
        list_id = lists.find(connection, listspec).list_id
    adding = Adding(site, delivery=delivery, welcome=welcome, invite=invite, consented=consented)
    report = Report()
    adding.announce(report)
    added = 0
    with parts(site) as part:
        for lines in people_in(file):
            report.bad(lines.bad)
            for people in chunks(lines.people, adding.portion):
                added += _add(part, listspec, adding, people, report)
            report.progress(len(lines.people) + len(lines.bad))
    adding.log(list_id, added)
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
@consented_option
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
    consented: bool,
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
    adding = Adding(site, delivery=delivery, welcome=welcome, notify=notify, consented=consented)
    if not found.to_add and not found.to_remove:
        report.say(spoken("Nothing to do"))
    elif no_change:
        report.done(adding.word, found.to_add)
        report.done("[DEL]", found.to_remove)
    else:
        adding.announce(report)
        removing = partial(action.remove, goodbye=goodbye, notify=notify)
        added = _sync(site, listspec, found, report, adding, removing)
        adding.log(policy.list_id, added)
    report.end(ctx)


def _sync(
    site: Site,
    listspec: str,
    found: "Difference",
    report: Report,
    adding: Adding,
    removing: "Callable[..., Removed]",
) -> int:
    """How many were added."""
    from mlcore.actions import lists
    from mlcore.actions.members import CHUNK
    from mlcore.store.sql import chunks

    added = 0
    with parts(site) as part:
        for people in chunks(found.to_add, adding.portion):
            added += _add(part, listspec, adding, people, report, shown=True)
        for people in chunks(found.to_remove, CHUNK):
            with part() as connection:
                removing(connection, lists.find(connection, listspec), people, now=site.now())
            report.done("[DEL]", people)
    return added


def _add(
    part: "Callable[[], AbstractContextManager[Connection]]",
    listspec: str,
    adding: Adding,
    people: "Sequence[Person]",
    report: Report,
    *,
    shown: bool = False,
) -> int:
    """One part of the work; how many have become members by it. shown: each is named."""
    from mlcore.actions import lists
    from mlcore.actions.members import Added

    with part() as connection:
        result = adding.do(connection, lists.find(connection, listspec), people)
    if isinstance(result, Added):
        report.added(result)
        if shown:
            report.done(adding.word, people)
        return len(result.added)
    report.invited(result)
    if shown:
        report.done(adding.word, result.invited)
    return 0


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
                    report.warn(spoken("Member not subscribed (skipping): {address}", address=one.address))
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
