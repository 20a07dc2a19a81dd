"""mlcore and GNU Mailman side by side: the same posts, the same lists, the same sink, in the same run.

    .venv/bin/python benchmarks/beside.py [--rounds 3] [--only few,verp] [--quick] [--long]
        [--json FILE] [--write-docs]

GNU Mailman is installed with pip into ~/.cache/mlcore-benchmarks the first time. Everything else is made in a
temporary directory ($BENCH_DIR says where) and removed. See benchmarks/README.md."""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

from load import post_octets  # noqa: E402  (the path above)
from side_by_side import machine, table  # noqa: E402  (the path above)
from side_by_side.bench import QUICK, Bench, Sizes  # noqa: E402  (the path above)
from side_by_side.mailman import MailmanSite, install  # noqa: E402  (the path above)
from side_by_side.mlcore import MlcoreSite  # noqa: E402  (the path above)
from side_by_side.scenarios import SCENARIOS, Scenario  # noqa: E402  (the path above)
from side_by_side.sink_process import SinkProcess  # noqa: E402  (the path above)
from side_by_side.site import Failed, Site  # noqa: E402  (the path above)
from side_by_side.table import Figure, Row  # noqa: E402  (the path above)

PAGE: Final = ROOT / "docs" / "performance.md"
KINDS: Final[tuple[type[Site], ...]] = (MailmanSite, MlcoreSite)
TITLES: Final = (MailmanSite.title, MlcoreSite.title)
SINK_S: Final = 2.0


class Run:
    """All rounds, and what they found."""

    def __init__(self, bench: Bench, kinds: Sequence[type[Site]], scenarios: Sequence[Scenario]) -> None:
        self._bench = bench
        self._kinds = kinds
        self._scenarios = scenarios
        self.results: dict[str, dict[str, list[Figure]]] = {}
        self.failures: list[str] = []

    @property
    def rows(self) -> list[Row]:
        return [row for scenario in self._scenarios for row in scenario.rows(self._bench.sizes)]

    def rounds(self, number: int) -> None:
        """Each scenario in turn for both, then the next one: what changes on the machine concerns both. The
        one that is first in one round is second in the next."""
        for one in range(1, number + 1):
            for scenario in self._scenarios:
                for kind in self._kinds if one % 2 else reversed(self._kinds):
                    self._measure(scenario, kind, f"round {one}")

    def _measure(self, scenario: Scenario, kind: type[Site], when: str) -> None:
        site = None
        try:
            site = self._bench.site(kind, scenario.site)
            found = scenario.measure(self._bench, kind)
        except Failed as failed:
            self.failures.append(f"{scenario.key}, {when}: {failed}")
            print(f"{when}  {scenario.key:14} FAILED: {failed}", flush=True)
            self._bench.forget(kind, scenario.site)
            return
        if site.spoiled:
            self._bench.forget(kind, scenario.site)
        units = {row.key: row.unit for row in scenario.rows(self._bench.sizes)}
        for key, figures in found.items():
            self.results.setdefault(key, {}).setdefault(kind.title, []).extend(figures)
            text = table.shown(table.median(figures), units[key])
            print(f"{when}  {kind.title:20} {key:24} {text}", flush=True)


def main() -> int:
    parser = arguments()
    options = parser.parse_args()
    if options.write_docs and (options.quick or options.only or options.server != "both"):
        parser.error("--write-docs wants everything, measured for both")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the servers end too
    if options.write_docs:
        table.placed(PAGE.read_text("utf-8"), "")  # now, not after two hours
    sizes = replace(
        QUICK if options.quick else Sizes(), **({"limit_s": options.limit} if options.limit else {})
    )
    chosen = [
        scenario
        for scenario in SCENARIOS
        if (scenario.key in options.only if options.only else options.long or not scenario.long)
    ]
    kinds = [kind for kind in KINDS if options.server in {"both", kind.__module__.rpartition(".")[2]}]
    if MailmanSite in kinds:
        install()
    with workshop() as directory, SinkProcess(directory, offer=tuple(options.offer)) as sink:
        facts = machine.facts(directory)
        speed = sink.speed(post_octets("bench@example.com", 1, 4096), SINK_S)
        facts["sink"] = f"{speed:,.0f} transactions of one recipient a second"
        facts["additions"] = f"{machine.calibrate():.2f} s for ten million additions in Python"
        facts["rounds"] = str(options.rounds)
        for key, value in facts.items():
            print(f"{key}: {value}", flush=True)
        bench = Bench(directory, sink, sizes, options.recipients, options.connections)
        run = Run(bench, kinds, chosen)
        try:
            run.rounds(options.rounds)
        finally:
            bench.close()
            facts["additions at the end"] = f"{machine.calibrate():.2f} s"
            found = table.markdown(run.rows, run.results, TITLES)
            print(f"\n{found}")
            if options.json:
                text = table.as_json(run.rows, run.results, facts, run.failures)
                Path(options.json).write_text(text + "\n", "utf-8")
    for failure in run.failures:
        print(failure, file=sys.stderr)
    if options.write_docs:
        text = f"{table.sentences(facts)}\n\n{found}"
        PAGE.write_text(table.placed(PAGE.read_text("utf-8"), text), "utf-8")
    return 1 if run.failures else 0


def arguments() -> argparse.ArgumentParser:
    keys = [scenario.key for scenario in SCENARIOS]
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"Scenarios: {' '.join(keys)}",
    )
    parser.add_argument("--rounds", type=int, default=3, help="the table has medians; default: 3")
    parser.add_argument("--only", type=_keys, default=[], metavar="KEY,KEY", help="these scenarios")
    parser.add_argument("--server", choices=("both", "mailman", "mlcore"), default="both")
    parser.add_argument("--quick", action="store_true", help="small numbers: to see whether it works")
    parser.add_argument("--long", action="store_true", help="also what takes Mailman a quarter of an hour")
    parser.add_argument(
        "--limit", type=float, default=0, metavar="S", help="for one measurement; default: 900"
    )
    parser.add_argument(
        "--recipients",
        type=int,
        default=500,
        help="in one transaction, for both; 0: what each has by itself (10 and 500); default: 500",
    )
    parser.add_argument("--connections", type=int, default=4, help="LMTP sessions at a time; default: 4")
    parser.add_argument("--offer", action="append", default=[], help="a keyword more for EHLO of the sink")
    parser.add_argument("--json", metavar="FILE", default="", help="all figures of all rounds")
    parser.add_argument("--write-docs", action="store_true", help="the table into docs/performance.md")
    return parser


def _keys(text: str) -> list[str]:
    wanted, known = text.split(","), [scenario.key for scenario in SCENARIOS]
    unknown = [key for key in wanted if key not in known]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose from {', '.join(known)}")
    return wanted


@contextmanager
def workshop() -> Iterator[Path]:
    """A directory on the disk to measure on."""
    with tempfile.TemporaryDirectory(prefix="mlcore-beside-", dir=os.environ.get("BENCH_DIR")) as name:
        yield Path(name)


if __name__ == "__main__":
    sys.exit(main())
