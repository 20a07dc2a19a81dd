"""Letters become entries of virgin/."""

from mlcore.lists.notices.letters import Letter
from mlcore.mail.envelope import Notice
from mlcore.runners.letters import notice_child, notice_entry
from support.workshop import LIST_ID, Workshop

LETTER = Letter(
    kind="rejected",
    recipients=("anne@example.org",),
    reverse_path="ant-bounces@example.com",
    octets=b"Subject: x\r\n\r\n",
    list_id=LIST_ID,
)


async def test_a_letter_goes_by_way_of_virgin_as_a_child_or_by_itself(shop: Workshop) -> None:
    name = await shop.post()
    assert shop.spool.queues["in"].take_this(name)
    claim = await shop.spool.claim("in", name)
    assert claim is not None

    child = notice_child(shop.work, claim, LETTER, 2)

    assert (child.queue, child.name) == ("virgin", f"{name}.n2")
    assert child.entry.addresses == LETTER.recipients
    assert child.entry.octets == LETTER.octets
    assert child.entry.envelope == Notice(
        list_id=LIST_ID,
        reverse_path="ant-bounces@example.com",
        kind="rejected",
        arrived_at=shop.clock.time(),
    )
    alone = notice_entry(shop.work, "other", LETTER)
    assert (alone.queue, alone.name, alone.entry) == ("virgin", "other", child.entry)
    await shop.spool.advance(claim, [child])
    assert shop.files() == {"virgin": [f"{name}.n2"]}
