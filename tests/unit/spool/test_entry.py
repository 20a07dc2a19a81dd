import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.base.errors import CorruptEntry, LeftAlone
from mlcore.mail.envelope import Accepted, Arrived, Command, Envelope, Held, Notice, Rendered, Report
from mlcore.spool.entry import (
    BLOCK,
    HEAD_BYTES,
    MAGIC,
    Entry,
    TailPlace,
    decode,
    decode_head,
    encode,
    tail_size,
)

ARRIVED = Arrived(list_id="ant.example.com", recipient="ant@example.com", arrived_at=1.5)
NONCE = bytes(range(8))
ENVELOPES: list[Envelope] = [
    ARRIVED,
    Held(arrived=ARRIVED, reasons=("自動",), subject="tea\nat four"),
    Accepted(arrived=ARRIVED, moderator_approved=True),
    Rendered(list_id="a", reverse_path="a@b", arrived_at=1.0, number=7),
    Notice(kind="held", arrived_at=1.0),
    Command(list_id="a", recipient="a-join@b", command="join", arrived_at=1.0),
    Report(list_id="a", recipient="a-bounces@b", detail="x=y", arrived_at=1.0),
]
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\r\0"))
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
RAW = st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape"))
ADDRESSES = st.lists(st.one_of(TEXT, RAW).filter(lambda text: not set(text) & set("\t\n\r\0")), max_size=5)
SLOTS = st.dictionaries(st.integers(0, 9), st.dictionaries(TEXT, ANY_TEXT, max_size=2))


def written(entry: Entry) -> tuple[bytes, TailPlace]:
    pieces, place = encode(entry, NONCE)
    return b"".join(pieces), place


def an_entry(envelope: Envelope = ARRIVED) -> Entry:
    addresses = ("a@example.com", "Bé@example.com")
    return Entry(envelope, addresses, b"Subject: x\r\n\r\nbody\0\xff\r\n", {1: {"name": "B\t\n"}})


@pytest.mark.parametrize("envelope", ENVELOPES, ids=lambda envelope: type(envelope).__name__)
def test_every_envelope_comes_back(envelope: Envelope) -> None:
    entry = an_entry(envelope)
    octets, place = written(entry)
    assert decode(octets) == (entry, place)


@given(ADDRESSES, st.binary(max_size=9000), SLOTS)
def test_an_entry_comes_back(addresses: list[str], message: bytes, slots: dict[int, dict[str, str]]) -> None:
    octets, place = written(Entry(ARRIVED, tuple(addresses), message, slots))
    back, again = decode(octets)
    assert (back.addresses, back.octets, again) == (tuple(addresses), message, place)
    assert back.slots == {number: some for number, some in slots.items() if number < len(addresses) and some}
    assert place.offset % BLOCK == 0
    assert place.offset + place.size == len(octets)
    assert not octets[place.offset :].strip(b" \n")


def test_the_file_can_be_read_with_less() -> None:
    octets, place = written(an_entry())
    lines = octets.split(b"\n")
    assert lines[0].startswith(MAGIC)
    assert lines[1].startswith(b'{"type":"arrived"')
    assert lines[2:4] == [b"0\ta@example.com", '1\tBé@example.com\t{"name":"B\\t\\n"}'.encode()]
    assert place.size == tail_size(2) == BLOCK


OCTETS, PLACE = written(an_entry())


@given(st.integers(0, PLACE.offset - 1), st.integers(1, 255))
def test_any_flipped_octet_before_the_tail_is_seen(position: int, flip: int) -> None:
    broken = bytearray(OCTETS)
    broken[position] ^= flip
    with pytest.raises(CorruptEntry):
        decode(bytes(broken))


@given(st.integers(0, PLACE.offset - 1))
def test_any_cut_octet_before_the_tail_is_seen(position: int) -> None:
    with pytest.raises(CorruptEntry):
        decode(OCTETS[:position] + OCTETS[position + 1 :])


@given(st.integers(0, PLACE.offset - 1), st.binary(min_size=1, max_size=1))
def test_any_added_octet_before_the_tail_is_seen(position: int, octet: bytes) -> None:
    added = OCTETS[:position] + octet + OCTETS[position:]
    if added[: PLACE.offset] != OCTETS[: PLACE.offset]:  # one more line end before the padding's end is none
        with pytest.raises(CorruptEntry):
            decode(added)


@given(st.integers(0, PLACE.offset - 1))
def test_a_file_that_ends_early_is_seen(size: int) -> None:
    with pytest.raises(CorruptEntry):
        decode(OCTETS[:size])


def test_separators_of_the_magic_line_count_too() -> None:
    for position in (len(MAGIC) + 34, HEAD_BYTES - 18):
        with pytest.raises(CorruptEntry):
            decode(OCTETS[:position] + b"\t" + OCTETS[position + 1 :])


def test_a_later_version_is_left_alone_and_not_called_damaged() -> None:
    with pytest.raises(LeftAlone):
        decode_head(OCTETS.replace(b"mlcore-entry 1 ", b"mlcore-entry 2 ", 1))
    with pytest.raises(CorruptEntry) as caught:
        decode_head(OCTETS.replace(b"mlcore-entry 1 ", b"mlcore-entry \0 ", 1))
    assert not isinstance(caught.value, LeftAlone)


def test_an_intact_file_with_an_unknown_envelope_is_left_alone() -> None:
    class Later(Notice, frozen=True, kw_only=True, tag="later"):
        pass

    octets, _ = written(Entry(Later(kind="x", arrived_at=1.0), (), b""))
    with pytest.raises(LeftAlone):
        decode(octets)


@pytest.mark.parametrize("slots", [{}, {0: {"a": "b"}}])
def test_recipients_out_of_order_are_not_guessed_at(
    slots: dict[int, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlcore.spool import entry as module

    real = module._encode_recipients
    monkeypatch.setattr(module, "_encode_recipients", lambda entry: real(entry).replace(b"1\t", b"7\t"))
    octets, _ = written(Entry(ARRIVED, ("a", "b"), b"", slots))
    with pytest.raises(LeftAlone, match="out of order"):
        decode(octets)


@pytest.mark.parametrize("character", ["\t", "\n", "\r", "\0"])
def test_p9_an_address_cannot_add_a_recipient(character: str) -> None:
    with pytest.raises(ValueError, match="control character"):
        encode(Entry(ARRIVED, (f"a{character}b",), b""), NONCE)


def test_p9_slots_of_nobody_do_not_hide_a_tab() -> None:
    """Counting tabs was not enough: one missing there and one too many here made a whole."""
    with pytest.raises(ValueError, match="control character"):
        encode(Entry(ARRIVED, ("a\tb",), b"", {5: {"x": "y"}}), NONCE)


def test_text_that_is_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        encode(Entry(ARRIVED, ("a\ud800",), b""), NONCE)
    with pytest.raises(ValueError, match="surrogates"):
        encode(Entry(Notice(kind="\ud800", arrived_at=1.0), (), b""), NONCE)


def test_a_hundred_thousand_recipients_are_quick() -> None:
    addresses = tuple(f"member-{number}@example.com" for number in range(100_000))
    began = time.process_time()
    octets, _ = written(Entry(ARRIVED, addresses, b"x"))
    assert decode(octets)[0].addresses == addresses
    assert time.process_time() - began < 2
