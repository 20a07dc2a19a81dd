"""`mlcore digests`."""

import contextlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from mlcore.base.errors import BadInput, MlcoreError
from mlcore.cli.language import noted, spoken
from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.site import Site
from mlcore.cli.text import line

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mlcore.actions.digests import Number
    from mlcore.lists.model import ListPolicy

PORTION = 100
"""Lists of one transaction."""


@click.command()
@click.option(
    "-l",
    "--list",
    "listspecs",
    type=LISTSPEC,
    metavar="LISTSPEC",
    multiple=True,
    help="Of this list only; repeatable. Default: of all lists.",
)
@click.option("-s", "--send", is_flag=True, help="Send what has gathered, however little it is.")
@click.option("-b", "--bump", is_flag=True, help="Go on to the next number, or volume if one is due, first.")
@click.option(
    "-p", "--periodic", is_flag=True, help="The same as --send, of lists with digest_send_periodic."
)
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("-v", "--verbose", is_flag=True, help="Say what is done.")
@click.pass_context
def digests(
    ctx: click.Context,
    *,
    listspecs: tuple[str, ...],
    send: bool,
    bump: bool,
    periodic: bool,
    dry_run: bool,
    verbose: bool,
) -> None:
    """Send digests before their time, or go on with their numbers.

    The server sends them by itself: when enough has gathered (digest_size_threshold), and what has gathered
    until midnight (UTC) of lists with digest_send_periodic.
    """
    site: Site = ctx.obj
    if send and periodic:
        click.echo(spoken("--send and --periodic flags cannot be used together"), err=True)
        ctx.exit(1)
    if not (send or bump or periodic):
        return
    policies, unknown = _chosen(site, listspecs)
    work = _Work(site, dry_run=dry_run, shown=verbose or dry_run)
    if bump:
        work.bump(policies)
    if send or periodic:
        work.send([policy for policy in policies if send or policy.digest_send_periodic])
    if work.made and not _is_running(site):
        click.echo(spoken("mlcore is not running; the digests go out when it is started"), err=True)
    if unknown:
        ctx.exit(1)


class _Work:
    """What is done with lists, some at a time. made: issues that were made. shown: each is named."""

    def __init__(self, site: Site, *, dry_run: bool, shown: bool) -> None:
        self._site = site
        self._dry_run = dry_run
        self._shown = shown
        self._bumped: dict[str, Number] = {}
        self.made = 0

    def bump(self, policies: "Sequence[ListPolicy]") -> None:
        """Goes on with the numbers."""
        from mlcore.actions import digests as action
        from mlcore.store.sql import chunks

        go_on = action.following if self._dry_run else action.bump
        for some in chunks(policies, PORTION):
            with self._site.connection(read_only=self._dry_run) as connection:
                numbers = [
                    (
                        policy,
                        action.next_number(connection, policy),
                        go_on(connection, policy, self._site.now()),
                    )
                    for policy in some
                ]
            for policy, before, after in numbers:
                self._bumped[policy.list_id] = after
                self._say(noted("{list} is at volume {volume}, number {number}"), policy, before)
                self._say(noted("{list} bumped to volume {volume}, number {number}"), policy, after)

    def send(self, policies: "Iterable[ListPolicy]") -> None:
        """Makes issues of what waits."""
        from mlcore.store import digests
        from mlcore.store.sql import chunks

        with self._site.connection(read_only=True) as connection:
            waiting = digests.waiting(connection)
        for some in chunks((policy for policy in policies if policy.list_id in waiting), PORTION):
            with self._site.connection(read_only=self._dry_run) as connection:
                numbers = [(policy, self._sent(connection, policy)) for policy in some]
            for policy, issues in numbers:
                for number in issues:
                    self._say(noted("{list} sent volume {volume}, number {number}"), policy, number)

    def _sent(self, connection: "Connection", policy: "ListPolicy") -> "list[Number]":
        from mlcore.actions import digests as action
        from mlcore.base.clock import SystemClock
        from mlcore.base.ids import IdMaker

        if self._dry_run:
            return [self._bumped.get(policy.list_id) or action.next_number(connection, policy)]
        ids, made = IdMaker(SystemClock()), []
        while (issue := action.send(connection, policy, ids.new(), self._site.now())) is not None:
            made.append(action.Number(issue.volume, issue.number))
        self.made += len(made)
        return made

    def _say(self, text: str, policy: "ListPolicy", number: "Number") -> None:
        if self._shown:
            volume, issue = number
            click.echo(spoken(text, list=policy.list_id, volume=volume, number=issue))


def _chosen(site: Site, listspecs: Sequence[str]) -> "tuple[list[ListPolicy], bool]":
    """The lists that are meant, and whether there was something else among them, which is said."""
    from mlcore.actions import lists

    found = {}
    unknown = False
    with site.connection(read_only=True) as connection:
        if not listspecs:
            return lists.matching(connection), False
        for spec in listspecs:
            try:
                policy = lists.find(connection, spec)
            except BadInput:
                click.echo(spoken("No such list found: {list}", list=line(spec)), err=True)
                unknown = True
            else:
                found[policy.list_id] = policy
    return list(found.values()), unknown


def _is_running(site: Site) -> bool:
    """Whether a server sends what was made; one that does not answer now will find it."""
    with contextlib.suppress(MlcoreError):
        return site.ask_running({"do": "status"}) is not None
    return True
