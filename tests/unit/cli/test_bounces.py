"""`mlcore bounces`."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from mlcore.lists.model import DeliveryStatus, Preferences, Role
from mlcore.store import bounces, memberships, preferences
from mlcore.store.bounces import BounceEvent
from mlcore.store.engine import open_sync
from mlcore.store.schema import members
from support.site import SiteInDirectory

ANT, BEE = "ant@example.com", "bee@example.com"
ANNE = "anne@example.org"
NOW = 1_700_000_000.0
FIRST = "2023-11-14T22:13:20Z ant.example.com report rfc3464 5.1.1 proof counted score=1\n"
SAID = "    550 5.1.1 no such mailbox\n"
SECOND = "2023-11-15T22:13:20Z bee.example.com smtp unproven ignored-off score=0\n"


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    for one in (ANT, BEE):
        site.run("create", one)
        site.run("addmembers", "-", one, stdin="Anne <Anne@example.org>\n")
    with open_sync(site.settings.database.url) as connection:
        given: dict[str, Any] = {
            "list_id": "ant.example.com",
            "address": ANNE,
            "address_key": ANNE,
            "source": "report",
            "format": "rfc3464",
            "code": "5.1.1",
            "diagnostic": "550 5.1.1 no such mailbox",
            "proof": True,
            "message_id": "<r@example.org>",
        }
        bounces.add_event(connection, BounceEvent(**given, cause="e1", effect="counted", score=1, at=NOW))
        other = {"list_id": "bee.example.com", "source": "smtp", "format": "", "code": "", "diagnostic": ""}
        given |= {**other, "proof": False, "message_id": ""}
        bounces.add_event(
            connection, BounceEvent(**given, cause="e2", effect="ignored-off", score=0, at=NOW + 86_400)
        )
        for found in memberships.memberships_of_addresses(connection, [ANNE], Role.MEMBER):
            if found.list_id == "ant.example.com":
                wanted = Preferences(delivery_status=DeliveryStatus.BY_BOUNCES)
                preferences.set_of_member(connection, found.member_id, wanted)
                connection.execute(
                    update(members)
                    .where(members.c.member_uuid == found.member_id)
                    .values(bounce_score=1, last_bounce_at=NOW, warnings_sent=2, last_warning_at=NOW)
                )
    return site


def test_everything_about_an_address(site: SiteInDirectory) -> None:
    assert site.run("bounces", "ANNE@Example.org").output == (
        "ant.example.com score=1 warnings=2 by_bounces\nbee.example.com score=0 warnings=0 enabled\n"
        + FIRST
        + SAID
        + SECOND
    )


@pytest.mark.parametrize("option", ["-l", "--list"])
def test_on_one_list(site: SiteInDirectory, option: str) -> None:
    assert site.run("bounces", option, ANT, ANNE).output == (
        "ant.example.com score=1 warnings=2 by_bounces\n" + FIRST + SAID
    )
    assert site.run("bounces", option, "bee.example.com", ANNE).output == (
        "bee.example.com score=0 warnings=0 enabled\n" + SECOND
    )


def test_of_whom_nothing_is_known(site: SiteInDirectory) -> None:
    result = site.run("bounces", "zed@example.net")
    assert (result.exit_code, result.output) == (
        0,
        "Nothing is known to have come back from zed@example.net.\n",
    )


def test_a_reset_lets_it_begin_anew(site: SiteInDirectory) -> None:
    first = site.run("bounces", "--reset", ANNE)
    assert first.output == (
        "ant.example.com score=0 warnings=0 enabled\nbee.example.com score=0 warnings=0 enabled\n"
        + FIRST
        + SAID
        + SECOND
    )
    assert site.run("bounces", ANNE).output == first.output
    assert site.run("members", "--nomail", "bybounces", ANT).output == "ant.example.com has no members\n"


def test_a_reset_on_one_list_leaves_the_others(site: SiteInDirectory) -> None:
    site.run("bounces", "--reset", "-l", BEE, ANNE)
    assert "ant.example.com score=1 warnings=2 by_bounces\n" in site.run("bounces", ANNE).output


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--reset", "zed@example.net"), "zed@example.net is no member"),
        (("nobody",), "nobody"),
        (("-l", "cat@example.com", ANNE), "No such list: cat@example.com"),
    ],
)
def test_what_is_refused(site: SiteInDirectory, arguments: tuple[str, ...], error: str) -> None:
    result = site.run("bounces", *arguments)
    assert result.exit_code == 2
    assert error in result.stderr


def test_as_json(site: SiteInDirectory) -> None:
    found = json.loads(site.run("bounces", "--json", ANNE).output)
    assert found["address"] == ANNE
    ant, bee = found["memberships"]
    assert ant.pop("member_id") != bee.pop("member_id")
    assert ant == {
        "list_id": "ant.example.com",
        "address": "Anne@example.org",
        "delivery_status": "by_bounces",
        "score": 1,
        "last_bounce_at": "2023-11-14T22:13:20Z",
        "warnings_sent": 2,
        "last_warning_at": "2023-11-14T22:13:20Z",
    }
    assert (bee["score"], bee["last_bounce_at"], bee["last_warning_at"]) == (0, None, None)
    assert [event["at"] for event in found["events"]] == ["2023-11-14T22:13:20Z", "2023-11-15T22:13:20Z"]
    assert found["events"][0] == {
        "at": "2023-11-14T22:13:20Z",
        "list_id": "ant.example.com",
        "address": ANNE,
        "source": "report",
        "format": "rfc3464",
        "code": "5.1.1",
        "diagnostic": "550 5.1.1 no such mailbox",
        "proof": True,
        "effect": "counted",
        "score": 1,
        "cause": "e1",
        "message_id": "<r@example.org>",
    }


def test_p9_what_a_server_said_does_not_steer_a_terminal(site: SiteInDirectory) -> None:
    with open_sync(site.settings.database.url) as connection:
        event = BounceEvent(
            cause="e3",
            list_id="ant.example.com",
            address=ANNE,
            address_key=ANNE,
            source="report",
            format="\x1b[2J",
            diagnostic="550 \x1b]0;x\x07\n",
            effect="counted",
            at=NOW,
        )
        bounces.add_event(connection, event)
    assert "\x1b" not in site.run("bounces", ANNE).output
