"""`mlcore lists_members`: JSON Lines of memberships, and the end of those chosen."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from mlcore.cli import jsonlines, lists_members
from mlcore.cli.site import Site
from mlcore.lists.model import Member, Role
from mlcore.store import members
from support.site import SiteInDirectory


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    for name in ("bee", "ant"):
        assert site.run("create", "-o", "olga@example.org", f"{name}@example.com").exit_code == 0
    people = "Anne Person <Anne@example.org>\n太郎 <taro@example.jp>\n"
    assert site.run("addmembers", "-W", "-d", "mime", "-", "ant@example.com", stdin=people).exit_code == 0
    return site


def objects(site: SiteInDirectory, *arguments: str) -> list[dict[str, Any]]:
    result = site.run("lists_members", *arguments)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def found(site: SiteInDirectory, *arguments: str) -> list[tuple[str, str, str]]:
    return [
        (one["list_id"].partition(".")[0], one["role"], one["address"]) for one in objects(site, *arguments)
    ]


def test_every_membership_of_every_list(site: SiteInDirectory) -> None:
    assert found(site) == [
        ("ant", "owner", "olga@example.org"),
        ("ant", "member", "Anne@example.org"),
        ("ant", "member", "taro@example.jp"),
        ("bee", "owner", "olga@example.org"),
    ]


def test_what_is_told_of_each(site: SiteInDirectory) -> None:
    anne, taro = objects(site, "--role", "member", "ant@example.com")
    assert anne["display_name"] == "Anne Person"
    assert (anne["delivery_mode"], anne["delivery_status"]) == ("mime_digests", "enabled")
    assert anne["subscribed_at"].endswith("Z")
    assert anne["subscription_mode"] == "as_address"
    assert anne["receive_own_postings"] is True
    assert anne["moderation_action"] is None
    assert len(anne["member_id"]) == 36
    assert taro["display_name"] == "太郎"
    assert "太郎" in site.run("lists_members").stdout


@pytest.mark.parametrize(
    ("role", "count"),
    [("any", 4), ("member", 2), ("owner", 2), ("moderator", 0), ("nonmember", 0), ("administrator", 2)],
)
def test_roles(site: SiteInDirectory, role: str, count: int) -> None:
    assert len(found(site, "--role", role)) == count


def test_chosen_ones_are_ended_and_printed(site: SiteInDirectory) -> None:
    gone = found(site, "--delete", "--role", "member", "ant.example.com")
    assert gone == [("ant", "member", "Anne@example.org"), ("ant", "member", "taro@example.jp")]
    assert found(site) == [("ant", "owner", "olga@example.org"), ("bee", "owner", "olga@example.org")]
    assert found(site, "--delete", "--role", "member", "ant.example.com") == []


def test_more_than_one_batch_is_ended(site: SiteInDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists_members, "_AT_ONCE", 2)
    with site.connection() as connection:
        people = [Member(address=f"u{n}@example.net") for n in range(5)]
        members.add_many(connection, "bee.example.com", people, 1.0)
    gone = found(site, "--delete", "--role", "any", "bee@example.com")
    assert len(gone) == len(set(gone)) == 6
    assert found(site, "bee@example.com") == []


@pytest.mark.parametrize("arguments", [(), ("--role", "member"), ("ant@example.com",)])
def test_nothing_is_ended_by_accident(site: SiteInDirectory, arguments: tuple[str, ...]) -> None:
    result = site.run("lists_members", "--delete", *arguments)
    assert result.exit_code == 2
    assert "--delete requires --role and LISTSPEC" in result.stderr
    assert len(found(site)) == 4


def test_a_list_there_is_not_ends_nothing(site: SiteInDirectory) -> None:
    result = site.run("lists_members", "--delete", "--role", "any", "ant@example.com", "wasp@example.com")
    assert result.exit_code == 2
    assert "No such list: wasp@example.com" in result.stderr
    assert len(found(site)) == 4


def test_a_long_list_is_never_held_as_a_whole(site: SiteInDirectory) -> None:
    with site.connection() as connection:
        people = [Member(address=f"u{n}@example.net") for n in range(20_000)]
        members.add_many(connection, "bee.example.com", people, 1.0)
    command_site = Site(str(site.config))
    with command_site.connection(read_only=True):
        pass  # what is imported and set up once
    del people
    tracemalloc.start()
    try:
        count = sum(
            bool(jsonlines.shown_membership(one))
            for one in lists_members._found(command_site, "bee.example.com", Role.MEMBER)
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 20_000
    assert peak < 8 << 20
