"""`mlcore topics`: texts and exit statuses."""

from pathlib import Path

import pytest

from support.site import SiteInDirectory

ANT = "ant@example.com"
OFF = f"Topics are off: mlcore settings {ANT} topics_enabled=yes\n"


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    site.run("create", ANT)
    return site


def test_made_shown_and_removed(site: SiteInDirectory) -> None:
    assert site.run("topics", ANT).output == ""
    made = site.run("topics", ANT, "add", "-d", "Hot drinks", "Tea", r"\btea\b", "oolong")
    assert (made.exit_code, made.stdout, made.stderr) == (0, "", OFF)
    site.run("settings", ANT, "topics_enabled=yes")
    assert site.run("topics", "ant.example.com", "add", "蟻", "--", "-ants?").stderr == ""

    shown = "Tea: Hot drinks\n    \\btea\\b\n    oolong\n蟻\n    -ants?\n"
    assert site.run("topics", ANT).output == shown
    assert site.run("topics", ANT, "list").output == shown
    assert site.json("topics", ANT, "list") == [
        {"name": "Tea", "description": "Hot drinks", "patterns": ["\\btea\\b", "oolong"]},
        {"name": "蟻", "description": "", "patterns": ["-ants?"]},
    ]

    assert site.run("topics", ANT, "remove", "Tea").output == ""
    assert site.run("topics", ANT).output == "蟻\n    -ants?\n"


def test_other_patterns(site: SiteInDirectory) -> None:
    site.run("topics", ANT, "add", "Tea", "tea")
    twice = site.run("topics", ANT, "add", "Tea", "oolong")
    assert twice.exit_code == 2
    assert twice.stderr == "Error: the topic Tea exists already: --replace gives it other patterns\n"
    assert site.run("topics", ANT, "add", "--replace", "Tea", "oolong").exit_code == 0
    assert site.run("topics", ANT).output == "Tea\n    oolong\n"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("bee@example.com",), "Error: No such list: bee@example.com\n"),
        (("bee@example.com", "add", "x", "y"), "Error: No such list: bee@example.com\n"),
        (
            (ANT, "remove", "Tea"),
            f"Error: {ANT} has no topic Tea: `mlcore topics {ANT}` shows those there are\n",
        ),
        (
            (ANT, "add", "a,b", "x"),
            "cannot name a topic: write 1 to 60 characters on one line, without commas\n",
        ),
        ((ANT, "add", "Tea", "("), "write ^.*@example\\.com$\n"),
        ((ANT, "add", "Tea"), "Error: Missing argument 'PATTERN...'.\n"),
    ],
)
def test_what_is_refused(site: SiteInDirectory, arguments: tuple[str, ...], error: str) -> None:
    result = site.run("topics", *arguments)

    assert result.exit_code == 2
    assert result.stderr.endswith(error)
    assert site.run("topics", ANT).output == ""
