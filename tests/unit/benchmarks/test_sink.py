"""The counting sink: it may believe its clients, but it has to count rightly."""

import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from side_by_side.sink import Counts, Dialog
from side_by_side.sink_process import SinkProcess, TooSlow

CONTENT = b"Subject: x\r\n\r\n..\r\nRCPT TO:<not.a.command>\r\n.no end\r\nMAIL FROM:<>\r\n"
STUFFED = b"Subject: x\r\n\r\n...\r\nRCPT TO:<not.a.command>\r\n..no end\r\nMAIL FROM:<>\r\n"
TWO = b"MAIL FROM:<a@example.com> BODY=8BITMIME\r\nRCPT TO:<b@example.net>\r\nrcpt to:<c@example.net>\r\n"
BY_DATA = TWO + b"DATA\r\n" + STUFFED + b".\r\n"
BY_CHUNK = TWO + b"BDAT %d LAST\r\n" % len(CONTENT) + CONTENT
IN_CHUNKS = (
    TWO + b"BDAT 8\r\n" + CONTENT[:8] + b"BDAT %d\r\n" % len(CONTENT[8:]) + CONTENT[8:] + b"BDAT 0 LAST\r\n"
)
OK = "250 2.0.0 Ok"


def counts() -> Counts:
    return Counts(bytearray(Counts.OCTETS))


def codes(replies: bytes) -> list[str]:
    return [line[:3] for line in replies.decode().splitlines()]


@pytest.mark.parametrize(
    ("octets", "expected", "size"),
    [
        (BY_DATA, ["250", "250", "250", "354", "250"], len(STUFFED)),
        (BY_CHUNK, ["250", "250", "250", "250"], len(CONTENT)),
        (IN_CHUNKS, ["250"] * 6, len(CONTENT)),
        (TWO + b"DATA\r\n.\r\n", ["250", "250", "250", "354", "250"], 0),
    ],
)
def test_a_transaction_is_counted_once_and_each_recipient_as_a_copy(
    octets: bytes, expected: list[str], size: int
) -> None:
    seen = counts()
    assert codes(Dialog(seen).feed(octets)) == expected
    assert (seen.copies, seen.transactions, seen.octets) == (2, 1, size)


@given(
    parts=st.lists(st.sampled_from([BY_DATA, BY_CHUNK, IN_CHUNKS]), min_size=1, max_size=4),
    cuts=st.lists(st.integers(0, 1_200), max_size=12),
)
def test_however_the_octets_come_the_replies_and_counts_are_the_same(
    parts: list[bytes], cuts: list[int]
) -> None:
    octets = b"EHLO me\r\n" + b"".join(parts) + b"QUIT\r\n"
    at_once, in_pieces = counts(), counts()
    whole = Dialog(at_once).feed(octets)
    dialog, replies, start = Dialog(in_pieces), b"", 0
    for end in [*sorted(cut for cut in cuts if cut < len(octets)), len(octets)]:
        replies += dialog.feed(octets[start:end])
        start = end
    assert replies == whole
    assert dialog.ended
    assert in_pieces.copies == at_once.copies == 2 * len(parts)
    assert in_pieces.transactions == at_once.transactions == len(parts)
    assert in_pieces.octets == at_once.octets


def test_what_was_reset_is_not_counted() -> None:
    seen = counts()
    dialog = Dialog(seen)
    dialog.feed(TWO + b"RSET\r\n" + BY_DATA)
    assert seen.copies == 2


def test_the_greeting_offers_what_it_is_told_to() -> None:
    reply = Dialog(counts(), ["PIPELINING", "XVERP"]).feed(b"EHLO me\r\n")
    assert reply == b"250-sink\r\n250-PIPELINING\r\n250 XVERP\r\n"


def test_who_only_asks_is_answered_and_not_counted() -> None:
    seen = counts()
    replies = Dialog(seen).feed(b"NOOP\r\n\r\nLHLO x\r\n")
    assert codes(replies) == ["250", "250", "250"]
    assert (seen.transactions, seen.first, seen.last) == (0, 0.0, 0.0)


def test_the_first_and_the_last_moment_are_kept_until_reset() -> None:
    seen = counts()
    dialog = Dialog(seen)
    dialog.feed(BY_CHUNK)
    first = seen.first
    dialog.feed(BY_CHUNK)
    assert 0 < first == seen.first <= seen.last
    seen.connected()
    assert seen.connections == 1
    seen.reset()
    assert (seen.copies, seen.transactions, seen.octets, seen.connections) == (0, 0, 0, 0)
    assert seen.first == seen.last == 0.0


def test_as_a_process_it_counts_where_the_other_process_reads(tmp_path: Path) -> None:
    with SinkProcess(tmp_path) as sink:
        with socket.create_connection(("127.0.0.1", sink.port), timeout=10) as peer:
            assert peer.recv(100) == b"220 sink ESMTP\r\n"
            peer.sendall(BY_CHUNK + b"QUIT\r\n")
            replies = b""
            while octets := peer.recv(1_000):
                replies += octets
        assert codes(replies) == ["250", "250", "250", "250", "221"]
        sink.wait(2, float("inf"))
        assert sink.counts.connections == 1
        with pytest.raises(TooSlow) as caught:
            sink.wait(3, 0.0)
        assert caught.value.seen == 2


def test_by_itself_it_is_far_faster_than_what_is_measured_with_it(tmp_path: Path) -> None:
    with SinkProcess(tmp_path) as sink:
        assert sink.speed(b"x" * 1_022 + b"\r\n", 0.05) > 0  # that it counted all is checked there
