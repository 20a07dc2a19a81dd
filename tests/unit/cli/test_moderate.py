"""`mlcore moderate`."""

from pathlib import Path

import pytest

from mlcore.lists.model import Member, Role
from mlcore.store import members
from mlcore.store.engine import open_sync
from support.site import SiteInDirectory

ANT = "ant@example.com"
ANNE = "anne@example.com"
ZOE = "zoe@example.net"


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    site.run("create", ANT)
    site.run("addmembers", "-", ANT, stdin=f"{ANNE}\nbart@example.com\n")
    with open_sync(site.settings.database.url) as connection:
        members.add_many(connection, "ant.example.com", [Member(address=ZOE, role=Role.NONMEMBER)], 1.0)
    return site


def test_what_they_are(site: SiteInDirectory) -> None:
    assert site.run("moderate", ANT, "Anne@Example.com", ZOE).output == (
        f"{ANNE} member default\n{ZOE} nonmember default\n"
    )


def test_an_action_is_set_and_taken_away(site: SiteInDirectory) -> None:
    assert site.run("moderate", "--action", "hold", ANT, ANNE, ZOE).output == (
        f"{ANNE} member hold\n{ZOE} nonmember hold\n"
    )
    assert site.run("moderate", "--action", "default", ANT, ANNE).output == f"{ANNE} member default\n"
    assert site.run("moderate", ANT, ZOE).output == f"{ZOE} nonmember hold\n"


def test_members_are_restricted_and_let_go(site: SiteInDirectory) -> None:
    assert site.run("moderate", "--restrict", ANT, ANNE).output == f"{ANNE} member default restricted\n"
    assert site.run("moderate", ANT, ANNE).output == f"{ANNE} member default restricted\n"
    assert site.run("moderate", "--no-restrict", ANT, ANNE).output == f"{ANNE} member default\n"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((ANT, "nobody@example.com"), "is not known to ant.example.com"),
        ((ANT, "nobody"), "nobody is no address"),
        (("--restrict", ANT, ANNE, ZOE), f"{ZOE} is no member"),
        (("bee@example.com", ANNE), "No such list: bee@example.com"),
    ],
)
def test_what_is_refused(site: SiteInDirectory, arguments: tuple[str, ...], error: str) -> None:
    result = site.run("moderate", *arguments)
    assert result.exit_code == 2
    assert error in result.stderr
    assert site.run("moderate", ANT, ANNE).output == f"{ANNE} member default\n"
