"""The directories of a site are made private, or refused."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from mlcore.base.errors import BadInput, DiskTrouble
from mlcore.config.directories import prepare
from mlcore.config.loader import parse
from mlcore.config.settings import Paths


def paths_in(directory: Path) -> Paths:
    return parse("", file="", cwd=str(directory)).paths


def test_p26_directories_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)

    prepare(paths)
    prepare(paths)

    for path in (paths.var_dir, paths.queue_dir, paths.log_dir, paths.data_dir):
        assert stat.S_IMODE(Path(path).stat().st_mode) == 0o700
    for path in (paths.etc_dir, paths.template_dir, paths.archive_dir, paths.cache_dir):
        assert not Path(path).exists()


def test_p26_a_directory_that_everybody_may_write_to_is_refused(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    prepare(paths)
    Path(paths.queue_dir).chmod(0o777)

    with pytest.raises(BadInput, match=r"everybody may write to .*/queue: run chmod o-w"):
        prepare(paths)


def test_a_file_in_the_place_of_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")

    with pytest.raises(BadInput, match="not a directory"):
        prepare(paths_in(tmp_path))


def test_a_directory_that_cannot_be_made_is_trouble_of_this_host(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(DiskTrouble, match=r"making .*/file/var: Not a directory"):
        prepare(paths_in(tmp_path / "file"))


def test_a_directory_that_cannot_be_looked_at_is_trouble_of_this_host(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(DiskTrouble, match=r"looking at .*/file/etc: Not a directory"):
        prepare(replace(paths_in(tmp_path), etc_dir=f"{tmp_path}/file/etc"))
