"""A server needs somebody who reads mail about it."""

import pytest

from mlcore.base.errors import ConfigError
from mlcore.config.loader import parse
from mlcore.config.owner import owner_problem, require_owner


@pytest.mark.parametrize("owner", ["", "changeme@example.com", "ChangeMe@Example.com"])
def test_nobody(owner: str) -> None:
    settings = parse(f"[mailman]\nsite_owner: {owner}\n", file="/etc/mlcore.cfg", cwd="/")

    with pytest.raises(ConfigError, match=r"^/etc/mlcore\.cfg \[mailman\] site_owner: .*: write the address"):
        require_owner(settings)


def test_the_file_is_named_where_there_is_none() -> None:
    assert "(built-in defaults) [mailman] site_owner" in str(owner_problem(parse("", file="", cwd="/")))


def test_somebody() -> None:
    settings = parse("[mailman]\nsite_owner: root@example.com\n", file="", cwd="/")

    require_owner(settings)
    assert owner_problem(settings) is None
