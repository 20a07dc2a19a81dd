"""`mlcore headermatches`: texts and exit statuses."""

from pathlib import Path

import pytest

from support.site import SiteInDirectory

ANT = "ant@example.com"


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    site.run("create", ANT)
    return site


def test_shown_as_they_are_tried(site: SiteInDirectory) -> None:
    assert site.run("headermatches", ANT).output == ""
    site.run("headermatches", ANT, "add", "X-Spam-Flag:", "^yes", "-a", "discard", "--tag", "spam")
    site.run("headermatches", "ant.example.com", "add", "Subject", "宝くじ")
    site.run("headermatches", ANT, "add", "-p", "0", "--action", "hold", "From", "@evil\\.example")

    expected = "0 from: @evil\\.example -> hold\n1 x-spam-flag: ^yes -> discard [spam]\n2 subject: 宝くじ\n"
    assert site.run("headermatches", ANT).output == expected
    assert site.run("headermatches", ANT, "list").output == expected
    assert site.json("headermatches", ANT, "list")[1:] == [
        {"position": 1, "header": "x-spam-flag", "pattern": "^yes", "action": "discard", "tag": "spam"},
        {"position": 2, "header": "subject", "pattern": "宝くじ", "action": None, "tag": ""},
    ]


def test_removed(site: SiteInDirectory) -> None:
    for header in "abcd":
        site.run("headermatches", ANT, "add", header, "x")

    assert site.run("headermatches", ANT, "remove", "0", "2").output == ""
    assert site.run("headermatches", ANT).output == "0 b: x\n1 d: x\n"
    assert site.run("headermatches", ANT, "remove", "--all").output == ""
    assert site.run("headermatches", ANT).output == ""


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("bee@example.com",), "Error: No such list: bee@example.com\n"),
        ((ANT, "remove", "1"), "Error: No header match at this position: 1\n"),
        ((ANT, "remove"), "Error: name positions, or --all\n"),
        ((ANT, "remove", "--all", "0"), "Error: name positions, or --all\n"),
        ((ANT, "add", "SUBJECT", "x"), "Error: This header match already exists\n"),
        ((ANT, "add", "Subject", " "), "has no expression: write .* to find every such field\n"),
    ],
)
def test_what_is_refused(site: SiteInDirectory, arguments: tuple[str, ...], error: str) -> None:
    site.run("headermatches", ANT, "add", "subject", "x")

    result = site.run("headermatches", *arguments)
    assert result.exit_code == 2
    assert result.stderr.endswith(error)
    assert site.run("headermatches", ANT).output == "0 subject: x\n"
