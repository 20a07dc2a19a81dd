"""The table that is made of what was measured."""

import json

import pytest

from side_by_side.table import (
    END,
    START,
    Figure,
    Row,
    as_json,
    factor,
    markdown,
    median,
    number,
    placed,
    sentences,
    shown,
)

FAST = Row("fast", "Posts", "posts/s", "more")
SLOW = Row("slow", "A command", "s", "less")
COUNT = Row("count", "Processes", "", "")
TITLES = ("Theirs 1.0", "ours")


def figures(*values: float) -> list[Figure]:
    return [Figure(value) for value in values]


def test_a_cell_has_the_median_of_all_rounds_and_the_last_column_how_many_times_better_it_is() -> None:
    results = {
        "fast": {"Theirs 1.0": figures(9, 30, 10), "ours": figures(450, 500, 700)},
        "slow": {"Theirs 1.0": figures(3.2), "ours": figures(0.4)},
        "count": {"Theirs 1.0": figures(15), "ours": figures(1)},
    }
    assert markdown([FAST, SLOW, COUNT], results, TITLES) == (
        "| | Theirs 1.0 | ours | times better |\n"
        "|---|---:|---:|---:|\n"
        "| Posts | 10 posts/s | 500 posts/s | 50 |\n"
        "| A command | 3.20 s | 0.400 s | 8 |\n"
        "| Processes | 15 | 1 |  |\n"
    )


def test_what_was_not_measured_is_a_dash_and_what_nobody_measured_is_no_row() -> None:
    found = markdown([FAST, SLOW], {"fast": {"ours": figures(5)}}, TITLES)
    assert found.splitlines()[2:] == ["| Posts | – | 5 posts/s |  |"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((), None),
        (figures(4), Figure(4)),
        (figures(1, 9, 4), Figure(4)),
        (figures(1, 9, 4, 6), Figure(5)),
        ([Figure(900, ">"), Figure(2), Figure(3)], Figure(3)),
        ([Figure(900, ">"), Figure(900, ">"), Figure(3)], Figure(900, ">")),
        ([Figure(900, ">"), Figure(800)], Figure(850, ">")),
    ],
)
def test_a_bound_of_the_middle_is_that_of_the_median(given: list[Figure], expected: Figure | None) -> None:
    assert median(given) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0123, "0.012"),
        (0.5, "0.500"),
        (3.14159, "3.14"),
        (27.18, "27.2"),
        (150.4, "150"),
        (15.0, "15"),
        (12_345.6, "12,346"),
    ],
)
def test_a_number_has_as_many_digits_as_say_something(value: float, text: str) -> None:
    assert number(value) == text


def test_a_figure_that_is_a_bound_says_so() -> None:
    assert shown(Figure(900, ">"), "s") == ">900 s"
    assert shown(Figure(15), "") == "15"
    assert shown(None, "s") == "–"


@pytest.mark.parametrize(
    ("row", "theirs", "ours", "text"),
    [
        (FAST, Figure(10), Figure(5), "0.500"),
        (FAST, Figure(10, "<"), Figure(50), ">5"),
        (SLOW, Figure(900, ">"), Figure(9), ">100"),
        (SLOW, Figure(9), Figure(900, ">"), ""),
        (SLOW, Figure(0), Figure(1), ""),
        (SLOW, Figure(1), Figure(0), ""),
        (SLOW, None, Figure(1), ""),
        (SLOW, Figure(1), None, ""),
        (COUNT, Figure(15), Figure(1), ""),
    ],
)
def test_the_factor(row: Row, theirs: Figure | None, ours: Figure | None, text: str) -> None:
    assert factor(row, theirs, ours) == text


def test_the_table_takes_the_place_of_the_old_one_between_its_markers() -> None:
    page = f"before\n{START}\nold\n{END}\nafter\n"
    once = placed(page, "| new |\n")
    assert once == f"before\n{START}\n| new |\n{END}\nafter\n"
    assert placed(once, "| new |\n") == once


@pytest.mark.parametrize("page", ["", START, f"{END}\n{START}\n", f"{START}\n{START}\n{END}\n"])
def test_a_page_without_markers_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="the page needs a line"):
        placed(page, "text")


def test_the_file_has_all_rounds() -> None:
    results = {"slow": {"ours": [Figure(1.5), Figure(900, ">")]}}
    found = json.loads(as_json([FAST, SLOW], results, {"date": "2026-11-20"}, ["few, round 1: it ended"]))
    assert found == {
        "facts": {"date": "2026-11-20"},
        "failures": ["few, round 1: it ended"],
        "rows": [
            {
                "row": "slow",
                "title": "A command",
                "unit": "s",
                "figures": {"ours": [{"value": 1.5, "bound": ""}, {"value": 900, "bound": ">"}]},
            }
        ],
    }


def test_facts_are_lines_and_unknown_ones_none() -> None:
    assert sentences({"date": "2026-11-20", "disk": ""}) == "- date: 2026-11-20"
