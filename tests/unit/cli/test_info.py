"""`mlcore info` and `mlcore version`."""

import platform
from pathlib import Path

import pytest

import mlcore
from support.site import SiteInDirectory


def test_version(tmp_path: Path) -> None:
    result = SiteInDirectory(tmp_path).run("version")
    assert (result.exit_code, result.stdout) == (0, f"mlcore {mlcore.__version__}\n")


def test_version_needs_no_configuration_that_can_be_used(tmp_path: Path) -> None:
    assert SiteInDirectory(tmp_path, "[nonsense]\na: b\n").run("version").exit_code == 0


def test_info(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path)
    result = site.run("info")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == f"mlcore {mlcore.__version__}"
    assert lines[1].startswith(f"Python {platform.python_version()}")
    assert lines[2] == f"config file: {site.config}"
    assert lines[3].startswith("db url: ")
    assert "File system paths:" not in lines
    assert not any("REST" in line for line in lines)


@pytest.mark.sqlite
def test_info_shows_the_file_of_the_database(tmp_path: Path) -> None:
    lines = SiteInDirectory(tmp_path).run("info").stdout.splitlines()
    assert f"db url: sqlite:///{tmp_path}/var/data/mlcore.db" in lines


def test_info_with_paths(tmp_path: Path) -> None:
    lines = SiteInDirectory(tmp_path).run("info", "-v").stdout.splitlines()
    paths = lines[lines.index("File system paths:") + 1 :]
    assert f"    VAR_DIR = {tmp_path}/var" in paths
    assert f"    QUEUE_DIR = {tmp_path}/var/queue" in paths
    assert paths == sorted(paths)


def test_info_into_a_file(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path)
    result = site.run("info", "-o", str(tmp_path / "info.txt"))
    assert (result.exit_code, result.output) == (0, "")
    assert (tmp_path / "info.txt").read_text() == site.run("info").stdout


def test_info_shows_no_password(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path, "[database]\nurl: postgresql://mlcore:geheim@db.example.com/mlcore\n")
    shown = site.run("info", "-v").stdout
    assert "db url: " in shown
    assert "geheim" not in shown


def test_info_makes_nothing(tmp_path: Path) -> None:
    SiteInDirectory(tmp_path).run("info", "-v")
    assert [path.name for path in tmp_path.iterdir()] == ["mlcore.cfg"]
