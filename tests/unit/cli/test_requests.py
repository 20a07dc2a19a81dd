"""`mlcore requests`: who waits to join or leave."""

import time
from pathlib import Path

import msgspec
import pytest

from mlcore.actions import lists, members
from mlcore.cli.adding import office
from mlcore.cli.site import Site
from mlcore.lists.model import Role
from mlcore.store import bans
from mlcore.store import members as member_rows
from mlcore.store import requests as rows
from support.site import SiteInDirectory
from support.subscriptions import person, sent

NOW = 1_700_000_000.0
ANT = "ant.example.com"


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    return make(tmp_path)


def make(directory: Path, text: str = "") -> SiteInDirectory:
    site = SiteInDirectory(directory, text)
    site.run("create", "ant@example.com")
    site.run("settings", "ant.example.com", "subscription_policy=moderate", "unsubscription_policy=moderate")
    with site.connection() as connection:
        sent(connection)
    return site


def ask(
    site: SiteInDirectory, who: str, *, verified: bool = True, invitation: bool = False, name: str = ""
) -> int:
    """The number of a request to join."""
    desk = office(Site(str(site.config)))
    with site.connection() as connection:
        policy = lists.find(connection, ANT)
        one = msgspec.structs.replace(person(who), name=name or person(who).name)
        now = time.time()
        desk.join(connection, policy, one, verified=verified, invitation=invitation, cause="e1", now=now)
        found = rows.get(connection, ANT, one.key, "subscription")
        assert found is not None
        sent(connection)
        return found.id


def ask_to_leave(site: SiteInDirectory, who: str) -> int:
    desk = office(Site(str(site.config)))
    with site.connection() as connection:
        policy = lists.find(connection, ANT)
        now = time.time()
        members.add(connection, policy, [person(who)], welcome=False, now=now)
        desk.leave(connection, policy, who, cause="e1", now=now)
        found = rows.get(connection, ANT, person(who).key, "unsubscription")
        assert found is not None
        sent(connection)
        return found.id


def on_list(site: SiteInDirectory) -> list[str]:
    with site.connection() as connection:
        return [one.address for one in members.chosen(connection, ANT, [Role.MEMBER])]


def told(site: SiteInDirectory) -> list[str]:
    with site.connection() as connection:
        return sent(connection)


def test_nothing_is_open(site: SiteInDirectory) -> None:
    assert site.run("requests", "list").output == "No requests\n"
    assert site.run("requests", "list", "ant@example.com").output == "No requests\n"
    assert site.json("requests", "list") == []


def test_what_is_open_is_shown(site: SiteInDirectory) -> None:
    anne = ask(site, "anne@example.net", name="Anne \x1b[2J")
    bart = ask_to_leave(site, "bart@example.net")
    cate = ask(site, "cate@example.net", verified=False, invitation=True)

    lines = site.run("requests", "list").output.splitlines()

    assert [line.split("  ")[0] for line in lines[::4]] == [str(anne), str(bart), str(cate)]
    assert lines[0].endswith(f"Z  {ANT}")
    assert lines[1] == "    Person: Anne \\x1b[2J <anne@example.net>"
    assert lines[2] == "    Wants to: join"
    assert lines[3].startswith("    Waits for: moderator, until 20")
    assert lines[6] == "    Wants to: leave"
    assert lines[10] == "    Wants to: join (invited)"
    assert lines[11].startswith("    Waits for: subscriber, until 20")


def test_what_waits_for_one_of_them(site: SiteInDirectory) -> None:
    anne = ask(site, "anne@example.net")
    bart = ask(site, "bart@example.net", verified=False)
    site.run("create", "bee@example.com")

    def shown(*arguments: str) -> list[int]:
        return [one["request_id"] for one in site.json("requests", "list", *arguments)]

    assert shown("--waits-for", "moderator") == [anne]
    assert shown("--waits-for", "subscriber", "ant@example.com") == [bart]
    assert shown("bee@example.com") == []
    assert site.run("requests", "list", "wasp@example.com").exit_code == 2


def test_json(site: SiteInDirectory) -> None:
    number = ask(site, "太郎 <Taro@example.jp>")
    (one,) = site.json("requests", "list")
    when, expires = one.pop("when"), one.pop("expires")
    assert when < expires
    assert one == {
        "request_id": number,
        "list_id": ANT,
        "type": "subscription",
        "token_owner": "moderator",
        "email": "Taro@example.jp",
        "display_name": "太郎",
        "invitation": False,
    }


def test_accepted_people_are_members(site: SiteInDirectory) -> None:
    anne, bart = ask(site, "Anne@example.net"), ask_to_leave(site, "bart@example.net")

    result = site.run("requests", "accept", str(anne), str(bart), str(anne))

    assert (result.exit_code, result.output) == (0, f"Accepted: {anne}\nAccepted: {bart}\n")
    assert on_list(site) == ["Anne@example.net"]
    assert told(site) == ["welcome Anne@example.net", "goodbye bart@example.net"]
    assert site.json("requests", "list") == []


def test_refused_people_are_told_why(site: SiteInDirectory) -> None:
    anne = ask(site, "anne@example.net")
    result = site.run("requests", "reject", "--reason", "Only staff.", str(anne))
    assert (result.exit_code, result.output) == (0, f"Rejected: {anne}\n")
    assert told(site) == ["refuse anne@example.net"]
    assert on_list(site) == []


def test_nobody_is_told_of_what_is_discarded(site: SiteInDirectory) -> None:
    anne = ask(site, "anne@example.net")
    result = site.run("requests", "discard", str(anne))
    assert (result.exit_code, result.output) == (0, f"Discarded: {anne}\n")
    assert told(site) == []
    assert site.json("requests", "list") == []


def test_all_that_are_named_or_none(site: SiteInDirectory) -> None:
    anne = ask(site, "anne@example.net")
    result = site.run("requests", "accept", str(anne), "7")
    assert result.exit_code == 2
    assert result.stderr == "Error: No such request: 7: `mlcore requests list` shows those there are\n"
    assert on_list(site) == []
    assert site.run("requests", "accept", str(10**20)).exit_code == 2
    assert site.run("requests", "accept").exit_code == 2


def test_a_request_that_is_over_is_none(site: SiteInDirectory) -> None:
    anne = ask(site, "anne@example.net")
    with site.connection() as connection:
        connection.exec_driver_sql("UPDATE requests SET expires_at = 1")
    assert site.run("requests", "accept", str(anne)).exit_code == 2
    assert site.run("requests", "list").output == "No requests\n"


def test_who_cannot_be_a_member_any_more(site: SiteInDirectory) -> None:
    anne, bart = ask(site, "anne@example.net"), ask_to_leave(site, "bart@example.net")
    with site.connection() as connection:
        bans.add(connection, "anne@example.net", now=NOW)
        member_rows.remove_many(connection, ANT, ["bart@example.net"])

    result = site.run("requests", "accept", str(anne), str(bart))

    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"Membership is banned (skipping): {anne} anne@example.net",
        f"Member not subscribed (skipping): {bart} bart@example.net",
    ]
    assert site.json("requests", "list") == []


def test_an_operator_can_answer_for_somebody(site: SiteInDirectory) -> None:
    anne = ask(site, "anne@example.net", verified=False)
    assert site.run("requests", "accept", str(anne)).output == f"Accepted: {anne}\n"
    assert on_list(site) == ["anne@example.net"]


def test_but_not_where_everybody_is_asked(tmp_path: Path) -> None:
    site = make(tmp_path, "[mailman]\nmass_subscription: invite\n")
    anne = ask(site, "anne@example.net", verified=False)
    result = site.run("requests", "accept", str(anne))
    assert result.exit_code == 1
    assert result.stderr == f"Waits for the person's own answer (skipping): {anne} anne@example.net\n"
    assert on_list(site) == []
    assert [one["request_id"] for one in site.json("requests", "list")] == [anne]


def test_the_key_of_the_site_is_made_for_its_owner_alone(site: SiteInDirectory) -> None:
    anne = ask(site, "anne@example.net")
    key = Path(site.settings.paths.site_key)
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o644)
    result = site.run("requests", "accept", str(anne))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {key} may be read or changed by others: run: chmod 600 ")
