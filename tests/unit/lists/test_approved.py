"""Passwords are found once, and go nowhere."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists.approved import take_out
from mlcore.lists.draft import Draft
from support.posts import PLAIN, draft

SECRET = "tea & scones"
ALTERNATIVE = 'Content-Type: multipart/alternative; boundary="b"'


def _parts(*parts: bytes) -> bytes:
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"


@pytest.mark.parametrize("look_into_body", [True, False])
def test_p8_a_post_without_credentials_is_the_very_same(look_into_body: bool) -> None:
    for made in (
        Draft.post(PLAIN),
        draft("Subject: x", body=b"I approve of that.\r\n"),
        draft("Subject: x", body=b"\r\n"),
        draft("Subject: x", body=b"disapproved: x\r\n"),
        draft("Content-Transfer-Encoding: base64", body=b"aGVsbG8=\r\n"),
        draft("Content-Type: text/html", body=b"Approved: x\r\n"),
        draft(ALTERNATIVE, body=_parts(b"Content-Type: text/plain\r\n\r\nI approve.")),
    ):
        taken, passwords = take_out(made, look_into_body=look_into_body)
        assert taken is made
        assert passwords == ()


@pytest.mark.parametrize("name", ["Approve", "Approved", "X-Approve", "X-Approved", "APPROVED"])
def test_a_field_is_taken_out(name: str) -> None:
    taken, passwords = take_out(draft("Subject: x", f"{name}: {SECRET} "), look_into_body=False)
    assert passwords == (SECRET,)
    assert taken.fields.octets() == b"Subject: x\r\n"


def test_all_fields_go_and_the_first_in_order_counts() -> None:
    made = draft("X-Approved: four", "Approved: two", "Subject: x", "Approve: one", "X-Approve: three")
    taken, passwords = take_out(made, look_into_body=True)
    assert passwords == ("one",)
    assert taken.fields.octets() == b"Subject: x\r\n"


@pytest.mark.parametrize("value", ["", "   ", "x" * 257])
def test_what_is_no_password_is_taken_out_too(value: str) -> None:
    taken, passwords = take_out(draft("Approved: " + value, "A: b"), look_into_body=True)
    assert passwords == ()
    assert taken.fields.octets() == b"A: b\r\n"
    taken, passwords = take_out(
        draft("A: b", body=f"Approved: {value}\r\nx\r\n".encode()), look_into_body=True
    )
    assert passwords == ()
    assert taken.body == b"x\r\n"


@pytest.mark.parametrize(
    "line", [f"Approved: {SECRET}", f"  x-approve:{SECRET} ", f"APPROVE : {SECRET}", f"Approved： {SECRET}"]
)
def test_the_first_line_with_text_is_taken_out(line: str) -> None:
    body = f"\r\n \r\n{line}\r\nHello\r\nApproved: later\r\n".encode()
    made = draft("Content-Type: text/plain; charset=utf-8", body=body)
    taken, passwords = take_out(made, look_into_body=True)
    assert passwords == (SECRET,)
    assert taken.body == b"\r\n \r\nHello\r\nApproved: later\r\n"
    assert take_out(made, look_into_body=False) == (made, ())


def test_the_field_comes_before_the_line_and_both_go() -> None:
    taken, passwords = take_out(
        draft("Approved: one", "A: b", body=b"Approved: two\r\nHello"), look_into_body=True
    )
    assert passwords == ("one",)
    assert taken.octets() == b"A: b\r\n\r\nHello"


def test_a_line_alone_is_all_there_is() -> None:
    taken, passwords = take_out(draft("A: b", body=b"Approved: one"), look_into_body=True)
    assert (taken.body, passwords) == (b"", ("one",))


def test_it_is_erased_from_every_text() -> None:
    text = b"Content-Type: text/plain\r\n\r\nApproved: tea & scones\r\nHello"
    html = (
        b"Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        b"<p><b>Approved</b>:&nbsp;<i>tea &amp; scones</i><br>Hello =C3=A9</p>"
    )
    other = b"Content-Type: text/plain\r\n\r\napproved:  tea & scones and more"
    picture = b"Content-Type: image/png\r\n\r\nApproved: tea & scones"
    attached = b"Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\nApproved: tea & scones"
    made = draft(ALTERNATIVE, body=_parts(text, html, other, picture, attached))
    taken, passwords = take_out(made, look_into_body=True)
    assert passwords == (SECRET,)
    texts = [part.text() for part in taken.part().walk() if part.maintype == "text"]
    assert texts == ["Hello", "<p><b></b><i></i><br>Hello é</p>", " and more"]
    assert picture in taken.body
    assert attached in taken.body


def test_the_transfer_encoding_is_kept() -> None:
    coded = base64.encodebytes("Approved: 秘密\r\nこんにちは\r\n".encode()).replace(b"\n", b"\r\n")
    made = draft("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64", body=coded)
    taken, passwords = take_out(made, look_into_body=True)
    assert passwords == ("秘密",)
    assert base64.b64decode(taken.body) == "こんにちは\r\n".encode()
    assert taken.fields == made.fields


def test_the_charset_is_kept() -> None:
    body = "Approved: one\r\nこんにちは\r\n".encode("iso-2022-jp")
    made = draft("Content-Type: text/plain; charset=iso-2022-jp", body=body)
    taken, passwords = take_out(made, look_into_body=True)
    assert passwords == ("one",)
    assert taken.body == "こんにちは\r\n".encode("iso-2022-jp")


def test_octets_that_belie_their_charset_are_kept() -> None:
    body = b"Approved: \xe9t\xe9\r\nbroken \xff\xfe utf-8\r\n"
    made = draft("Content-Type: text/plain; charset=utf-8", body=body)
    taken, passwords = take_out(made, look_into_body=True)
    assert len(passwords) == 1
    assert taken.body == b"broken \xff\xfe utf-8\r\n"


def test_lines_of_old_macintoshes() -> None:
    """A carriage return alone ended lines, and all of the text was taken for the first one."""
    coded = base64.b64encode(b"\rApproved: one\rHello\r")
    taken, passwords = take_out(draft("Content-Transfer-Encoding: base64", body=coded), look_into_body=True)
    assert passwords == ("one",)
    assert base64.b64decode(taken.body) == b"\rHello\r"


def test_unreadable_encodings_and_structures_are_left_alone() -> None:
    odd = draft("Content-Transfer-Encoding: x-uuencode", body=b"begin 644 x\r\nApproved: base64\r\nend\r\n")
    assert take_out(odd, look_into_body=True) == (odd, ())
    deep = draft(ALTERNATIVE, body=_parts(b"\r\nApproved: one", *[b"\r\nx"] * 1_001))
    assert take_out(deep, look_into_body=True) == (deep, ())


def test_p7_crafted_html_takes_linear_time() -> None:
    hostile = b"Content-Type: text/html\r\n\r\n" + b"approved<" * 50_000 + b"approved &nbsp; " * 20_000
    made = draft(ALTERNATIVE, body=_parts(b"\r\nApproved: one", hostile))
    assert take_out(made, look_into_body=True)[1] == ("one",)


@given(st.binary(max_size=400), st.booleans())
def test_nothing_is_raised(octets: bytes, as_body: bool) -> None:
    body = b"Approved: " + octets if as_body else b"--b\r\n" + octets + b"\r\n--b--"
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" if not as_body else b"\r\n"
    take_out(Draft.post(head + body), look_into_body=True)


@pytest.mark.parametrize(
    "word", [b"Appro=\r\nved", b"=41pproved", b"App=72oved", b"=61=70=70=72=6F=76=65=64"]
)
def test_p27_a_password_behind_a_word_in_quoted_printable_was_passed_on(word: bytes) -> None:
    made = draft(
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        body=word + b": tea =26 scones\r\nText =C3=A9\r\n",
    )
    taken, passwords = take_out(made, look_into_body=True)
    assert passwords == (SECRET,)
    assert taken.body == b"Text =C3=A9\r\n"
