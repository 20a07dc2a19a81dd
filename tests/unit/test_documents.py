"""The documents hang together: what they link to is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_SHOWN = re.compile(r"^(?: {4}|\t).*$|`[^`\n]*`", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def links(text: str) -> list[str]:
    """The targets of the links in a page; what is only shown as an example is left out."""
    return _LINK.findall(_SHOWN.sub("", _BLOCK.sub("", text)))


def anchors(text: str) -> set[str]:
    """Of the headings of a page, as forges make them: lower case, hyphens for blanks, no other signs."""
    found: set[str] = set()
    for heading in _HEADING.findall(_BLOCK.sub("", text)):
        name = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        number = 0
        while (name if not number else f"{name}-{number}") in found:
            number += 1
        found.add(name if not number else f"{name}-{number}")
    return found


def faults(page: Path, text: str) -> list[str]:
    """Links of `page`, whose text is `text`, that lead nowhere."""
    wrong = []
    for link in links(text):
        if re.match(r"[a-z]+:", link):
            continue  # elsewhere; a test asks nobody there
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if path and not target.exists():
            wrong.append(f"{link}: there is no such file")
        elif anchor and anchor not in anchors(text if target == page else target.read_text("utf-8")):
            wrong.append(f"{link}: there is no such heading")
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert faults(page, page.read_text("utf-8")) == []


def test_every_page_can_be_found_from_the_first_one() -> None:
    found, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        found.add(page)
        targets = (page.parent / link.partition("#")[0] for link in links(page.read_text("utf-8")))
        waiting += {one.resolve() for one in targets if one.suffix == ".md" and one.exists()} - found
    assert set(PAGES) <= found


def test_the_first_page_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) < 100


def test_the_check_sees_what_is_wrong() -> None:
    text = "# One `two`: three\n## Same\n## Same\n[a](gone.md) [b](#nowhere) [c](README.md#nowhere)\n"
    more = "`[d](no.md)` [e](#one-two-three) [f](#same-1) [g](docs/) [h](https://x)\n    [i](no.md)\n"
    assert faults(ROOT / "page.md", text + more) == [
        "gone.md: there is no such file",
        "#nowhere: there is no such heading",
        "README.md#nowhere: there is no such heading",
    ]
