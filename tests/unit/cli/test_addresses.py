"""`mlcore changeaddress`."""

from pathlib import Path

import pytest

from support.site import SiteInDirectory


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    site.run("create", "ant@example.com")
    site.run("addmembers", "-", "ant@example.com", stdin="anne@example.com\nbart@example.com\n")
    return site


def test_an_address_changes_on_every_list(site: SiteInDirectory) -> None:
    result = site.run("changeaddress", "anne@example.com", "Anne@work.example")
    assert (result.exit_code, result.output) == (
        0,
        "Address changed from anne@example.com to Anne@work.example.\n",
    )
    assert site.run("members", "ant@example.com").output == "Anne@work.example\nbart@example.com\n"


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("zoe@example.com", "z@example.com", "Address zoe@example.com not found."),
        ("anne@example.com", "anne", "Address anne is not a valid email address."),
        ("anne@example.com", "anne@example.com", "Addresses are not different.  Nothing to change."),
        ("anne@example.com", "bart@example.com", "Address bart@example.com already exists; can't change."),
    ],
)
def test_what_is_refused(site: SiteInDirectory, old: str, new: str, text: str) -> None:
    result = site.run("changeaddress", old, new)
    assert (result.exit_code, result.stderr) == (2, f"Error: {text}\n")
    assert site.run("members", "ant@example.com").output == "anne@example.com\nbart@example.com\n"
