"""Replies as servers write them, cut anywhere, and what is no reply."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.delivery.replies import (
    MAX_LINE,
    MAX_LINES,
    MAX_SKIPPED,
    MAX_TEXT,
    Answer,
    GarbledReply,
    ReplyParser,
    printable,
)
from mlcore.mail.reply import Reply


def parse(octets: bytes) -> list[Reply]:
    return [answer.reply for answer in ReplyParser().feed(octets)]


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"250 2.1.5 Ok", Reply(250, "2.1.5", "Ok")),
        (b"250", Reply(250, "", "")),
        (b"250 ", Reply(250, "", "")),
        (b"354 End data with <CR><LF>.<CR><LF>", Reply(354, "", "End data with <CR><LF>.<CR><LF>")),
        (b"550 5.1.1", Reply(550, "5.1.1", "")),
        (b"550 5.1.1 <a@b>: unknown", Reply(550, "5.1.1", "<a@b>: unknown")),
        (b"550 4.1.1 class and code differ", Reply(550, "", "4.1.1 class and code differ")),
        (b"550 5.1.1234 no code", Reply(550, "", "5.1.1234 no code")),
        (b"250 2.0.0\tOk", Reply(250, "2.0.0", "Ok")),
        ("250 2.1.5 für dich".encode(), Reply(250, "2.1.5", "für dich")),
        (b"250 \xff", Reply(250, "", "\ufffd")),
    ],
)
def test_one_line(line: bytes, reply: Reply) -> None:
    assert parse(line + b"\r\n") == [reply]


def test_several_lines_are_one_reply_with_its_lines_kept() -> None:
    octets = b"250-2.1.0 one\r\n250-2.1.0 two\r\n250-\r\n250 2.1.0 three\r\n"
    (answer,) = ReplyParser().feed(octets)
    assert answer.reply == Reply(250, "2.1.0", "one two three")
    assert answer.lines == ("2.1.0 one", "2.1.0 two", "", "2.1.0 three")


STREAM = b"250-peer\r\n250-SIZE 10\r\n250 HELP\r\n250 2.1.0 Ok\r\n550 5.1.1 no\r\n354 go\r\n250 2.0.0 Ok\r\n"


@given(st.lists(st.integers(min_value=0, max_value=len(STREAM)), max_size=12))
def test_segments_may_end_anywhere(cuts: list[int]) -> None:
    parser = ReplyParser()
    edges = [0, *sorted(cuts), len(STREAM)]
    answers = [a for start, end in itertools.pairwise(edges) for a in parser.feed(STREAM[start:end])]
    assert answers == ReplyParser().feed(STREAM)
    assert [answer.reply.code for answer in answers] == [250, 250, 550, 354, 250]
    assert parser.between_replies


def test_octet_by_octet() -> None:
    parser = ReplyParser()
    answers = [a for octet in STREAM for a in parser.feed(bytes([octet]))]
    assert answers == ReplyParser().feed(STREAM)


def test_between_replies_is_told() -> None:
    parser = ReplyParser()
    assert parser.between_replies
    parser.feed(b"250-a\r\n")
    assert not parser.between_replies
    parser.feed(b"250 b\r\n2")
    assert not parser.between_replies
    parser.feed(b"50 c\r\n")
    assert parser.between_replies


@pytest.mark.parametrize("length", [4_000, MAX_LINE, MAX_LINE + 1, 40_000])
@pytest.mark.parametrize("piece", [1, 7, 1_024, 1_000_000])
def test_a_long_line_is_cut_not_fatal(length: int, piece: int) -> None:
    """Fault matrix: garbage, 4,000-character or split replies."""
    octets = b"451 4.3.0 " + b"x" * (length - 10) + b"\r\n250 2.0.0 Ok\r\n"
    parser = ReplyParser()
    answers: list[Answer] = []
    for start in range(0, len(octets), piece):
        answers += parser.feed(octets[start : start + piece])
    assert [answer.reply.code for answer in answers] == [451, 250]
    assert answers[0].reply.enhanced == "4.3.0"
    assert len(answers[0].reply.text) == MAX_TEXT
    assert answers[1].reply.text == "Ok"


def test_a_line_that_never_ends_is_given_up() -> None:
    parser = ReplyParser()
    for _ in range((MAX_LINE + MAX_SKIPPED) // 1_024):
        assert parser.feed(b"2" * 1_024) == []
    with pytest.raises(GarbledReply):
        parser.feed(b"2" * 1_024)


def test_a_hundred_lines_are_read_and_no_more() -> None:
    assert len(ReplyParser().feed(b"250-a\r\n" * (MAX_LINES - 1) + b"250 z\r\n")[0].lines) == MAX_LINES
    with pytest.raises(GarbledReply):
        ReplyParser().feed(b"250-a\r\n" * MAX_LINES + b"250 z\r\n")


@pytest.mark.parametrize(
    "octets",
    [
        b"\r\n",
        b"25 Ok\r\n",
        b"Ok\r\n",
        b"199 early\r\n",
        b"600 late\r\n",
        b"2500 Ok\r\n",
        b"250_Ok\r\n",
        b"250-a\r\n251 b\r\n",
        b"250-a\r\nb\r\n",
        b"250 a\n250 b\r\n",
        b"250 a\n",
        b"\xb2\xb2\xb2 a\r\n",
        b"HTTP/1.1 400 Bad Request\r\n",
    ],
)
def test_what_is_no_reply_ends_the_conversation(octets: bytes) -> None:
    with pytest.raises(GarbledReply):
        ReplyParser().feed(octets)


@given(st.binary(max_size=300))
def test_p9_whatever_comes_is_printable_or_refused(octets: bytes) -> None:
    parser = ReplyParser()
    try:
        answers = parser.feed(b"250 " + octets + b"\r\n")
    except GarbledReply:
        return
    for answer in answers:
        assert answer.reply.text.isprintable()
        assert len(answer.reply.text) <= MAX_TEXT
        assert 200 <= answer.reply.code <= 599


def test_p9_control_characters_do_not_survive() -> None:
    (reply,) = parse(b"550 5.1.1 a\x1b[2J\x00b\rc\x07\r\n")
    assert reply.text == "a [2J b c"
    assert printable("a\nb\u202e") == "a b"


def test_known_lines_are_kept_but_not_without_bound() -> None:
    parser = ReplyParser()
    first = parser.feed(b"250 2.1.5 Ok\r\n")[0]
    assert parser.feed(b"250 2.1.5 Ok\r\n")[0] is first
    for number in range(1_000):
        parser.feed(b"250 2.0.0 queued as %d\r\n" % number)
    assert len(parser._known) <= 64
