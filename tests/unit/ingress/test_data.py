import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.ingress.data import Content, Memory
from mlcore.mail.reply import NO_SPACE, TOO_BIG
from support.lmtp import stuffed

MANY = 1 << 40

fragments = st.sampled_from(
    [
        b"\r\n",
        b"\r",
        b"\n",
        b".",
        b"..",
        b"\r\n.",
        b"\r\n..",
        b"\n.\n",
        b"\r.\r",
        b"\n.\r\n",
        b"\r\n.\n",
        b"a",
        b"\x00",
        b"\xff",
    ]
)
contents = st.lists(fragments, max_size=30).map(b"".join)


def reference(wire: bytes) -> tuple[bytes, bytes] | None:
    """Content and rest, line by line as RFC 5321 4.5.2 tells it. None: no line is a lone dot."""
    lines = re.split(rb"(?<=\r\n)", wire)
    kept: list[bytes] = []
    for number, line in enumerate(lines):
        if line == b".\r\n":
            return b"".join(kept), b"".join(lines[number + 1 :])
        kept.append(line.removeprefix(b"."))
    return None


def read(blocks: list[bytes], limit: int = MANY, memory: int = MANY) -> tuple[Content, bytes | None]:
    content = Content(limit, Memory(memory))
    for number, block in enumerate(blocks):
        rest = content.feed(block)
        if rest is not None:
            return content, rest + b"".join(blocks[number + 1 :])
    return content, None


def cut(wire: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(wire) + 1) for place in places), len(wire)]
    return [wire[start:end] for start, end in itertools.pairwise(edges)]


@given(contents, contents, st.lists(st.integers(0, 10_000), max_size=12))
def test_p4_any_octets_in_any_blocks_read_as_the_reference_does(
    before: bytes, behind: bytes, places: list[int]
) -> None:
    wire = before + b"\r\n.\r\n" + behind
    expected = reference(wire)
    content, rest = read(cut(wire, places))
    assert expected is not None
    assert (content.octets(), rest) == expected


@given(contents, st.lists(st.integers(0, 10_000), max_size=12))
def test_p4_what_was_stuffed_comes_out_again(octets: bytes, places: list[int]) -> None:
    content, rest = read(cut(stuffed(octets), places))
    whole = octets if not octets or octets.endswith(b"\r\n") else octets + b"\r\n"
    assert (content.octets(), rest) == (whole, b"")


@pytest.mark.parametrize(
    "ending",
    [
        b"\n.\n",
        b"\r.\r",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r\n.\r",
        b"\r.\r\n",
        b"\r\n.\0\r\n",
        b"\r\r\n.\r",
        b"\n\r.\r\n",
    ],
)
def test_p4_nothing_else_ends_the_content(ending: bytes) -> None:
    content, rest = read([b"before" + ending + b"after\r\n.\r\n"])
    assert content.octets() == b"before" + ending.replace(b"\r\n.", b"\r\n") + b"after\r\n"
    assert rest == b""


def test_p4_terminator_cut_at_every_place() -> None:
    wire = b"Subject: x\r\n\r\n..two\r\n.\r\nQUIT\r\n"
    for place in range(len(wire) + 1):
        content, rest = read([wire[:place], wire[place:]])
        assert (content.octets(), rest) == (b"Subject: x\r\n\r\n.two\r\n", b"QUIT\r\n"), place
    content, rest = read([wire[number : number + 1] for number in range(len(wire))])
    assert (content.octets(), rest) == (b"Subject: x\r\n\r\n.two\r\n", b"QUIT\r\n")


def test_empty_body_is_a_dot_right_away() -> None:
    content, rest = read([b".\r\nMAIL"])
    assert (content.octets(), content.size_bytes, rest) == (b"", 0, b"MAIL")
    assert read([b".", b"\r", b"\n"])[1] == b""


def test_a_dot_at_the_very_start_is_unstuffed() -> None:
    assert read([b"..x\r\n.\r\n"])[0].octets() == b".x\r\n"
    assert read([b".", b".x\r\n.\r\n"])[0].octets() == b".x\r\n"


def test_without_a_terminator_it_goes_on() -> None:
    assert read([b"Subject: x\r\n", b"\r\n"])[1] is None


def test_size_counts_what_is_kept_not_what_was_stuffed() -> None:
    content, _ = read([b"..345678\r\n", b".\r\n"], limit=9)
    assert (content.fault, content.size_bytes, content.octets()) == (None, 9, b".345678\r\n")


def test_over_size_is_read_to_the_dot_and_forgotten() -> None:
    memory = Memory(100)
    content = Content(10, memory)
    assert content.feed(b"x" * 9) is None
    assert content.feed(b"y" * 9 + b"\r\n..") is None
    assert content.fault == TOO_BIG
    assert content.feed(b"\r\n.\r\nrest") == b"rest"
    assert content.octets() == b""
    assert memory.take(100)


def test_over_memory_is_a_matter_of_now() -> None:
    memory = Memory(10)
    first = Content(MANY, memory)
    first.feed(b"12345678")
    second, rest = Content(MANY, memory), None
    for block in (b"123", b"\r\n.\r\n"):
        rest = second.feed(block)
    assert (second.fault, rest) == (NO_SPACE, b"")
    first.drop()
    third = Content(MANY, memory)
    assert third.feed(b"12345678\r\n.\r\n") == b""
    assert (third.fault, third.octets()) == (None, b"12345678\r\n")


def test_octets_outlive_the_drop() -> None:
    content, _ = read([b"a\r\n", b"b\r\n", b"c\r\n.\r\n"])
    octets = content.octets()
    content.drop()
    assert octets == b"a\r\nb\r\nc\r\n"


def test_no_memory_of_the_host_is_452_not_a_lost_terminator(monkeypatch: pytest.MonkeyPatch) -> None:
    def append(self: Content, kept: bytes) -> None:
        raise MemoryError

    monkeypatch.setattr(Content, "_append", append)
    memory = Memory(100)
    content = Content(MANY, memory)
    assert content.feed(b"a\r\n") is None
    assert content.feed(b"b\r\n.\r\n") == b""
    assert content.fault == NO_SPACE
    assert memory.take(100)
