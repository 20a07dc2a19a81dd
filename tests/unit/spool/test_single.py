from mlcore.base.durable import Place
from mlcore.spool.layout import DIRECTORIES
from mlcore.spool.single import opened, read_entry, write_entry
from mlcore.spool.spool import Spool
from support.disks import ForgetfulDisk, InlineBatches
from support.spools import rendered

ONE, TWO = Place("out", "a"), Place("archive", "b")


async def test_a_file_that_was_written_is_read_again_under_each_name() -> None:
    disk = ForgetfulDisk(DIRECTORIES)
    spool = Spool(disk, InlineBatches())
    records = await write_entry(spool, rendered(3), [ONE, TWO])
    entry, tail, octets, inode = read_entry(disk, TWO)
    assert entry == rendered(3)
    assert spool.files[inode] is records
    again = opened(spool, entry, tail, octets).tail
    assert (again.key, again.size, again.firm) == (records.tail.key, records.tail.size, True)


async def test_two_files_never_share_a_key() -> None:
    spool = Spool(ForgetfulDisk(DIRECTORIES), InlineBatches())
    nonces = {spool.nonce() for _ in range(1000)}
    assert len(nonces) == 1000
    assert {len(nonce) for nonce in nonces} == {8}
