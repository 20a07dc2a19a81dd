"""Digests as MIME."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.mail.fields import split
from mlcore.mail.lines import is_clean
from mlcore.texts.book import Book
from mlcore.texts.texts import Texts
from support.digest_mails import JAPANESE, enclosed, item, mail, mime, plain, read, texts_of
from support.odd_messages import odd_messages
from support.posts import ENTRY, PLAIN, policy
from support.shapes import shapes


def messages(octets: bytes) -> list[bytes]:
    """The octets of the posts: what stands between the delimiters."""
    found = re.search(rb'multipart/digest; boundary="([^"]+)"', octets)
    assert found is not None
    inside = octets.partition(b"--%b--\r\n" % found[1])[0]
    parts = inside.split(b"--%b\r\n" % found[1])[1:]
    return [part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for part in parts]


@pytest.mark.row("template: list:member:digest:masthead")
@pytest.mark.row("template: list:member:digest:footer")
def test_the_parts_and_what_they_are_called() -> None:
    found: Any = read(mime(item(), item())).get_payload()
    kinds = [
        (part.get_content_type(), part["Content-Description"], part["Content-Disposition"]) for part in found
    ]
    assert kinds == [
        ("text/plain", "Ant Digest, Vol 3, Issue 12", "inline"),
        ("text/plain", "Today's Topics (2 messages)", "inline"),
        ("multipart/digest", None, None),
        ("text/plain", "Digest Footer", "inline"),
    ]


@pytest.mark.row("template: list:member:digest:header")
def test_a_header_is_a_part_before_the_topics() -> None:
    names = ("masthead", "header", "footer")
    book = Book({("en", f"list:member:digest:{name}.txt"): f"the {name}" for name in names})
    assert texts_of(mime(item(), words=Texts(book, {}))) == {
        "Ant Digest, Vol 3, Issue 12": "the masthead\n",
        "Digest Header": "the header\n",
        "Today's Topics (1 messages)": "Today's Topics:\n\n  1. Tea at four (Anne Person)\n",
        "Digest Footer": "the footer\n",
    }
    none = Texts(Book({}), {})
    assert list(texts_of(mime(item(), words=none))) == ["Today's Topics (1 messages)"]


def test_in_japanese_and_the_charset_of_the_list() -> None:
    octets = mime(item(), about=policy(**JAPANESE))
    assert octets.isascii()
    found = texts_of(octets)
    assert list(found) == [
        "蟻の会 ダイジェスト 第3巻 第12号",
        "今号の投稿（1件）",
        "ダイジェストのフッター",
    ]
    assert found["今号の投稿（1件）"].startswith("今号の投稿：\n\n  1. Tea at four")
    assert {part.get_content_charset() for part in read(octets).walk()} == {None, "iso-2022-jp", "us-ascii"}


def test_a_post_keeps_its_body_and_the_fields_of_the_setting() -> None:
    (whole,) = messages(mime(item()))
    head, _, body = whole.partition(b"\r\n\r\n")
    assert body == PLAIN.partition(b"\r\n\r\n")[2]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n")]
    assert names == [
        b"From",
        b"To",
        b"Cc",
        b"Subject",
        b"Date",
        b"Message-ID",
        b"MIME-Version",
        b"Content-Type",
        b"Message",
    ]
    assert b"Received" in messages(mime(item(), keep=("Received", "From")))[0]


@pytest.mark.parametrize(
    ("name", "octets"),
    [*shapes(), *odd_messages()],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_p8_no_octet_of_a_body_is_changed(name: str, octets: bytes) -> None:
    found = messages(mime(item(octets), item(PLAIN), item(octets)))
    bodies = [split(one)[1] for one in found]
    assert bodies == [split(octets)[1], split(PLAIN)[1], split(octets)[1]]


def test_posts_are_numbered() -> None:
    assert [post["Message"] for post in enclosed(mime(item(), mail("Message: 77\r\n 78"), item()))] == [
        "1",
        "2",
        "3",
    ]


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(b"tea\r\n", "7bit"), ("お茶\r\n".encode(), "8bit"), (b"\x1b$B$*Cc\x1b(B\r\n", "7bit")],
)
def test_what_is_8bit_says_so(body: bytes, encoding: str) -> None:
    octets = mime(mail("Content-Type: text/plain", body=body))
    found = {part.get_content_type(): part["Content-Transfer-Encoding"] for part in read(octets).walk()}
    assert found["message/rfc822"] == encoding
    expected = encoding if encoding == "8bit" else None
    assert (found["multipart/mixed"], found["multipart/digest"]) == (expected, expected)


def test_a_boundary_derives_from_the_entry_and_is_in_no_post() -> None:
    inner, outer = f"=_{ENTRY}.1", f"=_{ENTRY}.0"
    found = read(mime(item()))
    assert found.get_boundary() == outer
    body = f"--{outer}--\r\n--{inner}\r\n--{outer}__\r\n".encode()
    octets = mime(mail("Subject: clever", body=body), item(), root=ENTRY)
    assert read(octets).get_boundary() == f"{outer}___"
    assert [post["Subject"] for post in enclosed(octets)] == ["clever", "Tea at four"]
    assert split(messages(octets)[0])[1] == body


def test_a_post_of_too_many_parts_is_carried_as_it_is() -> None:
    body = b"--b\r\n\r\nx\r\n" * 1_200 + b"--b--\r\n"
    octets = mime(mail("Content-Type: multipart/mixed; boundary=b", body=body))
    assert octets.count(body) == 1


def test_it_ends_with_a_line_that_says_so() -> None:
    end = b"\r\nEnd of Ant Digest, Vol 3, Issue 12\r\n*********************************\r\n"
    assert mime(item()).endswith(b"--" + end.replace(b"*" * 33, b"*" * 34))
    assert b"End of ant Digest, Vol 3, Issue 12" in mime(item(), about=policy(**JAPANESE))


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4))
def test_whatever_octets_the_posts_are(posts: list[bytes]) -> None:
    octets = mime(*[item(post) for post in posts])
    assert is_clean(octets)
    assert len(enclosed(octets)) == len(posts)
    assert is_clean(plain(*[item(post) for post in posts]))
