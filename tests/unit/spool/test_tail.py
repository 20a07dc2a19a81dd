from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mlcore.spool.entry import TailPlace, blanks
from mlcore.spool.tail import (
    Progress,
    Record,
    Tail,
    compact,
    decode_records,
    encode_record,
    longest_done,
    ranges,
)

KEY = b"k" * 48
NAME = "018bcfe56800000a1b2c3.o"
OTHER = "018bcfe56800000a1b2c3.a"
NUMBERS = st.frozensets(st.integers(0, 400), max_size=40)
RECORDS = st.builds(
    Record,
    name=st.sampled_from([NAME, OTHER]),
    kind=st.sampled_from(["try", "done", "back", "shunt"]),
    alone=st.booleans(),
    ranges=NUMBERS.map(ranges),
    code=st.sampled_from([250, 550, 554]),
    due=st.floats(0, 1e10),
    failures=st.integers(0, 9),
    queue=st.sampled_from(["out", "in"]),
    why=st.text(st.characters(exclude_categories=["Cs"])),
)


def progress(records: list[Record], name: str = NAME) -> dict[str, object]:
    return vars(Progress(name, records))


@given(st.lists(RECORDS))
def test_records_come_back_in_order_wherever_they_stand(records: list[Record]) -> None:
    tail = b"".join(encode_record(record, KEY) + b" " * 7 for record in records) + blanks(128)
    assert decode_records(tail, KEY)[0] == records


@given(st.lists(RECORDS, min_size=1, max_size=4), st.data())
def test_p10_a_torn_record_never_counts(records: list[Record], data: st.DataObject) -> None:
    lines = [encode_record(record, KEY) for record in records]
    cut = data.draw(st.integers(1, len(lines[-1]) - 2))
    tail = b"".join(lines[:-1]) + lines[-1][:cut] + blanks(64)
    found, position = decode_records(tail, KEY)
    assert found == records[:-1]
    again = tail[:position] + encode_record(records[-1], KEY) + blanks(64)
    assert decode_records(again, KEY)[0] == records


@given(RECORDS, st.integers(0, 10_000), st.integers(1, 255))
def test_a_flipped_octet_never_makes_another_record(record: Record, position: int, flip: int) -> None:
    line = bytearray(encode_record(record, KEY))
    line[position % len(line)] ^= flip
    assert decode_records(bytes(line), KEY)[0] in ([], [record])


@given(st.lists(RECORDS))
def test_a_record_of_another_file_never_counts(records: list[Record]) -> None:
    tail = b"".join(encode_record(record, KEY) for record in records)
    assert decode_records(tail, b"x" * 48)[0] == []


def test_a_kind_of_a_later_version_is_skipped() -> None:
    octets = b'{"n":"x","k":"later"}'
    from mlcore.spool.tail import _check

    assert decode_records(b"\n%s %s\n" % (octets, _check(octets, KEY)), KEY)[0] == []


@given(st.frozensets(st.integers(0, 2000)))
def test_ranges_say_the_same(numbers: frozenset[int]) -> None:
    spans = ranges(numbers)
    assert {n for first, last in spans for n in range(first, last + 1)} == numbers
    assert all(left[1] + 1 < right[0] for left, right in pairwise(spans))


@given(st.frozensets(st.integers(0, 99_999), min_size=1, max_size=200), st.data())
def test_the_room_that_is_reserved_is_enough(numbers: frozenset[int], data: st.DataObject) -> None:
    good = data.draw(st.frozensets(st.sampled_from(sorted(numbers))))
    lines = [
        encode_record(Record(name=NAME, kind="done", ranges=ranges(some), code=code), KEY)
        for some, code in ((good, 250), (numbers - good, 554))
        if some
    ]
    assert sum(map(len, lines)) <= longest_done(NAME, sorted(numbers))


@given(st.lists(RECORDS, max_size=30))
def test_compact_records_say_the_same(records: list[Record]) -> None:
    fewer = compact(records)
    for name in (NAME, OTHER):
        assert progress(fewer, name) == progress(records, name)
    assert compact(fewer) == fewer
    assert sum(record.kind == "done" for record in fewer) <= 6


@given(st.lists(RECORDS, max_size=30))
def test_compact_records_need_no_more_room(records: list[Record]) -> None:
    size = sum(len(encode_record(record, KEY)) for record in records)
    assert sum(len(encode_record(record, KEY)) for record in compact(records)) <= size + 24 * len(records)


def test_a_hundred_thousand_records_are_kept_as_a_few() -> None:
    tail = Tail(TailPlace(KEY, 4096, 4096))
    for number in range(100_000):
        tail.note([Record(name=NAME, kind="done", ranges=((number, number),), code=250)])
    assert len(tail.records) <= 1024
    assert len(Progress(NAME, tail.records).settled) == 100_000


def test_progress_speaks_of_one_name() -> None:
    records = [
        Record(name=NAME, kind="try"),
        Record(name=OTHER, kind="done", ranges=((0, 9),), code=250),
        Record(name=NAME, kind="done", ranges=((1, 2), (5, 5)), code=250),
        Record(name=NAME, kind="back", due=9.5, failures=2),
        Record(name=NAME, kind="back"),
        Record(name=NAME, kind="try", alone=True),
    ]
    found = Progress(NAME, records)
    assert found.settled == {1, 2, 5}
    assert (found.due, found.failures, found.strikes, found.open_tries) == (0.0, 2, 1, 1)
    assert found.suspect
    found.add(Record(name=NAME, kind="shunt", queue="out", why="a bug"))
    assert (found.shunted_from, found.why, found.suspect, found.strikes) == ("out", "a bug", False, 0)


def test_a_tail_gives_room_and_grows() -> None:
    tail = Tail(TailPlace(KEY, 8192, 4096))
    line = encode_record(Record(name=NAME, kind="try"), KEY)
    assert tail.put(line) == (8192, line)
    assert tail.put(line)[0] == 8192 + len(line) - 1
    assert tail.room == 4096 - 2 * (len(line) - 1)
    assert tail.extension(1) == (8192 + 4096, blanks(4096))
    assert len(tail.extension(5000)[1]) == 8192
    tail.extended(4096 * 100)
    assert len(tail.extension(1)[1]) == 65_536
    opened = Tail(TailPlace(KEY, 8192, 4096), line + blanks(128), firm=False)
    assert (len(opened.records), opened.position, opened.firm) == (1, len(line), False)
