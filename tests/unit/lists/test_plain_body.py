"""`lists.plain_body`: text around the text of a text/plain part, of which nothing is lost."""

import base64 as coding

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists import plain_body
from mlcore.lists.plain_body import with_text
from mlcore.mail import compose, fields, lines, mime, transfer
from mlcore.mail.mime import Part
from support.odd_messages import base64, mail, odd_messages
from support.shapes import shapes

HEADER = "The Ant list"
FOOTER = "-- \nThe Ant list\nhttps://example.com/"
JAPANESE = "会議は四時からです。"


def _message(octets: bytes) -> Part:
    return mime.parse(*fields.split(octets))


def _text(content_type: bytes, body: bytes, encoding: bytes = b"8bit", *more: bytes) -> Part:
    return _message(
        mail(b"Content-Type: " + content_type, b"Content-Transfer-Encoding: " + encoding, *more, body=body)
    )


def _with(part: Part, header: str = HEADER, footer: str = FOOTER, *charsets: str) -> Part:
    made = with_text(part, header, footer, charsets)
    assert made is not None
    return _message(made.octets())


def _like(part: Part) -> tuple[str, str]:
    return part.content_type.charset, part.encoding


def test_the_octets_of_the_author_stay_as_they_are() -> None:
    made = _with(_text(b"text/plain; charset=utf-8", b"a  \r\n\tb\x0c\r\n\r\n", b"7bit"))
    assert made.body == (
        b"The Ant list\r\na  \r\n\tb\x0c\r\n\r\n-- \r\nThe Ant list\r\nhttps://example.com/\r\n"
    )
    assert made.fields == _text(b"text/plain; charset=utf-8", b"", b"7bit").fields


@pytest.mark.parametrize(
    ("header", "footer", "body"),
    [
        ("", FOOTER, b"a\r\n-- \r\nThe Ant list\r\nhttps://example.com/\r\n"),
        (HEADER, "", b"The Ant list\r\na"),
    ],
)
def test_one_of_them_alone(header: str, footer: str, body: bytes) -> None:
    assert _with(_message(mail(body=b"a")), header, footer).body == body


@pytest.mark.parametrize("body", [b"", b"a", b"a\r\n", b"a\r\n\r\n"])
def test_the_footer_begins_on_a_line_of_its_own(body: bytes) -> None:
    assert _with(_message(mail(body=body)), "", "f").body == {b"a": b"a\r\n"}.get(body, body) + b"f\r\n"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"caf=C3=A9 =\r\nand=\r\n tea\r\n", "café and tea\nfé\n"),
        (b"caf=C3=A9", "café\nfé\n"),
        (b"caf=C3=A9=", "café\nfé\n"),
        (b"caf=C3=A9=\r\n", "café\nfé\n"),
        (b"caf=C3=A9= \t", "café= \t\n\nfé\n"),  # for others a soft break, and no empty line
        (b"caf=C3=A9=0D=0A", "café\nfé\n"),
        (b"=ZZ =4", "=ZZ =4\nfé\n"),
        (b"=", "fé\n"),
        (b"", "fé\n"),
    ],
)
def test_quoted_printable_stays_and_its_octets_too(body: bytes, text: str) -> None:
    made = _with(_text(b"text/plain; charset=utf-8", body, b"quoted-printable"), "h\u00e9", "f\u00e9")
    assert made.body.startswith(b"h=C3=A9\r\n" + body)
    assert made.text() == "hé\n" + text
    assert made.encoding == "quoted-printable"


def test_base64_stays() -> None:
    octets = f"{JAPANESE}\r\n\n\rend".encode()
    made = _with(_text(b"text/plain; charset=utf-8", base64(octets), b"Base64"), JAPANESE, JAPANESE)
    extra = f"{JAPANESE}\r\n".encode()
    assert coding.b64decode(made.body) == extra + octets + b"\r\n" + extra
    assert max(map(len, made.body.split(b"\r\n"))) <= 76
    assert made.encoding == "base64"


@pytest.mark.parametrize(
    ("charset", "encoding", "expected"),
    [
        ("iso-2022-jp", b"7bit", ("iso-2022-jp", "7bit")),
        ("ISO-2022-JP", b"7bit", ("ISO-2022-JP", "7bit")),
        ("iso-2022-jp", b"8bit", ("iso-2022-jp", "8bit")),
        ("shift_jis", b"8bit", ("shift_jis", "8bit")),
        ("euc-jp", b"8bit", ("euc-jp", "8bit")),
        ("utf-8", b"8bit", ("utf-8", "8bit")),
    ],
)
def test_the_charset_of_the_author_stays_if_it_can_hold_the_texts(
    charset: str, encoding: bytes, expected: tuple[str, str]
) -> None:
    body = f"{JAPANESE}\r\n".encode(charset)
    made = _with(_text(b"text/plain; charset=" + charset.encode(), body, encoding), JAPANESE, JAPANESE)
    assert made.body == body * 3
    assert _like(made) == expected


def test_iso_2022_jp_is_brought_back_to_ascii() -> None:
    body = f"{JAPANESE}\r\n{JAPANESE}".encode("iso-2022-jp").removesuffix(b"\x1b(B")
    made = _with(_text(b"text/plain; charset=iso-2022-jp", body, b"7bit"), "", "ascii")
    assert made.body == body + b"\x1b(B\r\nascii\r\n"
    assert _with(_text(b"text/plain; charset=iso-2022-jp", body, b"7bit"), "h", "").body == b"h\r\n" + body
    plain = _with(_text(b"text/plain; charset=iso-2022-jp", b"a\r\n", b"7bit"), "", "ascii")
    assert plain.body == b"a\r\nascii\r\n"


@pytest.mark.parametrize("body", [b"\x1b$B-!\x1b(B", b"\x1b(I123\x1b(B", b"\x1b$(D0!\x1b(B"])
def test_more_than_iso_2022_jp_stays_as_well(body: bytes) -> None:
    made = _with(_text(b"text/plain; charset=iso-2022-jp", body, b"7bit"), JAPANESE, JAPANESE)
    assert body in made.body
    assert _like(made) == ("iso-2022-jp", "7bit")


_FOOT = "____\nメーリングリスト「お茶の会」："


@pytest.mark.parametrize(
    ("octets", "label", "encoding", "text"),
    [
        (b'\x1b$B|b66!"yu;a\x1b(B\r\n', "iso-2022-jp", "7bit", "髙橋、﨑氏\n"),  # as Windows writes it
        (b"\x1b(I:0K0\x1b(B\r\n", "iso-2022-jp", "7bit", "ｺｰﾋｰ\n"),
        (
            "①㈱髙﨑ｺｰﾋｰ\r\n表示ソ能\r\n".encode("cp932"),
            "Shift_JIS",
            "quoted-printable",
            "①㈱髙﨑ｺｰﾋｰ\n表示ソ能\n",
        ),
        (b"\xfc\xe2\xad\xa1" + "橋です。\r\n".encode("euc-jp"), "EUC-JP", "base64", "髙①橋です。\n"),
        (
            "流れる \r\n行です。 \r\n".encode(),
            "utf-8; format=flowed; delsp=yes",
            "base64",
            "流れる \n行です。 \n\n",
        ),
    ],
)
def test_japanese_of_every_kind_stays_with_a_japanese_footer(
    octets: bytes, label: str, encoding: str, text: str
) -> None:
    body = transfer.encode(octets, encoding)
    part = _text(f"text/plain; charset={label}".encode(), body, encoding.encode())
    made = _with(part, "", _FOOT, "iso-2022-jp")
    assert made.content_type == part.content_type
    assert made.encoding == encoding
    assert made.decoded().startswith(octets)
    assert made.text() == f"{text}{_FOOT}\n"
    # What the charset of the author cannot hold: no question marks, and his text is still his.
    beyond = _with(part, "", f"{_FOOT}🍵", "iso-2022-jp")
    assert beyond.content_type.charset == "utf-8"
    assert beyond.decoded().decode().replace("\r\n", "\n") == f"{text}{_FOOT}🍵\n"


def test_eight_bit_is_not_put_where_there_was_none() -> None:
    made = _with(_text(b"text/plain; charset=utf-8", b"plain\r\n", b"7bit"), "", "Grüße")
    assert made.text() == "plain\nGrüße\n"
    assert _like(made) == ("utf-8", "quoted-printable")
    long = _with(_text(b"text/plain; charset=utf-8", b"plain\r\n", b"7bit"), "", "x" * 999)
    assert long.text() == "plain\n" + "x" * 999 + "\n"
    assert long.body.isascii()
    assert not transfer.has_long_line(long.body)


@pytest.mark.parametrize(
    ("charset", "tried", "label"),
    [
        ("us-ascii", (), "utf-8"),
        ("us-ascii", ("iso-2022-jp",), "iso-2022-jp"),
        ("us-ascii", ("us-ascii", "x-unknown", "euc-jp"), "euc-jp"),
        ("iso-8859-1", ("iso-2022-jp",), "utf-8"),
        ("utf-16", ("iso-8859-15",), "utf-8"),
    ],
)
def test_another_charset_where_that_of_the_author_cannot_hold_the_texts(
    charset: str, tried: tuple[str, ...], label: str
) -> None:
    words = "plain" if charset == "us-ascii" else "Grüße"
    body = f"{words}\r\n".encode(charset)
    part = _text(f"text/plain; charset={charset}; x=y".encode(), transfer.encode(body, "base64"), b"base64")
    made = _with(part, JAPANESE, JAPANESE, *tried)
    assert made.text() == f"{JAPANESE}\n{words}\n{JAPANESE}\n"
    assert _like(made) == (label, "base64")
    assert made.content_type.params["x"] == "y"


@pytest.mark.parametrize(
    ("encoding", "body", "expected"),
    [
        (b"7bit", b"plain\r\n", "base64"),
        (b"8bit", b"plain text that is long enough\r\n" * 9, "quoted-printable"),
        (b"quoted-printable", b"plain\r\n", "quoted-printable"),
        (b"quoted-printable", b"pl=0Aain\r\n", "base64"),
    ],
)
def test_written_anew_it_is_never_eight_bit(encoding: bytes, body: bytes, expected: str) -> None:
    made = _with(_text(b"text/plain; charset=us-ascii", body, encoding), "", JAPANESE)
    assert made.encoding == expected
    assert made.body.isascii()
    assert lines.is_clean(made.body)
    assert transfer.decode(made.body, expected) == (
        transfer.decode(body, encoding.decode()) + f"{JAPANESE}\r\n".encode()
    )


def test_ascii_that_becomes_iso_2022_jp_stays_7bit() -> None:
    made = _with(_message(mail(body=b"plain\r\n")), "", JAPANESE, "iso-2022-jp")
    assert _like(made) == ("iso-2022-jp", "")
    assert made.body == f"plain\r\n{JAPANESE}\r\n".encode("iso-2022-jp")
    labelled = _with(_text(b"text/plain", b"plain\r\n", b"8bit"), "", JAPANESE, "iso-2022-jp")
    assert _like(labelled) == ("iso-2022-jp", "7bit")


def test_format_flowed() -> None:
    """RFC 3676: stuffed, without blanks at the end but for the separator of a signature."""
    kind = b"text/plain; charset=utf-8; format=Flowed; delsp=yes"
    made = _with(
        _text(kind, b"a \r\nb\r\n", b"7bit"), "From us  \n> x", "-- \n-- x \n indented \t\n\nFromage"
    )
    assert made.body == (b" From us\r\n > x\r\na \r\nb\r\n-- \r\n-- x\r\n  indented\r\n\r\nFromage\r\n")
    assert made.fields.first("content-type") == kind
    assert _with(_text(kind, b"a\r\n", b"7bit"), "", "").body == b"a\r\n"


@pytest.mark.parametrize(
    ("body", "between"),
    [
        (b"to the end \r\n", b"\r\n"),
        (b"to the end ", b"\r\n\r\n"),
        (b"-- \r\n", b""),
        (b"end\r\n", b""),
        (b" \r\n\r\n", b"\r\n"),
    ],
)
def test_flowing_text_does_not_flow_into_the_footer(body: bytes, between: bytes) -> None:
    made = _with(_text(b"text/plain; format=flowed", body, b"7bit"), "", "footer")
    assert made.body == body + between + b"footer\r\n"


def test_format_flowed_stays_where_the_charset_does_not() -> None:
    made = _with(_text(b"text/plain; format=flowed; delsp=yes", b"a \r\nb\r\n", b"7bit"), "", f" {JAPANESE} ")
    assert made.content_type.params == {"format": "flowed", "delsp": "yes", "charset": "utf-8"}
    assert made.text() == f"a \nb\n  {JAPANESE}\n"


@pytest.mark.parametrize(
    "name",
    [
        "text-as-attachment", "html-alone", "encoding-unknown", "uuencoded",
        "encoding-says-base64-is-text", "encoding-says-quoted-is-8bit",
        "base64-garbage", "base64-with-text-behind",
        "iso-2022-jp-says-utf-8", "iso-2022-jp-says-nothing", "iso-2022-jp-unknown-escape",
        "iso-2022-jp-katakana-8bit", "utf-8-says-iso-2022-jp",
        "shift-jis-says-us-ascii", "shift-jis-says-utf-8", "shift-jis-says-nothing",
        "euc-jp-says-unknown", "latin-1-says-utf-8", "utf-7", "charset-is-junk", "utf-8-cut-in-two",
    ],
)  # fmt: skip
def test_what_might_be_damaged_is_left_alone(name: str) -> None:
    assert with_text(_message(dict(odd_messages())[name]), "h", "f", ("utf-8",)) is None


def test_signed_text_is_not_written_in_another_charset() -> None:
    part = _message(dict(odd_messages())["pgp-clear-signed"])
    assert _with(part, "", "ascii").body.startswith(part.body)
    assert with_text(part, "", JAPANESE, ("utf-8",)) is None


@pytest.mark.parametrize("name", ["euc-jp-says-iso-8859-1", "windows-1252-says-iso-8859-1"])
def test_text_that_is_hardly_what_its_label_says_is_not_written_in_another_charset(name: str) -> None:
    part = _message(dict(odd_messages())[name])
    assert _with(part, "", "ascii").body.startswith(part.body)
    assert with_text(part, "", JAPANESE, ("utf-8",)) is None


def test_what_no_charset_can_hold_is_not_written() -> None:
    assert with_text(_message(mail(body=b"a")), "", "\udc80", ("utf-8",)) is None


def test_fields_that_would_be_wrong_go() -> None:
    part = _text(b"text/plain", b"a", b"7bit", b"Content-MD5: Q2hlY2s=", b"Content-Length: 1")
    assert "content-md5" not in _with(part).fields.names()
    assert "content-length" not in _with(part).fields.names()


@pytest.mark.parametrize(
    "octets", [pytest.param(octets, id=name) for name, octets in [*odd_messages(), *shapes()]]
)
@pytest.mark.parametrize("footer", ["ascii", JAPANESE])
def test_of_every_odd_text_nothing_is_lost(octets: bytes, footer: str) -> None:
    part = _message(octets)
    made = with_text(part, footer, footer, ("iso-2022-jp",))
    if made is None:
        return
    again = _message(made.octets())
    assert part.text().strip("\n") in again.text()
    assert again.text().count(footer) >= 2
    assert again.body.isascii() or not part.body.isascii()


_CHARSETS = st.sampled_from(
    ["utf-8", "iso-2022-jp", "shift_jis", "euc-jp", "iso-8859-1", "us-ascii", "utf-16"]
)
_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\0\x1b"), max_size=40)


@given(_TEXTS, _CHARSETS, st.sampled_from(["base64", "quoted-printable", "8bit"]), _TEXTS, st.booleans())
def test_p8_the_text_of_the_author_is_whole(
    text: str, charset: str, encoding: str, footer: str, flowed: bool
) -> None:
    try:
        body = text.replace("\n", "\r\n").encode(charset)
    except UnicodeEncodeError:
        return
    if charset == "utf-16" and encoding != "base64":
        return
    kind = f"text/plain; charset={charset}{'; format=flowed' * flowed}".encode()
    part = _text(kind, transfer.encode(body, encoding), encoding.encode())
    made = with_text(part, footer, footer, ())
    if made is None:
        return
    again = _message(made.octets())
    assert lines.is_clean(again.octets())
    assert part.text() in again.text()


def test_p7_a_text_of_many_megabytes_is_not_written_anew() -> None:
    """It would take more memory than the worker child has."""
    part = compose.text("x" * 70 + "\n")
    large = part.with_body(b"some text\r\n" * (plain_body.LARGEST // 11 + 1))
    assert plain_body.with_text(large, "", "お茶", ()) is None
    fits = part.with_body(large.body[: plain_body.LARGEST])
    assert plain_body.with_text(fits, "", "end", ()) is not None
