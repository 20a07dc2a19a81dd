"""`mlcore users`: JSON Lines, and deletion of those chosen."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from mlcore.store import domains, users
from support.site import SiteInDirectory


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    """Anne and 太郎 are members, olga owns the list, and zoe has nothing."""
    site = SiteInDirectory(tmp_path)
    assert site.run("create", "-o", "olga@example.org", "ant@example.com").exit_code == 0
    people = "Anne Person <Anne@example.org>\n太郎 <taro@example.jp>\n"
    assert site.run("addmembers", "-W", "-", "ant@example.com", stdin=people).exit_code == 0
    with site.connection() as connection:
        users.ensure(connection, "zoe@example.net", "Zoe", 1_700_000_000.0)
    return site


def objects(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def found(site: SiteInDirectory, *arguments: str) -> list[str]:
    result = site.run("users", *arguments)
    assert result.exit_code == 0, result.output
    return sorted(one["addresses"][0]["address"] for one in objects(result))


def test_each_user_is_one_line(site: SiteInDirectory) -> None:
    assert found(site) == ["Anne@example.org", "olga@example.org", "taro@example.jp", "zoe@example.net"]
    (anne,) = objects(site.run("users", "anne@EXAMPLE.org"))
    assert anne["display_name"] == "Anne Person"
    assert [one["address"] for one in anne["addresses"]] == ["Anne@example.org"]
    assert [(one["list_id"], one["role"]) for one in anne["memberships"]] == [("ant.example.com", "member")]
    assert anne["is_server_owner"] is False
    assert anne["domains"] == []


def test_times_and_names(site: SiteInDirectory) -> None:
    (zoe,) = objects(site.run("users", "zoe@example.net"))
    assert zoe["created_at"] == "2023-11-14T22:13:20Z"
    assert zoe["addresses"][0]["verified_at"] is None
    assert zoe["preferred_address"] is None
    assert '"太郎"' in site.run("users", "taro@example.jp").stdout


def test_a_user_with_several_addresses_is_one(site: SiteInDirectory) -> None:
    with site.connection() as connection:
        anne = users.of_address(connection, "anne@example.org")
        zoe = users.of_address(connection, "zoe@example.net")
        assert anne is not None
        assert zoe is not None
        users.absorb(connection, anne.user_id, zoe.user_id)
    (one,) = objects(site.run("users", "zoe@example.net", "anne@example.org"))
    assert [address["address"] for address in one["addresses"]] == ["Anne@example.org", "zoe@example.net"]


def test_those_without_subscriptions(site: SiteInDirectory) -> None:
    assert found(site, "--no-subscriptions") == ["zoe@example.net"]
    assert found(site, "--no-subscriptions", "zoe@example.net") == ["zoe@example.net"]
    assert found(site, "--no-subscriptions", "anne@example.org") == []


def test_they_are_deleted_and_printed(site: SiteInDirectory) -> None:
    assert found(site, "--no-subscriptions", "--delete") == ["zoe@example.net"]
    assert found(site) == ["Anne@example.org", "olga@example.org", "taro@example.jp"]
    assert found(site, "--no-subscriptions", "--delete") == []


def test_a_user_who_is_named_goes_with_memberships(site: SiteInDirectory) -> None:
    assert found(site, "--delete", "anne@example.org") == ["Anne@example.org"]
    assert site.run("members", "-e", "ant@example.com").stdout == "taro@example.jp\n"
    with site.connection() as connection:
        assert users.of_address(connection, "anne@example.org") is None


def test_nobody_is_deleted_by_accident(site: SiteInDirectory) -> None:
    result = site.run("users", "--delete")
    assert result.exit_code == 2
    assert "--delete requires" in result.stderr
    assert len(found(site)) == 4


def test_who_owns_a_domain_or_the_server_is_kept(site: SiteInDirectory) -> None:
    with site.connection() as connection:
        zoe = users.of_address(connection, "zoe@example.net")
        assert zoe is not None
        domains.add_owner(connection, "example.com", zoe.user_id)
        yves = users.ensure(connection, "yves@example.net", "", 1.0)
        users.change(connection, yves.user_id, is_server_owner=True)
        users.ensure(connection, "xena@example.net", "", 1.0)
    result = site.run("users", "--no-subscriptions", "--delete")
    assert result.exit_code == 1
    assert "Owner of the domain example.com (skipping): zoe@example.net\n" in result.stderr
    assert "Owner of the server (skipping): yves@example.net\n" in result.stderr
    assert [one["addresses"][0]["address"] for one in objects(result)] == ["xena@example.net"]
    (shown,) = objects(site.run("users", "zoe@example.net"))
    assert shown["domains"] == ["example.com"]


@pytest.mark.parametrize(
    ("address", "text"), [("nemo@example.org", "No such user: nemo@example.org"), ("nemo", "not an address")]
)
def test_who_is_not_there(site: SiteInDirectory, address: str, text: str) -> None:
    result = site.run("users", "--delete", address)
    assert result.exit_code == 2
    assert text in result.stderr
