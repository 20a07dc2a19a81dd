"""`mail.transfer`: transfer encodings undone and made."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.mail import lines, transfer

JAPANESE = "会議は四時からです。"


@pytest.mark.parametrize(
    ("octets", "encoding", "decoded"),
    [
        (b"a=41", "", b"a=41"),
        (b"a=41", "8bit", b"a=41"),
        (b"a=41", "x-odd", b"a=41"),
        (b"a=41=\r\nb", "quoted-printable", b"aAb"),
        (b"=ZZ =4", "quoted-printable", b"=ZZ =4"),
        (b"QUJD\r\n", "base64", b"ABC"),
        (b"Q U~J\xffD", "base64", b"ABC"),
        (b"QUJDR", "base64", b"ABC"),
        (b"QQ", "base64", b"A"),
        (b"QQ==QQ==", "base64", b"A"),
        (b"==QQ==", "base64", b"A"),
        (b"", "base64", b""),
        (b"begin 644 t\r\n#0V%T\r\n`\r\nend\r\nmore", "x-uuencode", b"Cat"),
        (b"x\r\nbegin 644 t\r\n#0V%T", "uuencode", b"Cat"),
        (b"begin 644 t\r\n\x80\x80\r\n#0V%T", "uue", b"Cat"),
        (b"no begin", "x-uue", b"no begin"),
    ],
)
def test_decode(octets: bytes, encoding: str, decoded: bytes) -> None:
    assert transfer.decode(octets, encoding) == decoded


@pytest.mark.parametrize(
    ("octets", "encoding", "clean"),
    [
        (b"\xff", "", True),
        (b"\xff", "8bit", True),
        (b"a", "x-odd", False),
        (b"a", "x-uuencode", False),
        (b"QUJD\r\nQQ==\r\n", "base64", True),
        (b"QUI=", "base64", True),
        (b"", "base64", True),
        (b"QUJ", "base64", False),
        (b"QQ==QQ==", "base64", False),
        (b"QQ=Q", "base64", False),
        (b"QUJD!", "base64", False),
        (b"QUJD\r\n-- \r\nad!!", "base64", False),
        (b"=41", "quoted-printable", True),
        (b"\xff", "quoted-printable", False),
    ],
)
def test_is_clean(octets: bytes, encoding: str, clean: bool) -> None:
    assert transfer.is_clean(octets, encoding) is clean


@pytest.mark.parametrize(
    ("text", "charset", "expected"),
    [
        ("a\nb\r\nc\r", "utf-8", (b"a\r\nb\r\nc\r\n", "us-ascii", "7bit")),
        ("a", "iso-2022-jp", (b"a", "us-ascii", "7bit")),
        (JAPANESE, "ISO-2022-JP", (JAPANESE.encode("iso-2022-jp"), "iso-2022-jp", "7bit")),
        ("Grüße\n", "iso-8859-1", (b"Gr=FC=DFe\r\n", "iso-8859-1", "quoted-printable")),
        ("Grüße, ein Text\n", "us-ascii", (b"Gr=C3=BC=C3=9Fe, ein Text\r\n", "utf-8", "quoted-printable")),
        ("①", "iso-2022-jp", (b"4pGg\r\n", "utf-8", "base64")),
        ("会議", "x-unknown", (b"5Lya6K2w\r\n", "utf-8", "base64")),
        ("\udc80", "utf-8", (b"?", "utf-8", "7bit")),
    ],
)  # fmt: skip
def test_encode_text(text: str, charset: str, expected: tuple[bytes, str, str]) -> None:
    assert transfer.encode_text(text, charset) == expected


def test_lines_longer_than_smtp_carries_are_encoded() -> None:
    for text in ("x" * 999, "会" * 600):
        body, _, encoding = transfer.encode_text(f"{text}\n", "iso-2022-jp")
        assert encoding in {"quoted-printable", "base64"}
        assert not transfer.has_long_line(body)
    assert transfer.encode_text("x" * 998, "utf-8")[2] == "7bit"


@pytest.mark.parametrize("octets", [b"a\nb", b"a\rb", b"a\0b", b"\xff"])
def test_p4_what_is_no_line_does_not_go_as_it_is(octets: bytes) -> None:
    assert not transfer.fits_7bit(octets)
    body, encoding = transfer.suited(octets)
    assert lines.is_clean(body)
    assert transfer.decode(body, encoding) == octets


def test_blanks_at_the_end_of_a_line_are_kept() -> None:
    body = transfer.encode("ü  \r\nx\t\r\n".encode(), "quoted-printable")
    assert transfer.decode(body, "quoted-printable").decode() == "ü  \r\nx\t\r\n"
    assert b" \r\n" not in body
    assert transfer.encode(b"a", "8bit") == b"a"


@given(
    st.text(),
    st.sampled_from(["utf-8", "iso-2022-jp", "shift_jis", "euc-jp", "iso-8859-1", "us-ascii", "utf-16"]),
)
def test_a_reader_gets_the_text_back(text: str, charset: str) -> None:
    body, label, encoding = transfer.encode_text(text, charset)
    assert body.isascii()
    assert lines.is_clean(body)
    assert not transfer.has_long_line(body)
    expected = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    assert transfer.decode(body, encoding).decode(label) == expected


@given(st.binary(), st.sampled_from(["base64", "quoted-printable", "x-uuencode", "7bit", ""]))
def test_arbitrary_octets_never_raise(octets: bytes, encoding: str) -> None:
    decoded = transfer.decode(octets, encoding)
    if encoding == "base64" and transfer.is_clean(octets, encoding):
        assert transfer.decode(transfer.encode(decoded, encoding), encoding) == decoded


@pytest.mark.parametrize("unit", [b"=", b"A=", b"A", b"\r\n", b"begin 644 x\n", b"=41", b"begin 6"])
@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "x-uuencode"])
def test_p7_time_is_linear(unit: bytes, encoding: str) -> None:
    octets = unit * (2_000_000 // len(unit))
    started = time.process_time()
    transfer.is_clean(octets, encoding)
    transfer.encode(transfer.decode(octets, encoding), encoding)
    assert time.process_time() - started < 1.5
