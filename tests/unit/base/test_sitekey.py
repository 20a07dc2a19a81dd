"""The secret of a site: made once, for its owner alone."""

import os
import threading
from pathlib import Path

import pytest

from mlcore.base import sitekey
from mlcore.base.errors import BadInput, DiskTrouble
from mlcore.base.sitekey import SIZE, site_key


def test_it_is_made_once_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "site.key"

    key = site_key(str(path))

    assert len(key) == SIZE == 32
    assert key == path.read_bytes() == site_key(str(path))
    assert os.listdir(tmp_path) == ["site.key"]


def test_two_sites_have_two_keys(tmp_path: Path) -> None:
    assert site_key(str(tmp_path / "a")) != site_key(str(tmp_path / "b"))


def test_p26_only_its_owner_may_read_it(tmp_path: Path) -> None:
    os.umask(0)
    path = tmp_path / "site.key"
    site_key(str(path))
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o620, 0o660, 0o601])
def test_p26_a_key_that_others_may_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "site.key"
    site_key(str(path))
    path.chmod(mode)
    with pytest.raises(BadInput, match=r"may be read or changed by others: run: chmod 600 "):
        site_key(str(path))


def test_a_group_may_read_it_where_an_administrator_says_so(tmp_path: Path) -> None:
    path = tmp_path / "site.key"
    key = site_key(str(path))
    path.chmod(0o640)
    assert site_key(str(path)) == key


@pytest.mark.parametrize("octets", [b"", b"x" * 31, b"x" * 33, b"x" * 100_000])
def test_a_key_of_another_size_is_refused(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "site.key"
    path.touch(0o600)
    path.write_bytes(octets)
    with pytest.raises(BadInput, match="has not 32 octets"):
        site_key(str(path))
    assert path.read_bytes() == octets


def test_p26_links_are_not_followed(tmp_path: Path) -> None:
    site_key(str(tmp_path / "other"))
    path = tmp_path / "site.key"
    path.symlink_to(tmp_path / "other")
    with pytest.raises(BadInput, match="is a link"):
        site_key(str(path))


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_plain_file_is_refused_at_once(tmp_path: Path, make: object) -> None:
    path = tmp_path / "site.key"
    assert callable(make)
    make(path)
    with pytest.raises(BadInput, match="is no plain file"):
        site_key(str(path))


def test_all_who_make_it_at_once_get_the_same(tmp_path: Path) -> None:
    path = str(tmp_path / "site.key")
    barrier = threading.Barrier(8)
    found: list[bytes] = []

    def make() -> None:
        barrier.wait()
        found.append(site_key(path))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len(set(found)) == 1
    assert os.listdir(tmp_path) == ["site.key"]


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is missing"):
        site_key(str(tmp_path / "data" / "site.key"))


def test_a_directory_that_everybody_may_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(BadInput, match="may be written by everybody"):
        site_key(str(tmp_path / "site.key"))


def test_a_disk_that_fails_is_trouble_of_this_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_path: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sitekey, "_make", fail)
    with pytest.raises(DiskTrouble) as trouble:
        site_key(str(tmp_path / "site.key"))
    assert trouble.value.full


def test_one_that_may_not_be_opened_is_trouble(tmp_path: Path) -> None:
    site_key(str(tmp_path / "site.key"))
    with pytest.raises(DiskTrouble, match="Not a directory"):
        site_key(f"{tmp_path}/site.key/below")


def test_one_that_somebody_removes_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitekey, "_make", lambda _path: None)
    with pytest.raises(DiskTrouble, match="removed"):
        site_key(str(tmp_path / "site.key"))
