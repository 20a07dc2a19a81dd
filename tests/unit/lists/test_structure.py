"""What rules read of the parts of a message."""

import pytest

from mlcore.lists import structure
from mlcore.lists.draft import Draft
from support.posts import draft

MIXED = 'Content-Type: multipart/mixed; boundary="b"'


def _parts(*parts: bytes) -> bytes:
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"


def _too_complex() -> Draft:
    return draft(MIXED, body=_parts(*[b"\r\nx"] * 1_001))


@pytest.mark.parametrize(
    ("line", "composite"),
    [
        ("Content-Type: MULTIPART/Mixed; boundary=b", True),
        ("Content-Type: (old mailers) multipart / mixed; boundary=b", True),
        ("Content-Type: message/rfc822", True),
        ("Content-Type: text/plain", False),
        ("Subject: multipart", False),
    ],
)
def test_what_may_have_parts(line: str, composite: bool) -> None:
    assert structure.is_composite(draft(line).fields) is composite


def test_p7_limits_of_what_is_looked_at() -> None:
    assert structure.is_too_complex(_too_complex())
    assert structure.parts(_too_complex()) == ()
    assert structure.first_lines(_too_complex(), 10) == []
    assert not structure.is_too_complex(draft(MIXED, body=_parts(*[b"\r\nx"] * 999)))
    assert not structure.is_too_complex(draft("Subject: x"))


def test_parts_of_attached_messages_are_parts() -> None:
    inner = b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nhello"
    found = structure.parts(draft(MIXED, body=_parts(b"\r\none", inner)))
    assert [part.type for part in found] == ["multipart/mixed", "text/plain", "message/rfc822", "text/plain"]


def test_first_lines_of_the_first_plain_text() -> None:
    html = b"Content-Type: text/html\r\n\r\n<p>no</p>"
    attached = b"Content-Disposition: attachment\r\n\r\nno"
    text = b"\r\n\r\n  one  \r\n\r\n\t two\r\nthree"
    made = draft(MIXED, body=_parts(html, attached, text))
    assert structure.first_lines(made, 2) == ["one  ", "two"]
    assert structure.first_lines(made, 9) == ["one  ", "two", "three"]
    assert structure.first_lines(draft("Content-Type: text/html", body=b"x\r\n"), 9) == []


def test_first_lines_of_a_coded_part() -> None:
    made = draft(
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: base64",
        body=b"44GC44KKDQpmb3VyDQo=\r\n",
    )
    assert structure.first_lines(made, 3) == ["あり", "four"]


def test_first_lines_far_down() -> None:
    """A kibibyte without text before them, and then one without a line end."""
    made = draft(body=b"\r\n" * 2_000 + b"one\r\ntwo\r\n")
    assert structure.first_lines(made, 2) == ["one", "two"]
    long = draft(body=b"x" * 40_000 + b"\r\ntwo\r\n")
    assert structure.first_lines(long, 2) == ["x" * 16_384]
    assert structure.first_lines(draft(body=b"\r\n" * 20_000 + b"one\r\n"), 1) == []


def test_no_character_is_cut() -> None:
    line = "あ" * 200 + "\r\n"
    made = draft("Content-Type: text/plain; charset=iso-2022-jp", body=(line * 4).encode("iso-2022-jp"))
    assert structure.first_lines(made, 2) == ["あ" * 200] * 2
    made = draft("Content-Type: text/plain; charset=utf-8", body=(line * 40).encode())
    assert structure.first_lines(made, 20) == ["あ" * 200] * 20


@pytest.mark.parametrize(
    ("lines", "plain"),
    [
        (("A: b",), True),
        (("Content-Type: text/plain; charset=utf-8",), True),
        (('Content-Type: TEXT/PLAIN;charset="UTF-8"; format=flowed; delsp=yes',), True),
        (("Content-Type: text/plain; charset=us-ascii", "Content-Transfer-Encoding: 8BIT"), True),
        (("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"), False),
        (("Content-Type: text/plain",), False),
        (("Content-Type: text/plain; charset=utf-8; name=x",), False),
        (("Content-Disposition: inline",), False),
    ],
)
def test_plain_posts_are_read_without_being_taken_apart(
    lines: tuple[str, ...], plain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = draft(*lines, body=b"one\r\n")
    taken_apart = structure.PlainText(made.part().decoded(), made.part().content_type.charset.upper())
    if plain:
        monkeypatch.setattr(Draft, "part", None)
    (found,) = structure.plain_texts(made)
    assert found._replace(charset=found.charset.upper()) == taken_apart


def test_texts_of_attached_messages_are_asked_for() -> None:
    inner = b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ntwo"
    made = draft(MIXED, body=_parts(b"\r\none", inner))
    assert [found.octets for found in structure.plain_texts(made)] == [b"one"]
    assert [found.octets for found in structure.plain_texts(made, deep=True)] == [b"one", b"two"]
    assert list(structure.plain_texts(_too_complex())) == []
