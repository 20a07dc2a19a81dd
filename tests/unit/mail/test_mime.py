"""`mail.mime`: messages taken apart over their octets, and put together again."""

import email
import time
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists.draft import Draft
from mlcore.mail import fields, mime
from mlcore.mail.fields import Fields
from mlcore.mail.lines import normalise
from mlcore.mail.mime import Part, TooComplex
from support.odd_messages import (
    HTML,
    IMAGE,
    ORIGINAL,
    SIGNED,
    TEXT,
    WORDS,
    many,
    multipart,
    nested,
    nested_messages,
    odd_messages,
    part,
    too_complex,
    whole,
)
from support.shapes import shapes, unsigned_shapes

_EVERYTHING = [*odd_messages(), *shapes(), *unsigned_shapes()]


def _parsed(octets: bytes) -> Part:
    return mime.parse(*fields.split(octets))


def _types(octets: bytes) -> list[str]:
    return [found.type for found in _parsed(octets).walk(deep=True)]


def _rebuilt(found: Part) -> Part:
    """The same tree with every container put together anew."""
    if not found.children:
        return found
    children = tuple(map(_rebuilt, found.children))
    return Part(found.fields, found.content_type, children, found.preamble, found.epilogue)


def _odd(name: str) -> Part:
    return _parsed(dict(odd_messages())[name])


def test_there_are_many_odd_messages_with_names_of_their_own() -> None:
    names = [name for name, _ in odd_messages()]
    assert len(names) == len(set(names))
    assert len(names) >= 60


@pytest.mark.parametrize("octets", [pytest.param(octets, id=name) for name, octets in _EVERYTHING])
def test_p8_octets_stay_as_they_came(octets: bytes) -> None:
    draft = Draft.post(octets)
    found = draft.part()
    assert found.body is draft.body
    assert found.octets() == draft.octets()
    for inner in found.walk(deep=True):
        assert inner.octets() in draft.octets()
        assert inner.octets().endswith(inner.body)
        assert isinstance(inner.text(), str)
        assert "/" not in inner.filename
        assert isinstance(inner.decoded(), bytes)
        assert inner.disposition in {"", "inline", "attachment"}
    mime.first_text(found)


@pytest.mark.parametrize("octets", [pytest.param(octets, id=name) for name, octets in _EVERYTHING])
def test_what_is_put_together_anew_is_read_as_the_same(octets: bytes) -> None:
    """Delimiters are written in one way, so octets may differ where the message had them in another."""
    found = _parsed(octets)
    anew = _parsed(_rebuilt(found).octets())
    before = [(inner.type, inner.body) for inner in found.walk(deep=True) if not inner.children]
    assert [(inner.type, inner.body) for inner in anew.walk(deep=True) if not inner.children] == before


@pytest.mark.parametrize("octets", [pytest.param(octets, id=name) for name, octets in too_complex()])
def test_p7_what_is_beyond_the_limits_is_refused(octets: bytes) -> None:
    started = time.process_time()
    with pytest.raises(TooComplex):
        _parsed(octets)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    ("octets", "types"),
    [
        (nested(99), 100),
        (nested(100), 101),
        (nested_messages(99), 100),
        (many(999), 1000),
        (many(1000), 1001),
    ],
)
def test_p7_what_is_within_the_limits_is_taken_apart(octets: bytes, types: int) -> None:
    assert len(_types(octets)) == types


@pytest.mark.parametrize(
    ("name", "types"),
    [
        ("boundary-missing", ["multipart/mixed"]),
        ("boundary-empty", ["multipart/mixed"]),
        ("boundary-never-occurs", ["multipart/mixed"]),
        ("boundary-twice-said", ["multipart/mixed", "text/plain"]),
        ("boundary-ends-with-blank", ["multipart/mixed", "text/plain"]),
        ("boundary-with-colon", ["multipart/mixed", "text/plain", "text/plain"]),
        ("boundary-8bit", ["multipart/mixed", "text/plain"]),
        ("boundary-rfc2231", ["multipart/mixed", "text/plain"]),
        ("boundary-is-prefix", ["multipart/mixed", "multipart/alternative", "text/plain", "text/html"]),
        ("boundary-is-extension", ["multipart/mixed", "multipart/alternative", "text/plain", "text/html"]),
        ("delimiters-adjacent", ["multipart/mixed", "text/plain", "text/plain"]),
        ("delimiter-with-more", ["multipart/mixed", "text/plain"]),
        ("delimiter-in-epilogue", ["multipart/mixed", "text/plain"]),
        ("close-alone", ["multipart/mixed"]),
        ("unterminated", ["multipart/mixed", "text/plain", "image/png"]),
        ("unterminated-inside", ["multipart/mixed", "multipart/alternative", "text/plain", "text/plain"]),
        ("part-without-header", ["multipart/mixed", "text/plain"]),
        ("part-of-header-alone", ["multipart/mixed", "text/html"]),
        ("part-begins-with-junk", ["multipart/mixed", "text/plain"]),
        ("digest", ["multipart/digest", "message/rfc822", "text/plain", "message/rfc822", "text/plain"]),
        ("encoded-message", ["message/rfc822"]),
        ("message-empty", ["message/rfc822", "text/plain"]),
        ("message-global", ["message/global", "text/plain"]),
        ("partial", ["message/partial"]),
        ("external-body", ["message/external-body"]),
    ],
)
def test_structure(name: str, types: list[str]) -> None:
    assert [found.type for found in _odd(name).walk(deep=True)] == types


def test_the_line_end_before_a_delimiter_belongs_to_it() -> None:
    found = _parsed(
        whole(multipart(b"multipart/mixed", part(b"text/plain", b"one\r\n"), part(b"text/plain", b"two")))
    )
    assert [child.body for child in found.children] == [b"one\r\n", b"two"]
    assert (found.preamble, found.epilogue) == (b"", b"\r\n")


def test_preamble_and_epilogue() -> None:
    found = _odd("preamble-and-epilogue")
    assert found.preamble == b"before\r\n"
    assert found.epilogue == b"\r\nbehind\r\n"
    assert _odd("boundary-never-occurs").preamble == b"only a preamble\r\n"
    assert _odd("delimiter-in-epilogue").epilogue == b"\r\n--x\r\n\r\nu\r\n"


def test_a_delimiter_that_looks_like_a_field_ends_the_header_section() -> None:
    octets = whole(multipart(b"multipart/mixed", b"Content-Type: text/html", TEXT, boundary=b"a:b"))
    found = _parsed(octets)
    assert [child.type for child in found.children] == ["text/html", "text/plain"]
    assert found.children[0].fields.names() == ("content-type",)
    inside = whole(multipart(b"multipart/mixed", b"--c: d\r\nX: y\r\n\r\ntext", boundary=b"a:b"))
    assert _parsed(inside).children[0].fields.names() == ("--c", "x")


def test_a_message_without_a_body_and_one_that_begins_with_a_delimiter() -> None:
    header = b"Content-Type: multipart/mixed; boundary=x\r\n"
    assert _types(header) == ["multipart/mixed"]
    assert mime.parse(Fields((header,)), b"--x\r\n\r\ntext").children[0].body == b"text"


def test_attached_messages() -> None:
    found = _parsed(whole(multipart(b"multipart/mixed", TEXT, part(b"message/rfc822", ORIGINAL))))
    attached = found.children[1].children[0]
    assert attached.octets() == ORIGINAL
    assert attached.fields.text("subject") == "Before"
    assert [inner.type for inner in found.walk()] == ["multipart/mixed", "text/plain", "message/rfc822"]
    assert [inner.type for inner in found.walk(deep=True)][-1] == "text/plain"
    mbox = _odd("message-of-an-mbox").children[0]
    assert mbox.fields.text("subject") == "Before"
    assert mbox.octets().startswith(b"From bart")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("no-type", WORDS + "\n"),
        ("apple-mail", WORDS + "\n"),
        ("html-alone", None),
        ("text-as-attachment", None),
        ("message-of-an-mbox", None),
        ("base64-on-one-line", "会議は四時からです。" * 99),
        ("iso-2022-jp-says-nothing", "会議は四時からです。\n"),
        ("iso-2022-jp-says-utf-8", "会議は四時からです。\n"),
        ("shift-jis-says-us-ascii", "会議は四時からです。\n"),
        ("shift-jis-says-utf-8", "会議は四時からです。\n"),
        ("shift-jis-says-nothing", "会議は四時からです。\n"),
        ("euc-jp-says-unknown", "会議は四時からです。\n"),
        ("iso-2022-jp-without-a-way-back", "会議は四時からです。\n"),
        ("iso-2022-jp-katakana-8bit", "ｶｲｷﾞﾊ ﾖｼﾞｶﾗ ﾃﾞｽ\n"),
        ("iso-2022-jp-katakana-by-escape", "ｶｲｷｳ\n"),
        ("latin-1-says-utf-8", "Grüße\n"),
        ("utf-8-with-mark", "会議は四時からです。\n"),
        ("utf-8-cut-in-two", "会議は四時からです\ufffd\n"),
        ("base64-of-bare-line-ends", "one\ntwo\nthree"),
    ],
)
def test_first_text(name: str, text: str | None) -> None:
    found = mime.first_text(_odd(name))
    assert (found and found.text()) == text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("name-rfc2231", "図.png"),
        ("name-continued", "tea.exe"),
        ("name-continued-with-a-gap", "tea."),
        ("name-continued-from-one", ""),
        ("name-continued-and-encoded", "図.exe"),
        ("name-rfc2231-without-charset", "図.png"),
        ("name-rfc2047", "図.png"),
        ("name-with-directories", "passwd"),
        ("name-unquoted-with-blanks", "my tea (1).exe"),
        ("name-turned-around", "teatxt.exe"),
        ("name-with-dots-behind", "tea.exe. ."),
        ("name-in-the-type-alone", "tea.exe"),
        ("name-of-controls", "tea .exe"),
    ],
)
def test_file_names(name: str, shown: str) -> None:
    assert _odd(name).children[1].filename == shown


def test_both_names_of_a_file_are_known() -> None:
    found = _parsed(whole(part(b"a/b; name=tea.exe", b"", b"Content-Disposition: inline; filename=tea.txt")))
    assert found.filenames == ("tea.txt", "tea.exe")
    assert found.disposition == "inline"
    twice = _odd("type-twice")
    assert [kind.name for kind in twice.types] == ["text/html", "text/plain"]
    assert [kind.name for kind in _odd("no-type").types] == ["text/plain"]
    assert _odd("disposition-of-name-alone").disposition == ""
    assert _odd("disposition-unknown").disposition == "attachment"


def test_with_body_and_with_fields() -> None:
    found = _parsed(whole(multipart(b"multipart/mixed", TEXT, IMAGE)))
    other = found.with_body(b"another\r\n")
    assert other.octets() == found.fields.octets() + b"\r\nanother\r\n"
    assert other.children == ()
    assert found.with_fields(found.fields) is found
    marked = found.with_fields(found.fields.append("X-Mark", "1"))
    assert marked.children == found.children
    assert marked.body == found.body
    assert marked.octets() == marked.fields.octets() + b"\r\n" + found.body
    child = found.children[0]
    relabelled = child.with_fields(child.fields.replace("Content-Type", b"text/html"))
    assert relabelled.type == "text/html"
    assert relabelled.body == child.body
    fewer = found.with_children((child,))
    assert fewer.with_fields(fewer.fields.append("X-Mark", "1")).body == fewer.body


def test_with_children() -> None:
    found = _parsed(whole(multipart(b"multipart/mixed", TEXT, SIGNED, HTML)))
    assert found.with_children(found.children) is found
    fewer = found.with_children(found.children[:2])
    assert _parsed(fewer.octets()).children[1].octets() == SIGNED
    assert len(_parsed(fewer.octets()).children) == 2
    message = _parsed(whole(part(b"message/rfc822", ORIGINAL)))
    assert message.with_children((found.children[0],)).body == TEXT


@pytest.mark.parametrize(
    ("name", "count"), [("one-part", 0), ("message-of-an-mbox", 2), ("boundary-missing", 1)]
)
def test_with_children_refuses_what_cannot_be(name: str, count: int) -> None:
    with pytest.raises(ValueError, match="with"):
        _odd(name).with_children((_odd("no-type"),) * count)


# Trees of parts as octets, and the types in them.
_WORD = st.text("abcxyz012", min_size=1, max_size=6)
_BODY = st.lists(
    st.sampled_from([b"", b"text", b"--", b"--bx", b"-- ", b"-", b"a: b", b" ", b"\xe3\x81"]), max_size=4
)


@st.composite
def _leaves(draw: st.DrawFn) -> tuple[bytes, list[str]]:
    kind = draw(st.sampled_from([b"text/plain", b"text/html", b"image/png", b"application/pdf"]))
    more = [b"X-Field: " + draw(_WORD).encode() for _ in range(draw(st.integers(0, 2)))]
    return part(kind, b"\r\n".join(draw(_BODY)), *more), [kind.decode()]


@st.composite
def _containers(
    draw: st.DrawFn, inside: st.SearchStrategy[tuple[bytes, list[str]]]
) -> tuple[bytes, list[str]]:
    if draw(st.integers(0, 3)) == 0:
        octets, types = draw(inside)
        return part(b"message/rfc822", octets), ["message/rfc822", *types]
    children = draw(st.lists(inside, min_size=1, max_size=4))
    kind = draw(st.sampled_from([b"multipart/mixed", b"multipart/alternative", b"multipart/x-y"]))
    # Of a length by depth, so that boundaries are prefixes of each other and never the same.
    depth = max(octets.count(b"boundary=") for octets, _ in children)
    boundary = b"b" * (depth + 2)
    octets = multipart(kind, *[octets for octets, _ in children], boundary=boundary)
    return octets, [kind.decode(), *[name for _, types in children for name in types]]


_TREES = st.recursive(_leaves(), _containers, max_leaves=12)


def _oracle(found: Message) -> list[str]:
    return [inner.get_content_type() for inner in found.walk()]


@given(_TREES)
def test_p8_a_tree_taken_apart_and_joined_is_the_same(tree: tuple[bytes, list[str]]) -> None:
    octets, types = tree
    message = whole(octets)
    assert _types(message) == types
    assert _rebuilt(_parsed(message)).octets() == message
    assert _oracle(email.message_from_bytes(message)) == types


_LINES = [
    *(b"--x", b"--x--", b"--xx", b"--", b"--x \t", b"", b"text", b"a: b", b" folded", b"From x"),
    *(b"Content-Type: multipart/mixed; boundary=xx", b"Content-Type: message/rfc822"),
    b"Content-Type: multipart/digest; boundary=x",
]


@given(st.lists(st.sampled_from(_LINES), max_size=30), st.binary(max_size=20))
def test_arbitrary_lines_never_raise(found: list[bytes], end: bytes) -> None:
    body = normalise(b"\r\n".join([*found, end]))
    header = Fields((b"Content-Type: multipart/mixed; boundary=x\r\n",))
    parsed = mime.parse(header, body)
    assert parsed.octets() == header.octets() + b"\r\n" + body
    anew = mime.parse(header, _rebuilt(parsed).body)
    assert [inner.type for inner in anew.walk(deep=True)] == [inner.type for inner in parsed.walk(deep=True)]


@given(st.binary())
def test_arbitrary_octets_never_raise(octets: bytes) -> None:
    for message in (octets, normalise(octets), b"Content-Type: multipart/x; boundary=\r\n" + octets):
        found = _parsed(message)
        assert isinstance([inner.text() + inner.filename for inner in found.walk(deep=True)], list)


@pytest.mark.parametrize(
    "unit",
    [
        b"\r\n--",
        b"\r\n--x",
        b"\r\n--b0x",
        b"--b0\r\nContent-Type: multipart/mixed; boundary=c\r\n",
        b"a: b\r\n",
        b"--b0: x\r\n",
        b"\r\n",
        b"\r\n--" + b"b" * 300,
        b"Content-Type: message/rfc822\r\n\r\n",
        b"x" * 1000,
        b"--b50--\r\n--b49\r\n",
    ],
)
def test_p7_time_is_linear(unit: bytes) -> None:
    """Twenty levels of open boundaries, and then a megabyte of something."""
    opened = nested(20).partition(b"inside")[0]
    started = time.process_time()
    try:
        found = _parsed(opened + unit * (1_000_000 // len(unit)))
    except TooComplex:
        found = None
    if found is not None:
        _rebuilt(found).octets()
    assert time.process_time() - started < 1.5


def test_p7_deep_containers_are_not_copied_for_each_level() -> None:
    message = nested(100).replace(b"inside", b"i" * 2_000_000)
    started = time.process_time()
    found = _parsed(message)
    assert _rebuilt(found).octets() == message
    assert time.process_time() - started < 0.5
