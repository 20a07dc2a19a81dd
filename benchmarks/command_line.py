"""How long commands take from their start to their end, without a server, on SQLite."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measure import place
from mlcore.actions import lists
from mlcore.config.directories import prepare as prepare_directories
from mlcore.config.loader import load
from mlcore.store import members, standings
from mlcore.store.engine import open_sync
from mlcore.store.upgrade import prepare

MLCORE = str(Path(sys.executable).parent / "mlcore")
RUNS = 7
LISTS = 1_000


class Site:
    """A new site below `directory`."""

    def __init__(self, directory: str) -> None:
        self.config = f"{directory}/mlcore.cfg"
        Path(self.config).write_text(f"[paths.here]\nvar_dir: {directory}/var\n", "utf-8")

    @property
    def url(self) -> str:
        """That of the database, which is made."""
        settings = load(self.config)
        prepare_directories(settings.paths)
        prepare(settings.database.url)
        return settings.database.url

    def seconds(self, *arguments: str, stdin: bytes = b"") -> float:
        """Of the wall, for one command in a process of its own."""
        command = [MLCORE, "-C", self.config, *arguments]
        begun = time.perf_counter()
        subprocess.run(
            command,
            input=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "LANG": "C"},
            check=True,
        )
        return time.perf_counter() - begun


def show(row: str, times: list[float], limit: str = "") -> None:
    """Prints median and best."""
    print(f"{row:55} {statistics.median(times):6.3f} s  best {min(times):6.3f} s  {limit}", flush=True)


@contextmanager
def new_site() -> Iterator[Site]:
    with place() as directory:
        yield Site(directory)


def start_up() -> None:
    """What every command pays before it does anything."""
    for row, program in (("python", "pass"), ("import sqlalchemy", "import sqlalchemy")):
        times = []
        for _ in range(RUNS):
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], check=True)
            times.append(time.perf_counter() - begun)
        show(f"  of which {row}", times)


def commands_on_lists() -> None:
    with new_site() as site:
        show("create, which makes the database", [site.seconds("create", "first@example.com")])
        made = [site.seconds("create", f"a{number}@example.com") for number in range(RUNS)]
        show("create", made, "at most 0.4 s")
        owned = [
            site.seconds("create", "-o", f"owner{number}@example.net", f"b{number}@example.com")
            for number in range(RUNS)
        ]
        show("create with an owner", owned, "at most 0.4 s")
        show("lists", [site.seconds("lists") for _ in range(RUNS)], "at most 0.3 s")
        start_up()
        many_lists(site)


def many_lists(site: Site) -> None:
    """Whether making lists becomes slower as there are more, and what they cost then."""
    url, times = site.url, []
    for number in range(LISTS):
        begun = time.perf_counter()
        with open_sync(url) as connection:
            lists.create(
                connection,
                f"many{number}@example.com",
                owners=[f"owner{number}@example.net"],
                now=time.time(),
            )
        times.append(time.perf_counter() - begun)
    show(f"the first 100 of {LISTS} lists, without start-up, each", times[:100])
    show("the last 100", times[-100:], "not slower")
    show(
        f"create, with {LISTS} lists there",
        [site.seconds("create", f"c{number}@example.com") for number in range(RUNS)],
        "at most 0.4 s",
    )
    show(f"lists, {LISTS} of them", [site.seconds("lists") for _ in range(RUNS)])
    shown = [site.seconds("settings", "first@example.com") for _ in range(RUNS)]
    show("settings", shown)


def commands_on_members() -> None:
    with new_site() as site:
        for name, count, add_limit, show_limit in (
            ("small", 10_000, "at most 1.5 s", "at most 0.5 s"),
            ("large", 100_000, "at most 10 s", ""),
        ):
            spec, lines = f"{name}@example.com", people(name, count)
            site.seconds("create", spec)
            show(
                f"addmembers, {count} of them",
                [site.seconds("addmembers", "-", spec, stdin=lines)],
                add_limit,
            )
            show(f"addmembers, {count} who are there", [site.seconds("addmembers", "-", spec, stdin=lines)])
            show("members", [site.seconds("members", spec) for _ in range(RUNS)], show_limit)
            show("syncmembers, nothing to do", [site.seconds("syncmembers", "-", spec, stdin=lines)])
        show("findmember, one of all", [site.seconds("findmember", "^small-77@") for _ in range(RUNS)])
        questions_of_a_post(site.url, "large.example.com")
        show("delmembers --all, 100,000", [site.seconds("delmembers", "-a", "-l", "large@example.com")])


def people(name: str, count: int) -> bytes:
    """Lines of a file of members, one in two with a name in Japanese."""
    lines = (
        f"{'' if number % 2 else '山田太郎 '}<{name}-{number}@site{number % 50}.example.net>\n"
        for number in range(count)
    )
    return "".join(lines).encode()


def questions_of_a_post(url: str, list_id: str) -> None:
    """What a post asks of a list that is too large to be kept in memory."""
    with open_sync(url, read_only=True) as connection:
        times = []
        for _ in range(RUNS):
            begun = time.perf_counter()
            members.recipients(connection, list_id)
            times.append(time.perf_counter() - begun)
        show("recipients of a post to 100,000", times)
        begun = time.perf_counter()
        for number in range(1_000):
            standings.of_senders(connection, list_id, [f"large-{number}@site{number % 50}.example.net"])
        show("what 1,000 senders are to the list", [time.perf_counter() - begun])


def main() -> None:
    commands_on_lists()
    commands_on_members()


if __name__ == "__main__":
    main()
