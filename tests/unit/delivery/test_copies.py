"""Only clean octets are sealed; a copy is spliced from what all have in common and what one has alone."""

import time

import msgspec
import pytest

from mlcore.delivery.copies import Copies, NoSeal, UncleanMessage
from mlcore.delivery.transport import SealedMessage
from mlcore.lists import unsubscribe
from mlcore.mail import verp
from mlcore.mail.envelope import Rendered
from mlcore.mail.slots import Slot
from mlcore.spool import entry as spooled
from mlcore.spool.entry import Entry

OCTETS = b"Subject: x\r\n\r\nbody\r\n"
HEAD = len(b"Subject: x\r\n")
KEY = bytes(range(32))
NOW = 1_700_000_000.0
ANNE, BOB = "Anne@example.org", "b@example.com"
RENDERED = Rendered(
    list_id="ant.example.com", reverse_path="ant-bounces@example.com", arrived_at=0.0, number=5
)
TEXT = Slot(at=len(OCTETS), kind="text", text="for ${user_name_or_email}", charset="utf-8", encoding="8bit")


class Stamp:
    def __init__(self) -> None:
        self.calls = 0

    def seal(self, octets: bytes) -> bytes:
        self.calls += 1
        return b"ARC-Seal: i=1\r\n" + octets


def copies(
    *slots: Slot,
    octets: bytes = OCTETS,
    sealer: NoSeal | Stamp | None = None,
    values: dict[int, dict[str, str]] | None = None,
    addresses: tuple[str, ...] = (ANNE, BOB),
    **envelope: object,
) -> Copies:
    rendered = msgspec.structs.replace(RENDERED, slots=slots, **envelope)
    entry = Entry(rendered, addresses, octets, values or {})
    return Copies("018bcfe56800000a1b2c3.o", rendered, entry, sealer or NoSeal(), key=KEY, now=NOW)


def test_without_slots_and_seal_all_get_the_same_object() -> None:
    made = copies(eight_bit=True, smtputf8=True)
    assert not made.personal
    assert made.shared() == SealedMessage(OCTETS, eight_bit=True, utf8_header=True)
    assert made.shared().octets is OCTETS
    assert made.of(0) is made.of(1) is made.shared()


def test_the_seal_goes_on_once_and_on_each_personal_copy() -> None:
    stamp = Stamp()
    made = copies(sealer=stamp)
    assert made.shared().octets == b"ARC-Seal: i=1\r\n" + OCTETS
    assert made.of(1).octets == made.shared().octets
    assert stamp.calls == 1
    personal = copies(TEXT, sealer=stamp)
    assert personal.personal
    assert personal.of(0).octets == b"ARC-Seal: i=1\r\n" + OCTETS + b"for Anne@example.org\r\n"
    assert personal.of(1).octets == b"ARC-Seal: i=1\r\n" + OCTETS + b"for b@example.com\r\n"
    assert stamp.calls == 3


@pytest.mark.parametrize("octets", [b"a\nb\r\n", b"a\rb\r\n", b"a\0\r\n", b"a\r\n.\r", b"\n.\n"])
def test_p4_bare_line_ends_and_nul_are_never_sealed(octets: bytes) -> None:
    with pytest.raises(UncleanMessage):
        copies(octets=octets)


@pytest.mark.parametrize("places", [(HEAD + 1,), (HEAD - 1,), (HEAD, 0), (len(OCTETS) + 1,), (-1,)])
def test_p4_slots_that_lie_nowhere_or_within_a_line_end(places: tuple[int, ...]) -> None:
    with pytest.raises(UncleanMessage):
        copies(*(Slot(at=at, kind="copy") for at in places))


@pytest.mark.parametrize("before", [b"\n", b"\r", b"\0", b"x\r"])
def test_p4_what_is_inserted_is_looked_at_too(before: bytes) -> None:
    made = copies(msgspec.structs.replace(TEXT, before=before))
    with pytest.raises(UncleanMessage):
        made.of(0)


def test_each_copy_says_what_it_needs_of_the_peer() -> None:
    made = copies(TEXT, values={0: {"name": "花"}})
    assert (made.of(0).eight_bit, made.of(0).utf8_header) == (True, False)
    assert (made.of(1).eight_bit, made.of(1).utf8_header) == (False, False)
    to = Slot(at=0, kind="to", before="To: é@example.org\r\n".encode())
    addresses = ("ü@example.org", BOB)
    shared = copies(to, addresses=addresses)
    assert shared.of(0) == SealedMessage("To: é@example.org\r\n".encode() + OCTETS, utf8_header=True)
    assert shared.of(1) == SealedMessage(b"To: b@example.com\r\n" + OCTETS)
    smtputf8 = copies(to, addresses=addresses, smtputf8=True)
    assert smtputf8.of(0) == SealedMessage("To: ü@example.org\r\n".encode() + OCTETS, utf8_header=True)


def test_p9_values_in_the_spool_add_nothing() -> None:
    hostile = {0: {"name": "x\r\nBcc: y\r\n\r\n.\r\n\0", "copy": "1"}}
    slots = (Slot(at=HEAD, kind="to"), Slot(at=HEAD, kind="copy"), TEXT)
    assert copies(*slots, values=hostile).of(0).octets == (
        b'Subject: x\r\nTo: "x Bcc: y ." <Anne@example.org>\r\nX-Mailman-Copy: yes\r\n\r\nbody\r\n'
        b"for x Bcc: y .\r\n"
    )


def test_the_token_of_the_way_out_is_made_with_the_key_of_the_site() -> None:
    made = copies(Slot(at=0, kind="unsubscribe", text="mailto:ant-leave+{token}@example.com"))
    token = unsubscribe.token(KEY, "ant.example.com", "anne@example.org", NOW)
    assert made.of(0).octets.startswith(f"List-Unsubscribe: <mailto:ant-leave+{token}@".encode())


def test_senders() -> None:
    own = verp.tagged("ant", "example.com", BOB, key=KEY, now=NOW)
    shared = RENDERED.reverse_path
    assert copies().sender(1) == shared
    assert copies(verp=1).sender(1) == own
    assert [copies(verp=3).sender(number) == shared for number in (0, 1)] == [True, False]
    assert [copies(verp=3, number=6).sender(number) == shared for number in (0, 1)] == [False, True]
    assert copies(verp=1, number=None).sender(1) == own


@pytest.mark.parametrize(
    "reverse_path", ["", "ant@example.com", "-bounces@example.com", "postmaster@example.com"]
)
def test_a_sender_that_is_none_of_a_list_stays(reverse_path: str) -> None:
    assert copies(verp=1, reverse_path=reverse_path).sender(1) == reverse_path


def test_an_address_that_is_none_gets_the_shared_sender() -> None:
    assert copies(verp=1, addresses=("no address@x",)).sender(0) == RENDERED.reverse_path


def test_what_the_spool_keeps_makes_the_same_copies() -> None:
    slots = (Slot(at=HEAD, kind="to", before=b"\xff\r\n"), msgspec.structs.replace(TEXT, before=b"\x1b(B"))
    rendered = msgspec.structs.replace(RENDERED, slots=slots)
    entry = Entry(rendered, (ANNE, BOB), OCTETS, {1: {"name": "花"}})
    pieces, _ = spooled.encode(entry, b"12345678")
    again, _ = spooled.decode(b"".join(pieces))
    assert isinstance(again.envelope, Rendered)
    for number in (0, 1):
        made, kept = (
            Copies("x", rendered, one, NoSeal(), key=KEY, now=NOW).of(number) for one in (entry, again)
        )
        assert made == kept


def test_a_copy_costs_little() -> None:
    """The wish is 30,000 of 4 KiB a second; a busy host may take five times as long."""
    octets = OCTETS + b"Shall we meet for tea and cake?\r\n" * 120
    way_out = Slot(
        at=HEAD, kind="unsubscribe", text="mailto:ant-leave+{token}@example.com https://x/?a={address}"
    )
    made = copies(way_out, msgspec.structs.replace(TEXT, at=len(octets)), octets=octets)
    started = time.process_time()
    for number in range(2_000):
        made.of(number % 2)
    assert (time.process_time() - started) / 2_000 < 5 / 30_000
