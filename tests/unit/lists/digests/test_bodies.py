"""What a plain digest shows of a post."""

from base64 import encodebytes
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists.digests.bodies import text_of
from mlcore.lists.digests.posts import taken_apart
from mlcore.lists.notices.phrases import filled
from support.digest_mails import coded, item, post
from support.odd_messages import odd_messages, too_complex
from support.shapes import shapes

TEA = "皆さん、お茶は四時からです。\n①会場：㈱お茶の水\n"


def say(phrase: str, values: Mapping[str, str]) -> str:
    """In English."""
    return filled(phrase, values)


def part(kind: str, body: str | bytes, *more: str) -> bytes:
    head = "".join(f"{line}\r\n" for line in (f"Content-Type: {kind}", *more))
    return head.encode() + b"\r\n" + (body.encode() if isinstance(body, str) else body)


def multipart(kind: str, *parts: bytes, boundary: str = "b0") -> tuple[str, bytes]:
    """Content-Type, and body."""
    line = f"--{boundary}".encode()
    body = b"".join(line + b"\r\n" + one + b"\r\n" for one in parts) + line + b"--\r\n"
    return f"{kind}; boundary={boundary}", body


def shown(kind: str, body: str | bytes, *more: str) -> str:
    octets = body.encode() if isinstance(body, str) else body
    return text_of(post(f"Content-Type: {kind}", *more, body=octets), say)


def shown_parts(kind: str, *parts: bytes) -> str:
    return shown(*multipart(kind, *parts))


TEXT = part("text/plain; charset=utf-8", "Tea at four.")
HTML = part("text/html; charset=utf-8", "<p>Tea at <b>four</b></p>")
NOTHING = part("text/plain", " \r\n")
PDF = part("application/pdf", encodebytes(b"%PDF" * 30), "Content-Transfer-Encoding: base64")


@pytest.mark.parametrize("encoding", ["7bit", "8bit", "quoted-printable", "base64"])
@pytest.mark.parametrize("charset", ["iso-2022-jp", "shift_jis", "euc-jp", "utf-8"])
def test_japanese_in_every_charset_and_encoding(charset: str, encoding: str) -> None:
    text = "皆さん、お茶は四時からです。\n= 会場：お茶の水\n"
    body = coded(text, charset, encoding)
    kind = f"text/plain; charset={charset}"
    assert shown(kind, body, f"Content-Transfer-Encoding: {encoding}") == text.rstrip()


@pytest.mark.parametrize(
    ("label", "charset"),
    [
        ("us-ascii", "cp932"),
        ("utf-8", "cp932"),
        ("iso-8859-1x", "euc_jp"),
        ("shift_jis", "cp932"),
        ("", "utf-8"),
    ],
)
def test_a_label_that_is_wrong_or_missing(label: str, charset: str) -> None:
    kind = f"text/plain; charset={label}" if label else "text/plain"
    text = TEA.replace("①", "").replace("㈱", "") if charset == "euc_jp" else TEA
    assert shown(kind, coded(text, charset, "8bit")) == text.rstrip()


def test_texts_come_one_after_the_other_and_files_are_noted() -> None:
    patch = part(
        "text/x-patch", "--- a\r\n+++ b\r\n", 'Content-Disposition: attachment; filename="../fix.patch"'
    )
    second = part("text/plain; charset=iso-2022-jp", coded("お茶", "iso-2022-jp", "7bit"))
    assert shown_parts("multipart/mixed", TEXT, patch, PDF, second).split("\n\n") == [
        "Tea at four.",
        "[attachment: text/x-patch, fix.patch, 14 bytes]",
        "[attachment: application/pdf, 120 bytes]",
        "お茶",
    ]


def test_a_text_that_is_an_attachment_is_noted() -> None:
    attached = part("text/plain", "log\r\n", "Content-Disposition: attachment; filename=log.txt")
    assert shown_parts("multipart/mixed", TEXT, attached) == (
        "Tea at four.\n\n[attachment: text/plain, log.txt, 5 bytes]"
    )


def test_p9_no_name_of_a_file_makes_a_line() -> None:
    name = "=?utf-8?q?a=0A=0D=0A=2D=2D" + "x" * 300 + "?="
    found = shown_parts(
        "multipart/mixed", part("application/pdf", "x", f'Content-Disposition: x; filename="{name}"')
    )
    assert found.startswith("[attachment: application/pdf, a --xxx")
    assert "\n" not in found
    assert len(found) < 150


def test_html_without_text_becomes_text() -> None:
    assert shown("text/html; charset=utf-8", "<p>お茶は<a href='http://x.example/t'>こちら</a></p>") == (
        "お茶はこちら <http://x.example/t>"
    )


def test_html_that_says_nothing_or_is_huge() -> None:
    assert shown("text/html", "<img src=x>") == "[attachment: text/html, 11 bytes]"
    assert shown("text/html", " \r\n") == ""
    assert shown("text/html", "<p>x</p>" * 140_000) == "[attachment: text/html, 1120000 bytes]"


@pytest.mark.parametrize("order", [(TEXT, HTML), (HTML, TEXT)])
def test_of_alternatives_the_text_is_shown(order: tuple[bytes, ...]) -> None:
    assert shown_parts("multipart/alternative", *order) == "Tea at four."


def test_html_is_shown_where_the_text_beside_it_is_empty() -> None:
    assert shown_parts("multipart/alternative", NOTHING, HTML) == "Tea at four"


def test_of_other_alternatives_what_is_no_text_is_noted() -> None:
    kind, body = multipart("multipart/related", HTML, PDF, boundary="b1")
    meeting = part("text/calendar; method=REQUEST", "BEGIN:VCALENDAR\r\n")
    assert shown_parts("multipart/alternative", TEXT, part(kind, body), meeting) == (
        "Tea at four.\n\n[attachment: application/pdf, 120 bytes]\n\n[attachment: text/calendar, 17 bytes]"
    )


def test_alternatives_without_any_text() -> None:
    assert shown_parts("multipart/alternative", NOTHING, PDF) == "[attachment: application/pdf, 120 bytes]"


def test_a_message_within_it_and_a_signature_are_noted() -> None:
    inner = part("message/rfc822", b"Subject: inner\r\n\r\nwords\r\n")
    signature = part(
        "application/pgp-signature", "-----BEGIN PGP SIGNATURE-----", "Content-Disposition: inline"
    )
    kind, body = multipart("multipart/signed", TEXT, signature, boundary="b1")
    assert shown_parts("multipart/mixed", part(kind, body), inner) == (
        "Tea at four.\n\n[attachment: application/pgp-signature, 29 bytes]\n\n"
        "[attachment: message/rfc822, 25 bytes]"
    )


def test_a_container_without_its_boundary_is_a_text() -> None:
    assert shown("multipart/mixed", "--x\r\n\r\nTea at four.\r\n") == "--x\n\nTea at four."
    assert shown("multipart/alternative; boundary=y", "Tea at four.\r\n") == "Tea at four."


def test_a_post_of_too_many_parts_is_one_line() -> None:
    kind, body = multipart("multipart/mixed", *[TEXT] * 1_001)
    assert shown(kind, body) == f"[a message of too many parts to be shown, {len(body)} bytes]"


def test_a_post_of_nested_parts_that_are_just_allowed() -> None:
    kind, body = multipart("multipart/mixed", TEXT, boundary="deep0")
    for depth in range(1, 98):
        kind, body = multipart("multipart/mixed", part(kind, body), boundary=f"deep{depth}x")
    assert shown(kind, body) == "Tea at four."


def test_controls_are_no_text() -> None:
    assert shown("text/plain; charset=utf-8", "a\x1b[2Jb\x00c\r\n\x07") == "a[2Jbc"


@pytest.mark.parametrize("octets", [octets for _, octets in [*shapes(), *odd_messages(), *too_complex()]])
def test_whatever_a_post_looks_like(octets: bytes) -> None:
    text = text_of(taken_apart([item(octets)])[0], say)
    assert not {"\r", "\x1b", "\0"} & set(text)


@given(
    st.binary(max_size=600),
    st.sampled_from(["text/plain", "text/html", "multipart/mixed; boundary=x", "x/y"]),
)
def test_whatever_octets_a_post_has(body: bytes, kind: str) -> None:
    text_of(post(f"Content-Type: {kind}", "Content-Transfer-Encoding: base64", body=body), say)
    text_of(post(f"Content-Type: {kind}", body=body), say)
