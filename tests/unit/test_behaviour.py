"""Every row of what a list server has to do has a test, and every mark names a row."""

from pathlib import Path

import pytest

import mlcore
from mlcore.lists import chain, pipelines
from mlcore.lists.attributes import ATTRIBUTES, RECORDS
from mlcore.lists.command_requests import WORDS
from mlcore.lists.model import Preferences
from mlcore.lists.notices.desk import Desk
from mlcore.lists.notices.writer import Writer
from mlcore.texts.names import TEMPLATES
from support import behaviour
from support.behaviour import Found

PAGE = Path(mlcore.__file__).parent.parent.parent / "docs" / "behaviour.md"


@pytest.fixture(scope="module")
def found() -> list[Found]:
    return behaviour.collect()


def test_every_row_has_a_test(found: list[Found]) -> None:
    assert behaviour.untested(found) == []


def test_every_mark_names_a_row(found: list[Found]) -> None:
    assert behaviour.unknown(found) == []


def test_the_page_is_up_to_date(found: list[Found]) -> None:
    assert behaviour.table(found) == PAGE.read_text("utf-8"), "run tools/behaviour-table"


def test_a_row_without_a_test_is_seen(found: list[Found]) -> None:
    without = [one for one in found if one.label != "rule: loop"]
    assert behaviour.untested(without) == ["rule: loop"]
    assert behaviour.unknown([*without, Found("rule: lop", "x")]) == [Found("rule: lop", "x")]


def test_marks_are_read_from_the_source() -> None:
    text = """
import pytest

@pytest.mark.row("rule: loop", "rule: any")
def test_one(): ...

@pytest.mark.parametrize("x", [1, pytest.param(2, marks=pytest.mark.row("kept: *"))])
async def test_two(x): ...
"""
    assert list(behaviour.marks(text, "x")) == [
        ("rule: loop", "test_one"),
        ("rule: any", "test_one"),
        ("kept: *", "test_two"),
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('pytestmark = pytest.mark.row("rule: any")', "x:1: this mark is on no test"),
        ('@pytest.mark.row("rule: any")\ndef helper(): ...', "x:1: this mark is on no test"),
        ("@pytest.mark.row(NAME)\ndef test_one(): ...", "x:1: the label is no literal"),
    ],
)
def test_a_mark_that_may_be_on_no_test_is_refused(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        list(behaviour.marks(text, "x"))


def test_the_rows_are_all_that_the_code_has() -> None:
    rows = {kind: set(names) for kind, names in behaviour.ROWS.items()}
    settings = {name: one.in_force for name, one in ATTRIBUTES.items() if one.writable}
    assert {name for name, acts in settings.items() if acts} | set(RECORDS) == rows["attribute"]
    assert {name for name, acts in settings.items() if not acts} == rows["kept"]
    assert {*chain.rule_names(), "any", "truth"} == rows["rule"]
    assert set(chain.CHAINS) == rows["chain"]
    assert {*pipelines.PIPELINES, "virgin"} == rows["pipeline"]
    assert {"after-delivery", "acknowledge"} | {
        one.name
        for pipeline in (*pipelines.PIPELINES.values(), pipelines.VIRGIN)
        for one in (*pipeline.first, *pipeline.second)
    } == rows["handler"]
    assert set(Preferences.__struct_fields__) == rows["preference"]
    assert set(WORDS) == rows["command"]
    assert {name for name in TEMPLATES if name.count(":") == 3} == rows["template"]
    writes = {name for name in set(dir(Writer)) - set(dir(Desk)) if not name.startswith("_")}
    assert writes == rows["mail"] - {"shunted"}
