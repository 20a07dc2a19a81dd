"""`lists.decoration`: a header and a footer around whatever a message is made of."""

import pytest

from mlcore.lists import decoration
from mlcore.lists.draft import Draft
from mlcore.lists.model import ListPolicy
from mlcore.mail import fields, mime
from mlcore.mail.mime import Part
from support.odd_messages import (
    HTML,
    IMAGE,
    SIGNED,
    SMIME,
    TEXT,
    mail,
    many,
    multipart,
    odd_messages,
    part,
    whole,
)
from support.posts import ENTRY, policy
from support.shapes import shapes

HEADER = "The Ant list"
FOOTER = "_______\nAnt: https://example.com/"
JAPANESE = "蟻の会の一覧"
PLAIN_PART = part(
    b"text/plain; charset=us-ascii", b"", b"Content-Transfer-Encoding: 7bit", b"Content-Disposition: inline"
)
ODD = [(name, octets) for name, octets in odd_messages() if not name.startswith("parts-")]


def _message(octets: bytes) -> Part:
    return mime.parse(*fields.split(octets))


def _around(
    octets: bytes, header: str = HEADER, footer: str = FOOTER, settings: ListPolicy | None = None
) -> Part:
    made = decoration.around(
        Draft.post(octets).part(), header, footer, policy=settings or policy(), root=ENTRY, number=1
    )
    return _message(made.octets())


def _types(part: Part) -> list[str]:
    return [found.type for found in part.walk(deep=True)]


def test_plain_text() -> None:
    made = _around(mail(body=b"text\r\n"))
    assert made.body == b"The Ant list\r\ntext\r\n_______\r\nAnt: https://example.com/\r\n"
    assert made.fields.names() == ("from", "to", "subject")


def test_a_charset_needs_its_fields() -> None:
    made = _around(mail(body=b"text\r\n"), "", JAPANESE)
    assert made.fields.names() == (
        "from", "to", "subject", "content-type", "content-transfer-encoding", "mime-version",
    )  # fmt: skip
    assert made.text() == f"text\n{JAPANESE}\n"


@pytest.mark.parametrize(
    ("settings", "label"),
    [
        (policy(charset="iso-2022-jp"), "iso-2022-jp"),
        (policy(preferred_language="ja"), "utf-8"),
        (policy(charset="x-unknown"), "utf-8"),
        (policy(), "utf-8"),
    ],
)
def test_the_charset_of_the_list_comes_after_that_of_the_message(settings: ListPolicy, label: str) -> None:
    assert _around(mail(body=b"text\r\n"), "", JAPANESE, settings).content_type.charset == label
    assert _around(whole(HTML), "", JAPANESE, settings).children[1].content_type.charset == label
    latin = mail(b"Content-Type: text/plain; charset=iso-8859-1", body=b"Gr\xfc\xdfe\r\n")
    assert _around(latin, "", "ä", settings).content_type.charset == "iso-8859-1"


def test_multipart_mixed_gets_parts_at_both_ends() -> None:
    octets = whole(multipart(b"multipart/mixed", TEXT, IMAGE))
    made = _around(octets)
    assert [child.octets() for child in made.children] == [
        PLAIN_PART + b"The Ant list\r\n",
        TEXT,
        IMAGE,
        PLAIN_PART + b"_______\r\nAnt: https://example.com/\r\n",
    ]
    assert made.fields == _message(octets).fields
    assert [child.octets() for child in _around(octets, "", "f").children[:-1]] == [TEXT, IMAGE]
    assert [child.octets() for child in _around(octets, "h", "").children[1:]] == [TEXT, IMAGE]


def test_preamble_and_epilogue_stay() -> None:
    made = _around(dict(odd_messages())["preamble-and-epilogue"])
    assert (made.preamble, made.epilogue) == (b"before\r\n", b"\r\nbehind\r\n")


@pytest.mark.parametrize("line", ["-", "---", "-- x", "--_", "--x"])
def test_p9_no_line_of_the_texts_is_a_delimiter(line: str) -> None:
    """An author may choose a boundary by what the footer of the list looks like."""
    boundary = line.removeprefix("--").rstrip() or "-"
    octets = whole(multipart(b"multipart/mixed", TEXT, boundary=boundary.encode()))
    made = _around(octets, "", f"f\n--{boundary}\nContent-Type: text/html\n\n<p>")
    assert [child.type for child in made.children] == ["text/plain", "text/plain"]
    assert made.children[1].encoding == "base64"
    assert made.children[1].text().startswith(f"f\n--{boundary}\n")


@pytest.mark.parametrize(
    "octets",
    [
        whole(SIGNED),
        whole(SMIME),
        whole(HTML),
        whole(IMAGE),
        whole(multipart(b"multipart/alternative", TEXT, HTML)),
        dict(odd_messages())["pgp-encrypted"],
        dict(odd_messages())["smime-opaque"],
        dict(odd_messages())["delivery-report"],
        dict(odd_messages())["text-as-attachment"],
        dict(odd_messages())["shift-jis-says-us-ascii"],
        dict(odd_messages())["boundary-never-occurs"],
        many(900).replace(b"mixed", b"other"),
    ],
)
def test_p8_anything_else_is_wrapped_untouched(octets: bytes) -> None:
    before = _message(octets)
    made = _around(octets)
    assert made.type == "multipart/mixed"
    assert len(made.children) == 3
    header, content, footer = made.children
    assert (header.text(), footer.text()) == (HEADER + "\n", FOOTER + "\n")
    assert header.disposition == footer.disposition == "inline"
    assert content.body == before.body
    assert all(raw in before.fields.raw and raw.lower().startswith(b"content-") for raw in content.fields.raw)
    outer = [raw for raw in before.fields.raw if not raw.lower().startswith(b"content-")]
    assert [raw for raw in made.fields.raw if not raw.lower().startswith(b"content-")] == outer
    assert made.content_type.boundary == b"=_018bcfe56800000a1b2c3.1"


def test_eight_bit_inside_is_said_outside() -> None:
    assert _around(dict(odd_messages())["shift-jis-says-us-ascii"]).encoding == "8bit"
    assert _around(whole(SIGNED)).encoding == ""


def test_a_message_without_mime_becomes_one_with() -> None:
    made = _around(b"From: a@example.com\r\n\r\nGr\xfc\xdfe\r\n")
    assert made.fields.names() == (
        "from", "content-type", "content-transfer-encoding", "mime-version",
    )  # fmt: skip
    assert made.children[1].octets() == b"\r\nGr\xfc\xdfe\r\n"


def test_the_boundary_occurs_nowhere_inside() -> None:
    octets = whole(part(b"text/html", b"--=_018bcfe56800000a1b2c3.1--\r\n<p>"))
    assert _around(octets).content_type.boundary == b"=_018bcfe56800000a1b2c3.1_"
    assert _types(_around(octets)) == ["multipart/mixed", "text/plain", "text/html", "text/plain"]


@pytest.mark.parametrize("octets", [pytest.param(octets, id=name) for name, octets in [*ODD, *shapes()]])
@pytest.mark.parametrize("footer", ["ascii", JAPANESE])
def test_every_odd_message_can_be_decorated(octets: bytes, footer: str) -> None:
    before = _message(octets)
    made = _around(octets, "h", footer)
    texts = [found.text() for found in made.walk() if found.type == "text/plain"]
    assert texts[0].startswith("h\n")
    assert texts[-1].endswith(f"{footer}\n")
    bodies = [found.body for found in made.walk(deep=True)]
    for found in before.walk(deep=True):
        if not found.children and found is not before:
            assert found.body in bodies
