"""An archive that is reached by mail."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mlcore.archive.archiver import Unavailable
from mlcore.archive.mail_archive import MailArchive
from mlcore.base.batches import Batches
from mlcore.base.durable import LocalDisk, Place, make_directories
from mlcore.mail.envelope import Rendered
from mlcore.spool.layout import DIRECTORIES
from mlcore.spool.operator import show
from mlcore.spool.spool import Spool
from support.archives import ENTRY, OCTETS, archived
from support.posts import NOW

NAME = f"{ENTRY}.m1"


@pytest.fixture
def disk(tmp_path: Path) -> LocalDisk:
    make_directories(str(tmp_path), DIRECTORIES)
    return LocalDisk(str(tmp_path), DIRECTORIES)


@pytest.fixture
async def spool(disk: LocalDisk) -> AsyncIterator[Spool]:
    batches = Batches(threads=1).start()
    made = Spool(disk, batches)
    yield made
    await made.rest()
    batches.stop()


async def test_the_post_goes_to_one_address_as_it_is(disk: LocalDisk, spool: Spool) -> None:
    archiver = MailArchive("mail_archive", "archive@mail-archive.com", spool)

    await archiver.archive(archived(number=1))
    await archiver.close()

    found = show(disk, Place("out", NAME)).entry
    assert found.addresses == ("archive@mail-archive.com",)
    assert found.octets == OCTETS
    assert found.envelope == Rendered(
        list_id="ant.example.com",
        reverse_path="ant-bounces@example.com",
        message_id="<1@example.org>",
        arrived_at=NOW,
    )
    assert NAME in spool.queues["out"]


@pytest.mark.parametrize("queue", ["out", "retry"])
async def test_what_is_on_its_way_is_not_written_anew(disk: LocalDisk, spool: Spool, queue: str) -> None:
    spool.queues[queue].put(NAME)
    await MailArchive("mail_archive", "x@example.org", spool).archive(archived(number=1))
    assert disk.names("out") == []


async def test_p3_a_disk_in_trouble_is_tried_again(
    spool: Spool, disk: LocalDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_place: Place) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "create", full)
    with pytest.raises(Unavailable):
        await MailArchive("mail_archive", "x@example.org", spool).archive(archived())
    assert len(spool.queues["out"]) == 0
