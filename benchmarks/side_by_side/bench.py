"""What the scenarios measure with: sites that are made when they are needed, the sink, and one delivery."""

import asyncio
import itertools
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from load import Load
from side_by_side import posts, processes
from side_by_side.processes import Memory
from side_by_side.sink_process import SinkProcess, TooSlow
from side_by_side.site import Failed, ListSpec, Site, Wishes
from side_by_side.table import Figure

_SETTLE_S: Final = 0.5
"""After the last delivery, for what a server then still has to put away."""


@dataclass(frozen=True)
class Sizes:
    """How much is done. limit_s: for one measurement."""

    small_posts: int = 300
    medium: int = 1_000
    medium_posts: int = 20
    large: int = 50_000
    verp_posts: int = 5
    burst: int = 1_000
    attachment_posts: int = 50
    attachment_octets: int = 100 * 1024
    single_posts: int = 5
    idle_s: float = 10.0
    people: int = 10_000
    many_people: int = 100_000
    many_lists: int = 1_000
    limit_s: float = 900.0


QUICK: Final = Sizes(
    small_posts=20,
    medium=100,
    medium_posts=3,
    large=1_000,
    verp_posts=2,
    burst=20,
    attachment_posts=5,
    single_posts=2,
    idle_s=2.0,
    people=100,
    many_people=200,
    many_lists=20,
    limit_s=120.0,
)
SMALL: Final = ListSpec("small", 10)
ONE: Final = ListSpec("one", 1)


@dataclass(frozen=True)
class Delivery:
    """A number of posts to all members. Seconds since the first connection: until all posts were accepted,
    the first copy had come, all copies had come. processor_s: of the tree, from before to half a second
    after. copies, transactions: that had come when the time was over, all of them if it was not. What did not
    happen in time took `limit_s`."""

    all_accepted: bool
    accepted_s: float
    first_s: float
    done_s: float
    processor_s: float
    memory: Memory
    copies: int
    transactions: int
    over: bool


@dataclass
class Bench:
    """directory: below it sites are made. recipients: see Wishes. connections: LMTP sessions at a time."""

    directory: Path
    sink: SinkProcess
    sizes: Sizes
    recipients: int
    connections: int

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._places = itertools.count(1)
        self._sites: dict[tuple[str, str], Site] = {}

    def lists(self, name: str) -> list[ListSpec]:
        """What a new site of this name has."""
        medium, large = ListSpec("medium", self.sizes.medium), ListSpec("large", self.sizes.large)
        many = [ListSpec(f"many{number}", 0) for number in range(self.sizes.many_lists)]
        return {
            "delivery": [SMALL, ONE, medium],
            "large": [SMALL, large],
            "verp": [SMALL, medium],
            "commands": [SMALL],
            "many": many,
        }[name]

    def site(self, kind: type[Site], name: str) -> Site:
        """The one of this name, made if it is not there; it does not run."""
        key = (kind.title, name)
        if key not in self._sites:
            wishes = Wishes(verp=name == "verp", recipients=self.recipients)
            made = kind(self.directory / f"site{next(self._places)}", self.sink.port, wishes)
            made.make(self.lists(name))
            self._sites[key] = made
        return self._sites[key]

    def forget(self, kind: type[Site], name: str) -> None:
        """Its site is not to be used again: something in it was not finished."""
        site = self._sites.pop((kind.title, name), None)
        if site is not None:
            site.stop()
            shutil.rmtree(site.directory, ignore_errors=True)

    def close(self) -> None:
        """Ends whatever still runs; the directories go with the one they are in."""
        for site in self._sites.values():
            site.stop()

    @contextmanager
    def running(self, kind: type[Site], name: str) -> Iterator[Site]:
        """The site with its server started and warm; stopped at the end."""
        site = self.site(kind, name)
        site.start()
        try:
            if self.deliver(site, SMALL, 2).over:
                raise Failed(f"{site.title} delivered no mail")
            yield site
        finally:
            site.stop()

    def number(self) -> int:
        """One that no other post or name of this run has."""
        return next(self._numbers)

    def deliver(
        self, site: Site, to: ListSpec, count: int, make: Callable[[str, int], bytes] = posts.plain
    ) -> Delivery:
        """Gives `count` posts to the list and waits for all copies. Raises Failed."""
        octets = [(to.address, make(to.address, self.number())) for _ in range(count)]
        copies, counts = count * to.members, self.sink.counts
        counts.reset()
        processor, over = processes.processor_s(site.pid), False
        peak = processes.Peak(site.pid)
        limit_s, begun, accepted_s = self.sizes.limit_s, time.monotonic(), 0.0
        with peak.watched():
            try:
                asyncio.run(self._send(site, octets))
                accepted_s = time.monotonic() - begun
                self.sink.wait(copies, begun + limit_s, site.alive)
            except (TooSlow, TimeoutError):
                over = site.spoiled = True
            except (SystemExit, OSError) as error:  # so the client ends at a reply that it does not expect
                raise Failed(f"{site.title} did not take a post: {error}") from None
        time.sleep(_SETTLE_S)
        taken = counts.copies
        if taken > copies or (taken < copies and not over):
            raise Failed(f"{site.title}: {taken} copies in place of {copies}")
        return Delivery(
            all_accepted=accepted_s > 0,
            accepted_s=accepted_s or limit_s,
            first_s=counts.first - begun if taken else limit_s,
            done_s=limit_s if over else counts.last - begun,
            processor_s=processes.processor_s(site.pid) - processor,
            memory=peak.found,
            copies=taken,
            transactions=counts.transactions,
            over=over,
        )

    async def _send(self, site: Site, octets: list[tuple[str, bytes]]) -> None:
        connections = min(self.connections, len(octets))
        await asyncio.wait_for(Load(site.lmtp_port, connections).send(octets), self.sizes.limit_s)

    def command(self, site: Site, *arguments: str, stdin: bytes = b"") -> Figure:
        """Seconds."""
        try:
            return Figure(site.run(*arguments, stdin=stdin, limit_s=self.sizes.limit_s))
        except subprocess.TimeoutExpired:
            site.spoiled = True
            return Figure(self.sizes.limit_s, ">")
