"""docs/texts.md, and its Japanese twin, name every text with the values that it gets, and none that there is
not."""

import re
from pathlib import Path

import pytest

from mlcore.sources.web import MOST_REDIRECTIONS
from mlcore.texts.names import COMMON, FILES, TEMPLATES

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGES = [DOCS / "texts.md", DOCS / "ja" / "texts.md"]
_ROW = re.compile(r"^\| `([^`]+)` \|.*?\| (.*?) ?\|$", re.MULTILINE)
_WORD = re.compile(r"`([a-z_]+)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_every_text_has_a_row_with_its_own_values(page: Path) -> None:
    text = page.read_text("utf-8")
    rows = {name: set(_WORD.findall(values)) for name, values in _ROW.findall(text) if name in FILES}
    assert list(rows) == list(FILES)
    sets = [set(_WORD.findall(line)) for line in text.splitlines() if line.startswith("| ") and "`" in line]
    for name, values in rows.items():
        extra = FILES[name].extra
        assert values <= extra, name
        # the rest stands in a row for several texts
        assert all(
            any(word in found and found - {word} <= extra | COMMON for found in sets) for word in extra
        )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_what_is_common_and_what_is_broken_into_lines(page: Path) -> None:
    text = page.read_text("utf-8")
    assert set(_WORD.findall(text)) >= COMMON
    lines = text[text.rindex("\n## ") :]
    for template in TEMPLATES.values():
        assert (f"`{template.name}`" in lines) is bool(template.wrap)


def test_there_are_three_redirections() -> None:
    assert MOST_REDIRECTIONS == 3
