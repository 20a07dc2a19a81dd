"""virgin/: a letter becomes one entry of out/, for all its recipients."""

import pytest

from mlcore.mail.envelope import Notice, Rendered
from mlcore.runners.letters import notice_entry
from mlcore.runners.virgin import Virgin
from mlcore.spool.entry import Entry
from support.letters import letter
from support.workshop import LIST_ID, POST, Workshop, until


async def rendered(shop: Workshop, method: str) -> tuple[Rendered, tuple[str, ...], bytes]:
    """What a letter is in out/."""
    entry = notice_entry(shop.work, shop.ids.new(), letter(method))
    assert await shop.spool.accept([entry]) == [None]
    shop.runner("virgin", Virgin(shop.work))
    await shop.drain("virgin")
    (name,) = shop.names("out")
    assert name == f"{entry.name}.o"
    found = shop.show("out", name).entry
    assert isinstance(found.envelope, Rendered)
    return found.envelope, found.addresses, found.octets


@pytest.mark.row("pipeline: virgin")
@pytest.mark.parametrize(
    ("method", "reverse_path", "recipients"),
    [
        ("held_author", "", ("Anne@Example.org",)),
        ("held_owners", "ant-bounces@example.com", ("olga@example.org", "mo@example.org")),
    ],
)
async def test_a_letter_goes_out_as_it_is(
    shop: Workshop, method: str, reverse_path: str, recipients: tuple[str, ...]
) -> None:
    envelope, addresses, octets = await rendered(shop, method)
    assert (envelope.list_id, envelope.reverse_path, envelope.kind) == (LIST_ID, reverse_path, "notice")
    assert addresses == recipients
    assert octets == letter(method).octets
    assert not envelope.smtputf8
    assert not envelope.eight_bit
    (event,) = shop.log.named("accepted")
    assert (event["kind"], event["recipients"]) == (letter(method).kind, len(recipients))


async def test_what_is_no_notice_is_set_aside(shop: Workshop) -> None:
    name = await shop.put("virgin", Entry(shop.arrived(), (), POST))
    shop.runner("virgin", Virgin(shop.work))
    async with shop.running():
        await until(lambda: shop.names("shunt"))
    assert shop.names("shunt") == [name]


async def test_a_digest_has_the_fields_of_a_post(shop: Workshop) -> None:
    """List-Post too: it is our own mark against loops, and where readers answer to."""
    envelope = Notice(list_id=LIST_ID, reverse_path="ant-bounces@example.com", kind="digest", arrived_at=1.0)
    octets = b"From: ant-request@example.com\r\nSubject: Digest\r\n\r\nToday's Topics\r\n"
    await shop.put("virgin", Entry(envelope, ("anne@example.org",), octets))
    shop.runner("virgin", Virgin(shop.work))
    await shop.drain("virgin")
    (name,) = shop.names("out")
    claim = await shop.spool.claim("out", name)
    assert claim is not None
    rendered = claim.entry.envelope
    assert isinstance(rendered, Rendered)
    assert rendered.kind == "digest"
    assert b"List-Post: <mailto:ant@example.com>\r\n" in claim.entry.octets
    assert b"Archived-At" not in claim.entry.octets
