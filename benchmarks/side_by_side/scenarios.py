"""What is measured, one function for each scenario; each measures one server once."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from side_by_side import posts, processes
from side_by_side.bench import ONE, SMALL, Bench, Delivery, Sizes
from side_by_side.site import Failed, ListSpec, Site, member
from side_by_side.table import Figure, Row

Found = Mapping[str, Sequence[Figure]]
"""By key of the row."""


@dataclass(frozen=True)
class Scenario:
    """key: for --only. site: the name of the site it uses, see Bench.lists. long: only with --long."""

    key: str
    site: str
    rows: Callable[[Sizes], Sequence[Row]]
    measure: Callable[[Bench, type[Site]], Found]
    long: bool = False


def _rate(count: int, delivery: Delivery, seconds: float) -> list[Figure]:
    """count: of copies or posts in all; where the time was over, at most that many were done in it."""
    return [Figure(count / seconds, "<" if delivery.over else "")]


def _few_members_rows(sizes: Sizes) -> list[Row]:
    what = f"{sizes.small_posts:,} posts to {SMALL.members} members"
    return [
        Row("few-posts", what, "posts/s", "more"),
        Row("few-processor", "– processor time", "ms a post", "less"),
        Row("few-memory", "– most memory (PSS)", "MiB", "less"),
    ]


def _few_members(bench: Bench, kind: type[Site]) -> Found:
    count = bench.sizes.small_posts
    with bench.running(kind, "delivery") as site:
        found = bench.deliver(site, SMALL, count)
    return {
        "few-posts": _rate(count, found, found.done_s),
        "few-processor": [Figure(found.processor_s / count * 1000)],
        "few-memory": [Figure(found.memory.pss)],
    }


def _copies_rows(key: str, what: str) -> list[Row]:
    return [
        Row(key, what, "deliveries/s", "more"),
        Row(f"{key}-processor", "– processor time", "ms a delivery", "less"),
    ]


def _copies(bench: Bench, kind: type[Site], key: str, site_name: str, count: int) -> Found:
    to = ListSpec("medium", bench.sizes.medium)
    with bench.running(kind, site_name) as site:
        found = bench.deliver(site, to, count)
    if site_name == "verp" and found.transactions < found.copies:
        raise Failed(f"{site.title}: not every recipient had a sender of his own")
    return {
        key: _rate(count * to.members, found, found.done_s),
        f"{key}-processor": [Figure(found.processor_s / max(1, found.copies) * 1000)],
    }


def _large_rows(sizes: Sizes) -> list[Row]:
    return [
        Row("large", f"1 post to {sizes.large:,} members", "s", "less"),
        Row("large-processor", "– processor time", "s", "less"),
        Row("large-memory", "– most memory (PSS)", "MiB", "less"),
    ]


def _large(bench: Bench, kind: type[Site]) -> Found:
    with bench.running(kind, "large") as site:
        found = bench.deliver(site, ListSpec("large", bench.sizes.large), 1)
    return {
        "large": [Figure(found.done_s, ">" if found.over else "")],
        "large-processor": [Figure(found.processor_s, ">" if found.over else "")],
        "large-memory": [Figure(found.memory.pss)],
    }


def _burst_rows(sizes: Sizes) -> list[Row]:
    return [
        Row("burst-accepted", f"{sizes.burst:,} posts at once to one member: accepted", "posts/s", "more"),
        Row("burst-done", "– delivered", "posts/s", "more"),
    ]


def _burst(bench: Bench, kind: type[Site]) -> Found:
    count = bench.sizes.burst
    with bench.running(kind, "delivery") as site:
        found = bench.deliver(site, ONE, count)
    return {
        "burst-accepted": [Figure(count / found.accepted_s, "" if found.all_accepted else "<")],
        "burst-done": _rate(count, found, found.done_s),
    }


def _attachments_rows(sizes: Sizes) -> list[Row]:
    size = f"{sizes.attachment_octets // 1024} KiB"
    what = f"{sizes.attachment_posts} posts of {size} (attachment) to {SMALL.members} members"
    return [
        Row("attachments", what, "posts/s", "more"),
        Row("attachments-processor", "– processor time", "ms a post", "less"),
    ]


def _attachments(bench: Bench, kind: type[Site]) -> Found:
    sizes = bench.sizes

    def make(address: str, number: int) -> bytes:
        return posts.with_attachment(address, number, sizes.attachment_octets)

    with bench.running(kind, "delivery") as site:
        found = bench.deliver(site, SMALL, sizes.attachment_posts, make)
    return {
        "attachments": _rate(sizes.attachment_posts, found, found.done_s),
        "attachments-processor": [Figure(found.processor_s / sizes.attachment_posts * 1000)],
    }


def _single_rows(_: Sizes) -> list[Row]:
    return [Row("single", "A single post, until the first member has it", "ms", "less")]


def _single(bench: Bench, kind: type[Site]) -> Found:
    found = []
    with bench.running(kind, "delivery") as site:
        for number in range(bench.sizes.single_posts):
            time.sleep(1.3 + 0.17 * number)  # at another moment of what a server does each second
            delivery = bench.deliver(site, SMALL, 1)
            found.append(Figure(delivery.first_s * 1000, ">" if delivery.over else ""))
    return {"single": found}


def _idle_rows(_: Sizes) -> list[Row]:
    return [
        Row("idle-memory", "Nothing to do: memory (PSS)", "MiB", "less"),
        Row("idle-memory-alike", "– without a REST server", "MiB", "less"),
        Row("idle-rss", "– as resident sizes (RSS)", "MiB", "less"),
        Row("idle-processor", "– processor", "% of one", "less"),
        Row("idle-processes", "– processes", "", ""),
    ]


def _idle(bench: Bench, kind: type[Site]) -> Found:
    with bench.running(kind, "delivery") as site:
        time.sleep(min(5.0, bench.sizes.idle_s))
        before, begun = processes.processor_s(site.pid), time.monotonic()
        time.sleep(bench.sizes.idle_s)
        share = (processes.processor_s(site.pid) - before) / (time.monotonic() - begun)
        pids = processes.tree(site.pid)
        spare = set(site.spare(pids))
        memory = processes.memory(pids)
        alike = processes.memory(pid for pid in pids if pid not in spare)
    return {
        "idle-memory": [Figure(memory.pss)],
        "idle-memory-alike": [Figure(alike.pss)],
        "idle-rss": [Figure(memory.rss)],
        "idle-processor": [Figure(share * 100)],
        "idle-processes": [Figure(len(pids))],
    }


def _start_rows(_: Sizes) -> list[Row]:
    return [Row("start", "From the start until LMTP answers", "s", "less")]


def _start(bench: Bench, kind: type[Site]) -> Found:
    site = bench.site(kind, "delivery")
    try:
        return {"start": [Figure(site.start())]}
    finally:
        site.stop()


def _commands_rows(sizes: Sizes) -> list[Row]:
    return [
        Row("lists", "Command line: `lists`", "s", "less"),
        Row("addmembers", f"– `addmembers`, {sizes.people:,} of them", "s", "less"),
        Row("members", f"– `members`, {sizes.people:,} of them", "s", "less"),
    ]


def _commands(bench: Bench, kind: type[Site]) -> Found:
    site = bench.site(kind, "commands")
    found = {"lists": [bench.command(site, "lists")]}
    address = _new_list(bench, site)
    found["addmembers"] = [_add(bench, site, address, bench.sizes.people)]
    if not found["addmembers"][0].bound:
        found["members"] = [bench.command(site, "members", address)]
    return found


def _many_people_rows(sizes: Sizes) -> list[Row]:
    return [Row("addmembers-many", f"– `addmembers`, {sizes.many_people:,} of them", "s", "less")]


def _many_people(bench: Bench, kind: type[Site]) -> Found:
    site = bench.site(kind, "commands")
    return {"addmembers-many": [_add(bench, site, _new_list(bench, site), bench.sizes.many_people)]}


def _new_list(bench: Bench, site: Site) -> str:
    spec = ListSpec(f"list{bench.number()}", 0)
    site.make([spec])
    return spec.address


def _add(bench: Bench, site: Site, address: str, count: int) -> Figure:
    """People whom the site does not know yet."""
    prefix = f"new{bench.number()}-"
    lines = "".join(f"{prefix}{member(number)}\n" for number in range(count)).encode()
    return bench.command(site, "addmembers", "-", address, stdin=lines)


def _create_rows(sizes: Sizes) -> list[Row]:
    return [Row("create", f"– `create`, with {sizes.many_lists:,} lists there", "s", "less")]


def _create(bench: Bench, kind: type[Site]) -> Found:
    site = bench.site(kind, "many")
    return {"create": [bench.command(site, "create", f"new{bench.number()}@example.com")]}


SCENARIOS: Final = (
    Scenario("few", "delivery", _few_members_rows, _few_members),
    Scenario(
        "many",
        "delivery",
        lambda sizes: _copies_rows("many", f"{sizes.medium_posts} posts to {sizes.medium:,} members"),
        lambda bench, kind: _copies(bench, kind, "many", "delivery", bench.sizes.medium_posts),
    ),
    Scenario("large", "large", _large_rows, _large),
    Scenario(
        "verp",
        "verp",
        lambda sizes: _copies_rows(
            "verp", f"{sizes.verp_posts} posts to {sizes.medium:,} members, a sender for each (VERP)"
        ),
        lambda bench, kind: _copies(bench, kind, "verp", "verp", bench.sizes.verp_posts),
    ),
    Scenario("burst", "delivery", _burst_rows, _burst),
    Scenario("attachments", "delivery", _attachments_rows, _attachments),
    Scenario("single", "delivery", _single_rows, _single),
    Scenario("idle", "delivery", _idle_rows, _idle),
    Scenario("start", "delivery", _start_rows, _start),
    Scenario("commands", "commands", _commands_rows, _commands),
    Scenario("commands-long", "commands", _many_people_rows, _many_people, long=True),
    Scenario("create", "many", _create_rows, _create),
)
