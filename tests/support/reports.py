"""The corpus of reports: mails to `-bounces` in the formats of many servers, and what each says.

Files in tests/corpus/reports/, lines ending with LF; `index.json` beside them has for each: what it is
about, kind, format, findings (address, permanent, code, policy), and a complaint's values. All of them were
written for this corpus after published descriptions; names and addresses are invented."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_FOLDER: Final = Path(__file__).parents[1] / "corpus" / "reports"


@dataclass(frozen=True)
class Report:
    """One mail. octets: with CRLF; findings: (address, permanent, code, policy) in order; format: of all of
    them, empty if there are none."""

    name: str
    about: str
    octets: bytes
    kind: str
    format: str
    findings: tuple[tuple[str, bool, str, bool], ...]
    complaint: Mapping[str, Any] | None


def corpus() -> tuple[Report, ...]:
    """All of them, by name."""
    index: dict[str, dict[str, Any]] = json.loads((_FOLDER / "index.json").read_text("utf-8"))
    return tuple(_report(name, entry) for name, entry in sorted(index.items()))


def report(name: str) -> Report:
    """The one of this name."""
    return next(found for found in corpus() if found.name == name)


def names_of_files() -> set[str]:
    """What is in the folder."""
    return {path.stem for path in _FOLDER.glob("*.eml")}


def _report(name: str, entry: Mapping[str, Any]) -> Report:
    octets = (_FOLDER / f"{name}.eml").read_bytes().replace(b"\n", b"\r\n")
    findings = tuple(
        (found["address"], found["permanent"], found["code"], found["policy"]) for found in entry["findings"]
    )
    return Report(
        name, entry["about"], octets, entry["kind"], entry["format"], findings, entry.get("complaint")
    )
