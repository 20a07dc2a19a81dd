"""`mail.content_type`: values and parameters as mailers write them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.mail import content_type
from mlcore.mail.content_type import MESSAGE, PLAIN_TEXT, ContentType


@pytest.mark.parametrize(
    ("body", "name", "params"),
    [
        (b"text/plain", "text/plain", {}),
        (b"TEXT/Html; CHARSET=UTF-8", "text/html", {"charset": "UTF-8"}),
        (b"text / plain ; charset = utf-8", "text/plain", {"charset": "utf-8"}),
        (
            b"text/plain; charset=utf-8; format=flowed; delsp=yes",
            "text/plain",
            {"charset": "utf-8", "format": "flowed", "delsp": "yes"},
        ),
        (b'text/plain; charset="utf-8"', "text/plain", {"charset": "utf-8"}),
        (b'text/plain; charset="utf-8', "text/plain", {"charset": "utf-8"}),
        (b"text/plain; charset=us-ascii (Plain text)", "text/plain", {"charset": "us-ascii"}),
        (b"text/plain; (note) charset=utf-8", "text/plain", {"charset": "utf-8"}),
        (b"text/plain;\r\n\tcharset=\r\n utf-8", "text/plain", {"charset": "utf-8"}),
        (b"text/plain charset=utf-8", "text/plain", {"charset": "utf-8"}),
        (b"text/plain;;; ; charset=utf-8;", "text/plain", {"charset": "utf-8"}),
        (b"text/plain; charset=", "text/plain", {"charset": ""}),
        (b"text/plain; =x; charset=utf-8", "text/plain", {"charset": "utf-8"}),
        (b"text/plain; junk; charset=utf-8", "text/plain", {"charset": "utf-8"}),
        (b'text/plain; "junk"; charset=utf-8', "text/plain", {"charset": "utf-8"}),
        (b"text/plain; charset=a; charset=b", "text/plain", {"charset": "a"}),
        (b'a/b; name="a\\"b\\\\c\\d"', "a/b", {"name": 'a"b\\c\\d'}),
        (b"a/b; name=my tea (1).txt", "a/b", {"name": "my tea (1).txt"}),
        (b"a/b; name==?utf-8?b?5Zuz?=", "a/b", {"name": "図"}),
        (b"multipart/mixed; boundary=----=_Part_1", "multipart/mixed", {"boundary": "----=_Part_1"}),
        (b"text/plain; charset*=us-ascii''utf-8", "text/plain", {"charset": "utf-8"}),
        (b"a/b; name*=utf-8'de'%C3%BC; name=u", "a/b", {"name": "ü"}),
        (b"a/b; name=u; name*=%C3%BC", "a/b", {"name": "ü"}),
        (b"a/b; name*0*=utf-8''%C3; name*1*=%BC; name*2=.txt", "a/b", {"name": "ü.txt"}),
        (b"a/b; name*0=a; name*2=c", "a/b", {"name": "a"}),
        (b"a/b; name*1=a", "a/b", {}),
        (b"a/b; name*0=a; name*0=b", "a/b", {"name": "a"}),
        (b'a/b; name*0="a b"; name*1=" c"', "a/b", {"name": "a b c"}),
        (b"a/b; name*x=a", "a/b", {"name*x": "a"}),
        (b"a/b; name*99999=a", "a/b", {"name*99999": "a"}),
    ],
)  # fmt: skip
def test_what_is_read(body: bytes, name: str, params: dict[str, str]) -> None:
    found = content_type.parse(body)
    assert (found.name, dict(found.params)) == (name, params)


@pytest.mark.parametrize("body", [None, b"", b"text", b"/plain", b";;;", b"text//", b"\xff/\xff"])
def test_what_cannot_be_read_is_plain_text(body: bytes | None) -> None:
    assert content_type.parse(body) is PLAIN_TEXT
    assert content_type.parse(body, MESSAGE) is MESSAGE


@pytest.mark.parametrize(
    ("body", "boundary"),
    [
        (b"multipart/mixed; boundary=x", b"x"),
        (b'multipart/mixed; boundary="x y "', b"x y"),
        (b'multipart/mixed; boundary="gr\xfc"', b"gr\xfc"),
        (b'multipart/mixed; boundary="=?utf-8?q?x?="', b"=?utf-8?q?x?="),
        (b"multipart/mixed; boundary*=utf-8''%E5%9B%B3", "図".encode()),
        (b"multipart/mixed", b""),
    ],
)
def test_a_boundary_is_octets(body: bytes, boundary: bytes) -> None:
    assert content_type.parse(body).boundary == boundary


@pytest.mark.parametrize(
    ("body", "value", "params"),
    [
        (None, "", {}),
        (b"", "", {}),
        (b"inline", "inline", {}),
        (b'ATTACHMENT; filename="a.txt"; size=3', "attachment", {"filename": "a.txt", "size": "3"}),
        (b"filename=a.txt", "", {"filename": "a.txt"}),
        (b'; filename="a.txt"', "", {"filename": "a.txt"}),
        ("attachment; filename=図.png".encode(), "attachment", {"filename": "図.png"}),
    ],
)
def test_disposition(body: bytes | None, value: str, params: dict[str, str]) -> None:
    found = content_type.disposition(body)
    assert (found[0], dict(found[1])) == (value, params)


@pytest.mark.parametrize(
    ("body", "word"),
    [(None, ""), (b"", ""), (b" 8BIT (c)", "8bit"), (b"\r\n base64;", "base64"), (b'"x"', "")],
)
def test_token(body: bytes | None, word: str) -> None:
    assert content_type.token(body) == word


@pytest.mark.parametrize(
    ("params", "written"),
    [
        ({}, b"text/plain"),
        ({"charset": "utf-8", "format": "flowed"}, b"text/plain; charset=utf-8; format=flowed"),
        ({"name": 'a "b" \\c'}, b'text/plain; name="a \\"b\\" \\\\c"'),
        ({"name": "図"}, b"text/plain; name*=utf-8''%E5%9B%B3"),
        ({"name": ""}, b'text/plain; name=""'),
        ({"a b": "c", "d*": "e", "": "f", "g\r\n": "h"}, b"text/plain"),
        ({"name": "a\r\nBcc: b"}, b'text/plain; name="a Bcc: b"'),
        ({"a": "x" * 40, "b": "y" * 40}, b"text/plain; a=" + b"x" * 40 + b";\r\n b=" + b"y" * 40),
    ],
)
def test_what_is_written(params: dict[str, str], written: bytes) -> None:
    assert ContentType("text", "plain", params).octets() == written


def test_a_parameter_is_set_in_its_place() -> None:
    before = content_type.parse(b"text/plain; charset=x; format=flowed")
    after = before.with_param("charset", "utf-8").with_param("delsp", "yes")
    assert after.octets() == b"text/plain; charset=utf-8; format=flowed; delsp=yes"
    assert (after.charset, content_type.parse(b"a/b").charset) == ("utf-8", "")


@given(st.binary())
def test_arbitrary_octets_never_raise(octets: bytes) -> None:
    content_type.disposition(octets)
    content_type.token(octets)
    for body in (octets, b"a/b;" + octets, b"a/b; name=" + octets):
        content_type.parse(body).octets()


@given(
    st.dictionaries(
        st.sampled_from(["charset", "name", "x"]),
        st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"])),
        max_size=3,
    )
)
def test_p9_what_is_written_is_read_again(params: dict[str, str]) -> None:
    written = ContentType("a", "b", params).octets()
    assert b"\r\n" not in written.replace(b"\r\n ", b"")
    again = dict(content_type.parse(written).params)
    assert {name: value for name, value in again.items() if "=?" not in value} == {
        name: value for name, value in params.items() if "=?" not in value
    }


@pytest.mark.parametrize("unit", ["a", " ", ";", "=", '"', "(", "\\", "a=b;", "a*0=b;", 'a="', "a ", "(("])
def test_p7_time_is_linear(unit: str) -> None:
    body = b"text/plain;" + unit.encode() * (300_000 // len(unit))
    started = time.process_time()
    content_type.parse(body)
    content_type.disposition(body)
    assert time.process_time() - started < 1.5
