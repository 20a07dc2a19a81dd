"""From figures to the table of docs/performance.md."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

START: Final = "<!-- side by side -->"
END: Final = "<!-- end of side by side -->"
MISSING: Final = "–"


@dataclass(frozen=True)
class Figure:
    """One measured value. bound: `>` or `<` where the time was over before the end, and so it is at least, or
    at most, this."""

    value: float
    bound: Literal["", "<", ">"] = ""


@dataclass(frozen=True)
class Row:
    """One line of the table. better: which way is better; neither: no factor is shown."""

    key: str
    title: str
    unit: str
    better: Literal["more", "less", ""]


Results = Mapping[str, Mapping[str, Sequence[Figure]]]
"""By key of the row and title of the server: the figures of all rounds."""


def median(figures: Sequence[Figure]) -> Figure | None:
    """Of an even number the mean of the two in the middle; a bound of one of them holds for it."""
    if not figures:
        return None
    ordered = sorted(figures, key=lambda figure: figure.value)
    middle = ordered[(len(ordered) - 1) // 2 : len(ordered) // 2 + 1]
    bounds = [figure.bound for figure in middle if figure.bound]
    return Figure(statistics.mean(figure.value for figure in middle), bounds[0] if bounds else "")


def number(value: float) -> str:
    """With as many digits as say something."""
    digits = 0 if value >= 100 or value == round(value) else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:,.{digits}f}"


def shown(figure: Figure | None, unit: str) -> str:
    """A cell."""
    if figure is None:
        return MISSING
    return f"{figure.bound}{number(figure.value)}{' ' if unit else ''}{unit}"


def factor(row: Row, incumbent: Figure | None, own: Figure | None) -> str:
    """How many times better `own` is; below 1 it is worse. Empty where that says nothing."""
    if incumbent is None or own is None or not row.better or not incumbent.value or not own.value:
        return ""
    if own.bound:
        return ""
    ratio = own.value / incumbent.value if row.better == "more" else incumbent.value / own.value
    return f"{'>' if incumbent.bound else ''}{number(ratio)}"


def markdown(rows: Sequence[Row], results: Results, titles: Sequence[str]) -> str:
    """The table: medians of all rounds. titles: of the incumbent and of the own server. Rows without any
    figure are left out."""
    incumbent, own = titles
    lines = [f"| | {incumbent} | {own} | times better |", "|---|---:|---:|---:|"]
    for row in rows:
        of_row = results.get(row.key, {})
        left, right = (median(of_row.get(title, ())) for title in titles)
        if left is not None or right is not None:
            cells = (row.title, shown(left, row.unit), shown(right, row.unit), factor(row, left, right))
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def sentences(facts: Mapping[str, str]) -> str:
    """The facts about a run, a line each, to stand above the table."""
    return "\n".join(f"- {name}: {value}" for name, value in facts.items() if value)


def as_json(rows: Sequence[Row], results: Results, facts: Mapping[str, str], failures: Sequence[str]) -> str:
    """Everything, each round by itself."""
    found: list[dict[str, Any]] = [
        {
            "row": row.key,
            "title": row.title,
            "unit": row.unit,
            "figures": {
                title: [{"value": figure.value, "bound": figure.bound} for figure in figures]
                for title, figures in results.get(row.key, {}).items()
            },
        }
        for row in rows
        if results.get(row.key)
    ]
    return json.dumps({"facts": facts, "rows": found, "failures": failures}, indent=2, ensure_ascii=False)


def placed(page: str, text: str) -> str:
    """The page with `text` between the two markers. Raises ValueError if they are not there once each."""
    if page.count(START) != 1 or page.count(END) != 1 or page.index(START) > page.index(END):
        raise ValueError(f"the page needs a line {START} and after it a line {END}")
    return f"{page[: page.index(START)]}{START}\n{text.strip()}\n{page[page.index(END) :]}"
