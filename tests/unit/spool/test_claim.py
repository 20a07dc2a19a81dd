from mlcore.base.durable import Place
from mlcore.spool.entry import NewEntry
from mlcore.spool.layout import DIRECTORIES
from mlcore.spool.spool import Spool
from support.disks import ForgetfulDisk, InlineBatches
from support.spools import rendered, root

NAME = f"{root(1)}.o"


async def test_a_claim_knows_its_place_and_who_is_open() -> None:
    spool = Spool(ForgetfulDisk(DIRECTORIES), InlineBatches())
    await spool.accept([NewEntry("out", NAME, rendered(4))])
    spool.queues["out"].take()
    claim = await spool.claim("out", NAME)
    assert claim is not None
    assert claim.place == Place("out", NAME)
    assert claim.list_id == "ant.example.com"
    assert claim.open_numbers() == [0, 1, 2, 3]
    await claim.settle({250: [0, 1], 550: [3]}, await claim.reserve([0, 1, 3]))
    assert claim.open_numbers() == [2]
    claim.release(await claim.reserve([2]))
    await claim.attempt(alone=True)
    assert (claim.progress.strikes, claim.progress.suspect) == (1, True)
    await claim.back(due=7.0, failures=2)
    assert (claim.progress.suspect, claim.progress.due, claim.progress.failures) == (False, 7.0, 2)
