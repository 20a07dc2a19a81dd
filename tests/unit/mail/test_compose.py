"""`mail.compose`: parts that mlcore writes."""

import email

import pytest

from mlcore.mail import compose, fields, mime
from mlcore.mail.fields import Fields
from support.odd_messages import ORIGINAL, SIGNED, TEXT, part

ROOT = "018bcfe56800000a1b2c3"


def _part(octets: bytes) -> mime.Part:
    return mime.parse(*fields.split(octets))


def test_text() -> None:
    made = compose.text("Grüße\n", charset="iso-8859-1", subtype="x-note")
    assert made.octets() == (
        b"Content-Type: text/x-note; charset=iso-8859-1\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe\r\n"
    )
    assert made.text() == "Grüße\n"
    assert compose.text("会議").type == "text/plain"
    assert compose.text("会議").content_type.charset == "utf-8"


def test_a_part_whose_text_is_still_missing() -> None:
    made = compose.empty(charset="utf-8", encoding="base64")
    assert made.octets() == (
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )


def test_in_base64() -> None:
    made = compose.in_base64(compose.text("--x\nü\n"))
    assert made.encoding == "base64"
    assert b"--" not in made.body
    assert made.text() == "--x\nü\n"


@pytest.mark.parametrize(
    ("octets", "encoding"),
    [(ORIGINAL, b"7bit"), (ORIGINAL + "会議\r\n".encode(), b"8bit"), (b"x" * 999, b"8bit")],
)
def test_a_message_stays_as_it_is(octets: bytes, encoding: bytes) -> None:
    made = compose.message(octets)
    assert made.body == octets
    assert made.fields.first("content-transfer-encoding") == encoding
    assert made.type == "message/rfc822"


def test_mixed() -> None:
    boundary = compose.boundary(ROOT, 1)
    made = compose.mixed([_part(TEXT), _part(SIGNED)], boundary=boundary)
    assert made.octets() == (
        b'Content-Type: multipart/mixed; boundary="=_018bcfe56800000a1b2c3.1"\r\n\r\n'
        b"--=_018bcfe56800000a1b2c3.1\r\n" + TEXT + b"\r\n"
        b"--=_018bcfe56800000a1b2c3.1\r\n" + SIGNED + b"\r\n"
        b"--=_018bcfe56800000a1b2c3.1--\r\n"
    )  # fmt: skip
    assert [child.octets() for child in _part(made.octets()).children] == [TEXT, SIGNED]
    assert compose.mixed([_part(TEXT)], boundary=boundary, subtype="digest").type == "multipart/digest"


def test_eight_bit_inside_is_said_outside() -> None:
    made = compose.mixed([_part(TEXT), compose.message("a: b\r\n\r\n会議\r\n".encode())], boundary="b")
    assert made.encoding == "8bit"
    assert compose.mixed([_part(TEXT)], boundary="b").encoding == ""


@pytest.mark.parametrize("inside", [b"", b"_", b"___", b"x", b"--"])
def test_a_boundary_occurs_in_no_part(inside: bytes) -> None:
    boundary = compose.boundary(ROOT, 1)
    hostile = part(
        b"text/plain", b"a\r\n--" + boundary.encode() + inside + b"\r\nContent-Type: text/evil\r\n\r\n"
    )
    made = compose.mixed([_part(hostile)], boundary=boundary)
    assert b"\r\n--" + made.content_type.boundary not in hostile
    assert [child.octets() for child in _part(made.octets()).children] == [hostile]
    assert [found.get_content_type() for found in email.message_from_bytes(made.octets()).walk()] == [
        "multipart/mixed", "text/plain",
    ]  # fmt: skip


def test_parted() -> None:
    given = Fields(
        (b"Subject: a\r\n", b"CONTENT-Type: b/c\r\n", b"Mime-Version: 1.0\r\n", b"Content-ID: <d>\r\n")
    )
    content, others = compose.parted(given)
    assert content.names() == ("content-type", "content-id")
    assert others.names() == ("subject", "mime-version")
