"""Settings → the tables of `docs/configuration.md`.

`python -m mlcore.config.table FILE` puts them into FILE anew, between the comments that mark them."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from mlcore.config import incumbent
from mlcore.config.archivers import ArchiverOptions
from mlcore.config.settings import LAYOUTS, Paths, Settings
from mlcore.config.values import Kind


def with_tables(text: str) -> str:
    """`text` with its generated parts made anew: those between `<!-- NAME -->` and `<!-- end of NAME -->`.

    Raises ValueError if one of them is not there."""
    for name, table in (("keys", keys()), ("layouts", layouts()), ("mailman.cfg", foreign_keys())):
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
        head, found, rest = text.partition(begin)
        _, closed, tail = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"there is no part {name}")
        text = f"{head}{begin}{table}{end}{tail}"
    return text


def keys() -> str:
    """All sections with all their keys; `at once` are those that a running server takes over."""
    parts = []
    for item in fields(Settings):
        if "section" not in item.metadata:
            continue
        name = "paths.NAME" if item.type is Paths else item.metadata["section"]
        parts.append(_section(name, item.type))
    return "".join([*parts, _section("archiver.NAME", ArchiverOptions)]) + "\n"


def _section(name: str, record: Any) -> str:
    table = _table(("Key", "Default", "Counts", "Meaning"), _rows(record))
    return f"\n### [{name}]\n\n{' '.join(record.__doc__.split())}\n\n{table}"


def _rows(record: Any) -> Iterator[tuple[str, ...]]:
    for key in fields(record):
        kind: Kind = key.metadata["kind"]
        default = kind.show(key.default)
        counts = "at once" if key.metadata["live"] else "restart"
        yield f"`{key.name}`", f"`{default}`" if default else "–", counts, key.metadata["doc"]


def layouts() -> str:
    """Where the built-in layouts put things."""
    names = [item.name for item in fields(Paths)]
    rows = [
        (f"`{name}`", *(f"`{layout[name]}`" if name in layout else "" for layout in LAYOUTS.values()))
        for name in names
        if any(name in layout for layout in LAYOUTS.values())
    ]
    return _table(("Key", *LAYOUTS), rows)


def foreign_keys() -> str:
    """What of a mailman.cfg is accepted with a notice, and why it has no effect."""
    rows = []
    for section, reasons in incumbent.KEYS.items():
        for reason in dict.fromkeys(reasons.values()):
            keys_of = " ".join(f"`{key}`" for key, why in reasons.items() if why == reason)
            rows.append((f"[{'paths.NAME' if section == 'paths' else section}]", keys_of, reason))
    for name, category in incumbent.CATEGORIES.items():
        keys_of = " ".join(f"`{key}`" for key in category.keys)
        rows.append((f"[{name}.NAME]", keys_of, category.reason.removeprefix(incumbent.NO_EFFECT)))
    return _table(("Section", "Keys", "Why they have no effect"), rows)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |\n" for line in lines)


def main(path: str) -> None:
    """Makes the tables in the file at `path` anew."""
    file = Path(path)
    file.write_text(with_tables(file.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
