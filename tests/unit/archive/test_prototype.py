"""A maildir for each list."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from mlcore.archive.archiver import Unavailable
from mlcore.archive.prototype import Prototype
from mlcore.base.batches import Batches
from mlcore.base.errors import DiskTrouble
from mlcore.server.carriers import LocalPublisher
from support.archives import ENTRY, OCTETS, archived
from support.posts import policy


@pytest.fixture
async def prototype(tmp_path: Path) -> AsyncIterator[Prototype]:
    batches = Batches(threads=1).start()
    yield Prototype("prototype", f"{tmp_path}/prototype", LocalPublisher(batches))
    batches.stop()


async def test_a_post_is_a_file_under_the_name_of_its_entry(tmp_path: Path, prototype: Prototype) -> None:
    await prototype.archive(archived())

    maildir = tmp_path / "prototype" / "ant@example.com"
    assert {path.name for path in maildir.iterdir()} == {"tmp", "new", "cur"}
    (file,) = (maildir / "new").iterdir()
    assert file.name == ENTRY
    assert file.read_bytes() == OCTETS.replace(b"\r\n", b"\n")
    assert list((maildir / "tmp").iterdir()) == []
    await prototype.close()


async def test_the_same_post_again_changes_nothing(tmp_path: Path, prototype: Prototype) -> None:
    await prototype.archive(archived())
    await prototype.archive(archived())
    assert [file.name for file in (tmp_path / "prototype" / "ant@example.com" / "new").iterdir()] == [ENTRY]


async def test_p9_no_name_of_a_list_leaves_the_directory(tmp_path: Path, prototype: Prototype) -> None:
    await prototype.archive(archived(policy=policy(list_name="../../x")))
    assert [path.name for path in (tmp_path / "prototype").iterdir()] == ["%2E.%2F..%2Fx@example.com"]


class Broken:
    def __init__(self, error: Exception) -> None:
        self._error = error

    async def publish(self, directory: str, name: str, pieces: Sequence[bytes]) -> None:
        raise self._error


@pytest.mark.parametrize("error", [DiskTrouble("full", full=True), OSError(5, "broken")])
async def test_p15_a_disk_in_trouble_is_tried_again(error: Exception) -> None:
    with pytest.raises(Unavailable):
        await Prototype("prototype", "/nowhere", Broken(error)).archive(archived())
