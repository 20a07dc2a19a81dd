from mlcore.base.durable import Place
from mlcore.spool.entry import NewEntry
from mlcore.spool.family import make_children, temporary, undo
from mlcore.spool.layout import DIRECTORIES
from mlcore.spool.spool import Spool
from support.disks import CountingDisk, ForgetfulDisk, InlineBatches
from support.spools import children, rendered, root

ID = root(1)


async def test_equal_entries_are_two_files_and_one_entry_is_one() -> None:
    disk = CountingDisk(ForgetfulDisk(DIRECTORIES))
    spool = Spool(disk, InlineBatches())
    records = await make_children(spool, children(ID, "copies"))
    assert len({id(one) for one in records}) == 1
    records = await make_children(spool, children(root(2), "apart"))
    assert len({id(one) for one in records}) == 3
    assert disk.calls.count("create") == 4


async def test_links_need_no_round_of_syncs_of_their_own() -> None:
    """They were linked to the queues one round of syncs before the first name was renamed."""
    disk = CountingDisk(ForgetfulDisk(DIRECTORIES))
    spool = Spool(disk, InlineBatches(lambda _count: 0))
    await make_children(spool, children(ID, "copies"))
    last_rename = len(disk.calls) - disk.calls[::-1].index("rename")
    assert disk.calls.count("sync_directory") == 3
    assert disk.calls.index("sync_directory") < last_rename
    assert spool.syncs == 4


async def test_undo_is_durable_and_may_be_repeated() -> None:
    disk = ForgetfulDisk(DIRECTORIES)
    spool = Spool(disk, InlineBatches())
    family = [NewEntry("out", f"{ID}.o", rendered(1))]
    assert temporary(family[0]) == Place("tmp", f"s-{ID}.o")
    await make_children(spool, family)
    for _ in range(2):
        await undo(spool, family)
    assert not any(disk.crash(power=True).now.values())
