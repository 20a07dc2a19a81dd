"""`mail.fields`: a header section is edited as octets."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.mail import fields, lines, words
from mlcore.mail.fields import Fields
from support.shapes import shapes, unsigned_shapes

_names = st.text(st.sampled_from("abXY-19!"), min_size=1, max_size=6)
_lines = st.lists(st.sampled_from([b"a", b" ", b"\t", b":", b"\xff", b"=?utf-8?q?x?="]), max_size=5).map(
    b"".join
)


@st.composite
def _field(draw: st.DrawFn) -> bytes:
    folds = draw(st.lists(_lines, max_size=3))
    blank = draw(st.sampled_from([b"", b" ", b"\t "]))
    start = draw(_names).encode() + blank + b":" + draw(_lines)
    return b"\r\n ".join([start, *folds]) + b"\r\n"


_sections = st.lists(_field(), max_size=8).map(tuple)
_bodies = st.lists(st.sampled_from([b"\r\n", b"text", b"Name: body", b" ", b"\xe4"]), max_size=8).map(
    b"".join
)
_values = st.one_of(
    st.binary(max_size=30),
    st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b" ", b"\t", b"\0", b"x", b"Evil: 1"]), max_size=12).map(
        b"".join
    ),
    st.text(max_size=30),
    st.lists(st.sampled_from(["\r", "\n", "\r\n ", "\0", "x", "\u2028", "\x85", "Evil: 1", "日本"])).map(
        "".join
    ),
)


def _parsed(*names: str) -> Fields:
    return fields.split(b"".join(f"{name}: {number}\r\n".encode() for number, name in enumerate(names)))[0]


@given(_sections, _bodies)
def test_p8_split_and_join_give_the_same_octets(section: tuple[bytes, ...], body: bytes) -> None:
    octets = b"".join(section) + b"\r\n" + body
    found, rest = fields.split(octets)
    assert found.raw == section
    assert rest == body
    assert fields.join(found, rest) == octets
    assert (len(found), found.size, found.octets()) == (
        len(section),
        len(b"".join(section)),
        b"".join(section),
    )
    assert fields.header_size(octets) == found.size


@pytest.mark.parametrize(("name", "octets"), [*shapes(), *unsigned_shapes()])
def test_p8_every_shape_of_message_comes_back(name: str, octets: bytes) -> None:
    assert fields.join(*fields.split(octets)) == octets


@given(st.binary())
def test_anything_is_split_without_loss(octets: bytes) -> None:
    clean = lines.normalise(octets)
    found, body = fields.split(clean)
    assert clean.endswith(body)
    assert all(raw.endswith(b"\r\n") for raw in found.raw)


@given(_sections, _names, _values, st.sampled_from(["prepend", "append", "replace"]))
def test_p8_p9_an_edit_keeps_every_octet_of_the_others_and_adds_one_field(
    section: tuple[bytes, ...], name: str, value: str | bytes, edit: str
) -> None:
    before = Fields(section)
    after: Fields = getattr(before, edit)(name, value)
    others = [raw for raw, found in zip(section, before.names(), strict=True) if found != name.lower()]
    if edit == "replace":
        assert after.names().count(name.lower()) == 1
        assert [raw for raw, n in zip(after.raw, after.names(), strict=True) if n != name.lower()] == others
    else:
        assert (after.raw[1:] if edit == "prepend" else after.raw[:-1]) == section
    assert fields.split(fields.join(after, b"body")) == (after, b"body")
    assert lines.is_clean(after.octets())
    assert fields.split(after.octets())[0].names() == after.names()
    assert not re.search(rb"\n[ \t]*\r\n", b"".join(set(after.raw) - set(section)))
    removed = after.remove(name)
    assert list(removed.raw) == others
    assert removed.names() == Fields(removed.raw).names()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (b"one\r\n two", b"one\r\n two"),
        (b"one\r\nEvil: 1", b"one Evil: 1"),
        (b"one\nEvil: 1\r\n", b"one Evil: 1"),
        (b"one\r\n\r\n body", b"one  body"),
        (b"one\r\n \t\r\n two", b"one  \t\r\n two"),
        (b"one\r\n  \r\nEvil: 1", b"one    Evil: 1"),
        (b"one\r\0\nEvil: 1\0", b"one Evil: 1"),
        ("one\r\nEvil: 1", b"one Evil: 1"),
        ("one\u2028two\0\x1b", b"one two"),
    ],
)
def test_p9_no_value_adds_a_field(value: str | bytes, written: bytes) -> None:
    assert Fields().append("X-Note", value).raw == (b"X-Note: " + written + b"\r\n",)


def test_an_empty_value_leaves_no_blank_at_the_end() -> None:
    assert Fields().append("X-Note", " ").append("X-Other", b"\r\n").octets() == b"X-Note:\r\nX-Other:\r\n"


@pytest.mark.parametrize("name", ["", "X Y", "X:", "X\r\nEvil", "Ü"])
def test_p9_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a field name"):
        Fields().append(name, "x")


def test_the_section_ends_before_the_first_line_that_is_no_field() -> None:
    found, body = fields.split(b"A: 1\r\nno field here\r\nB: 2\r\n\r\ntext")
    assert found.raw == (b"A: 1\r\n",)
    assert body == b"no field here\r\nB: 2\r\n\r\ntext"


@pytest.mark.parametrize(
    ("octets", "raw", "body"),
    [
        (b"", (), b""),
        (b"\r\n", (), b""),
        (b"\r\ntext", (), b"text"),
        (b"text", (), b"text"),
        (b" A: 1\r\n\r\ntext", (), b" A: 1\r\n\r\ntext"),
        (b": 1\r\n", (), b": 1\r\n"),
        (b"A: 1", (b"A: 1\r\n",), b""),
        (b"A: 1\r\n", (b"A: 1\r\n",), b""),
        (b"A: 1\r\n 2", (b"A: 1\r\n 2\r\n",), b""),
        (b"A: 1\r\n\r\n", (b"A: 1\r\n",), b""),
        (b"From anne Tue Nov 14\r\nA: 1\r\n\r\ntext", (b"A: 1\r\n",), b"text"),
        (b"From anne Tue Nov 14", (), b""),
        (b"From : anne@example.org\r\n\r\ntext", (b"From : anne@example.org\r\n",), b"text"),
    ],
)
def test_edges_of_the_section(octets: bytes, raw: tuple[bytes, ...], body: bytes) -> None:
    found, rest = fields.split(octets)
    assert (found.raw, rest) == (raw, body)


def test_look_up_without_regard_to_case() -> None:
    found, _ = fields.split(b"SUBJECT : \t one\r\n two \r\nsubject:three\r\nTo: x\r\n")
    assert found.names() == ("subject", "subject", "to")
    assert found.all("Subject") == (b"one\r\n two", b"three")
    assert found.first("sUbJect") == b"one\r\n two"
    assert found.texts("subject") == ("one two", "three")
    assert found.text("subject") == "one two"
    assert (found.all("cc"), found.first("cc"), found.text("cc"), found.texts("cc")) == ((), None, None, ())


def test_replace_keeps_the_place_of_the_first_and_removes_the_others() -> None:
    found = _parsed("A", "B", "a", "C").replace("A", b"new")
    assert found.octets() == b"A: new\r\nB: 1\r\nC: 3\r\n"
    assert found.replace("B", "x").octets() == b"A: new\r\nB: x\r\nC: 3\r\n"
    assert found.replace("D", "x").names() == ("a", "b", "c", "d")


def test_remove_of_what_is_not_there_is_the_same_value() -> None:
    found = _parsed("A", "B")
    assert found.remove("C", "D") is found
    assert found.remove("a", "B").raw == ()


def test_a_str_is_encoded_and_folded() -> None:
    found = Fields().append("Subject", "[Ant] 件名 " + "word " * 30)
    assert max(map(len, found.octets().split(b"\r\n"))) <= 78
    assert found.text("subject") == ("[Ant] 件名 " + "word " * 30).strip()
    assert found.octets().isascii()


def test_fields_are_values() -> None:
    found = _parsed("A")
    assert found == Fields((b"A: 0\r\n",))
    assert found != Fields()
    assert found != "A"
    assert hash(found) == hash(Fields((b"A: 0\r\n",)))
    assert repr(found) == "Fields((b'A: 0\\r\\n',))"
    with pytest.raises(AttributeError):
        found.raw = ()  # type: ignore[misc]


def test_header_size_is_known_before_parsing() -> None:
    assert fields.header_size(b"\r\nA: 1\r\n\r\n") == 0
    assert fields.header_size(b"A: 1\r\n\r\ntext") == 6
    assert fields.header_size(b"A: 1\r\n") == 6


@pytest.mark.parametrize(
    "octets",
    [
        b"X-Field: value\r\n" * 10_000,
        b"X: y\r\n" + b" folded\r\n" * 50_000,
        b"x" * 500_000,
        b"x " * 250_000,
        b"x:" + b" " * 500_000,
        b"A: 1\r\n" + b"no field\r\n" * 50_000,
    ],
)
def test_p7_a_hostile_section_takes_linear_time(octets: bytes) -> None:
    started = time.process_time()
    found, _ = fields.split(octets)
    found.text("x")
    found.replace("X-Field", "one")
    assert time.process_time() - started < 1


def test_p7_a_hostile_value_takes_linear_time() -> None:
    started = time.process_time()
    Fields().append("X", b"\r\n" + b" " * 200_000 + b"\r\n").append("Y", b"\r\n \r\n" * 50_000)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("body", "most", "text"),
    [
        (b"Tea at four", 3, "Tea"),
        (b"Tea", 3, "Tea"),
        ("お茶".encode(), 3, "お"),
        ("お茶".encode(), 4, "お"),
        ("お茶".encode(), 5, "お"),
        (b"\x80" * 9, 5, "\x80" * 3),
        (b"=?utf-8?q?a?= and more", 13, "a"),
    ],
)
def test_p7_the_beginning_of_a_long_field_is_read_alone(body: bytes, most: int, text: str) -> None:
    found = Fields((b"Subject: " + body + b"\r\n",)).beginning("subject", most)
    assert found == words.one_line(text)
    assert Fields().beginning("subject", most) == ""


def test_p7_a_subject_of_a_quarter_mebibyte_is_not_decoded_for_its_beginning() -> None:
    long = Fields((b"Subject: " + b"=?utf-8?Q?a?= " * 18_000 + b"\r\n",))
    start = time.thread_time()
    assert long.beginning("subject", 1_000).startswith("aaaa")
    assert time.thread_time() - start < 0.02
