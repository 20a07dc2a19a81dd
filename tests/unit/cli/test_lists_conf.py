"""`mlcore lists_conf`: JSON Lines of lists with their attributes."""

import json
from pathlib import Path
from typing import Any

import pytest

from mlcore.lists.attributes import ATTRIBUTES
from support.site import SiteInDirectory


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    for name in ("bee", "ant"):
        assert site.run("create", f"{name}@example.com").exit_code == 0
    return site


def objects(site: SiteInDirectory, *arguments: str) -> list[dict[str, Any]]:
    result = site.run("lists_conf", *arguments)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_every_list_with_every_attribute(site: SiteInDirectory) -> None:
    ant, bee = objects(site)
    assert (ant["list_id"], bee["list_id"]) == ("ant.example.com", "bee.example.com")
    assert set(ATTRIBUTES) <= set(ant)
    assert ant["advertised"] is True
    assert ant["acceptable_aliases"] == []
    assert ant["fqdn_listname"] == "ant@example.com"


def test_only_some_lists_each_once(site: SiteInDirectory) -> None:
    found = objects(site, "bee@example.com", "bee.example.com")
    assert [one["list_id"] for one in found] == ["bee.example.com"]


def test_only_some_attributes_in_the_order_given(site: SiteInDirectory) -> None:
    result = site.run("lists_conf", "--keys", "display_name, advertised", "ant@example.com")
    assert result.stdout == '{"list_id": "ant.example.com", "display_name": "Ant", "advertised": true}\n'


def test_text_stays_as_it_is_on_one_line(site: SiteInDirectory) -> None:
    from mlcore.store import lists

    with site.connection() as connection:
        policy = lists.get(connection, "ant.example.com")
        assert policy is not None
        import msgspec

        lists.change(connection, msgspec.structs.replace(policy, description="蟻", info="one\ntwo"))
    (ant,) = objects(site, "ant@example.com")
    assert (ant["description"], ant["info"]) == ("蟻", "one\ntwo")
    assert "蟻" in site.run("lists_conf", "ant@example.com").stdout


def test_what_there_is_not(site: SiteInDirectory) -> None:
    result = site.run("lists_conf", "--keys", "colour")
    assert result.exit_code == 2
    assert "colour" in result.stderr
    result = site.run("lists_conf", "wasp@example.com")
    assert result.exit_code == 2
    assert "No such list: wasp@example.com" in result.stderr


def test_without_any_list(tmp_path: Path) -> None:
    assert objects(SiteInDirectory(tmp_path)) == []
