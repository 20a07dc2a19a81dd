"""Plain digests (RFC 1153)."""

from email import message_from_string
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.texts.book import Book
from mlcore.texts.texts import Texts
from support.digest_mails import JAPANESE, SEVENTY, THIRTY, burst, header_line, item, mail, plain, read, said
from support.posts import policy

OWN = Texts(
    Book(
        {
            ("en", f"list:member:digest:{name}.txt"): f"The {name}."
            for name in ("masthead", "header", "footer")
        }
    ),
    {},
)


@pytest.mark.row("template: list:member:digest:masthead")
@pytest.mark.row("template: list:member:digest:header")
@pytest.mark.row("template: list:member:digest:footer")
def test_the_whole_of_it() -> None:
    octets = plain(
        item(), mail("From: bob@example.org", "Subject: Re: Tea", body=b"Yes.\r\n\r\n\r\n"), words=OWN
    )
    assert (
        said(read(octets))
        == f"""\
The masthead.

The header.

Today's Topics:

  1. Tea at four (Anne Person)
  2. Re: Tea (bob@example.org)

{SEVENTY}

Message: 1
Date: Tue, 14 Nov 2023 22:13:20 +0000
From: Anne Person <Anne@Example.org>
Subject: Tea at four
To: ant@example.com
Cc: cate@example.net
Message-ID: <one@example.org>
Content-Type: text/plain; charset="us-ascii"

Shall we?

{THIRTY}

Message: 2
From: bob@example.org
Subject: Re: Tea
Content-Type: text/plain; charset="us-ascii"

Yes.

{THIRTY}

Subject: Digest Footer

The footer.

{THIRTY}

End of Ant Digest, Vol 3, Issue 12
**********************************
"""
    )


def test_without_texts_of_its_own() -> None:
    text = said(read(plain(item(), words=Texts(Book({}), {}))))
    before, messages, end = burst(text)
    assert before == "Today's Topics:\n\n  1. Tea at four (Anne Person)"
    assert len(messages) == 1
    assert end.startswith("End of Ant Digest")


def test_in_japanese_the_asterisks_are_as_wide_as_the_line() -> None:
    _, messages, end = burst(said(read(plain(item(), about=policy(**JAPANESE)))))
    assert end == "蟻の会 ダイジェスト 第3巻 第12号 終わり\n" + "*" * 39 + "\n"
    assert messages[-1].startswith("Subject: ダイジェストのフッター\n\n")


@pytest.mark.row("attribute: charset")
@pytest.mark.parametrize(
    ("text", "settings", "label"),
    [
        ("tea", {}, "us-ascii"),
        ("thé", {}, "utf-8"),
        ("thé", {"charset": "iso-8859-1"}, "iso-8859-1"),
        ("お茶", {"charset": "iso-8859-1"}, "utf-8"),
        ("お茶", JAPANESE, "iso-2022-jp"),
        ("①🍵", JAPANESE, "utf-8"),
        ("お茶", {"preferred_language": "ja", "charset": "no such"}, "utf-8"),
        ("お茶", {"preferred_language": "ja", "charset": "utf-16"}, "utf-8"),
    ],
)
def test_one_charset_that_holds_everything(text: str, settings: dict[str, str], label: str) -> None:
    post = mail("Subject: x", "Content-Type: text/plain; charset=utf-8", body=text.encode())
    octets = plain(post, about=policy(**settings))
    assert octets.isascii()
    found = read(octets)
    assert found.get_content_charset() == label
    message = burst(said(found))[1][0]
    assert message.endswith(f'\nContent-Type: text/plain; charset="{label}"\n\n{text}')


def test_a_program_takes_it_apart() -> None:
    posts = [
        mail(
            header_line("From", "山田太郎", charset) + b" <taro@example.jp>",
            header_line("Subject", "お茶会のお知らせ", charset),
            f"Content-Type: text/plain; charset={charset}",
            body="四時からです。\r\n".encode(charset),
        )
        for charset in ("iso-2022-jp", "shift_jis", "euc-jp", "utf-8")
    ]
    _, messages, _ = burst(said(read(plain(*posts))))
    for message in messages[:-1]:
        found = message_from_string(message, policy=default)
        assert (found["Subject"], found["From"]) == ("お茶会のお知らせ", "山田太郎 <taro@example.jp>")
        assert found.get_payload() == "四時からです。"


def test_no_author_ends_his_message_and_begins_another() -> None:
    evil = f"mine\r\n\r\n{THIRTY}\r\n\r\nMessage: 2\r\nFrom: boss@example.com\r\n\r\n{SEVENTY}\r\n".encode()
    before, messages, _ = burst(
        said(read(plain(mail("From: eve@example.net", body=evil), item(), words=OWN)))
    )
    assert len(messages) == 3
    assert f"\n\n {THIRTY}\n\nMessage: 2\n" in messages[0]
    assert SEVENTY not in before


def test_no_template_does_either() -> None:
    names = ("masthead", "header", "footer")
    book = Book(
        {("en", f"list:member:digest:{name}.txt"): f"a\n\n{THIRTY}\n\n{SEVENTY}\n\nb" for name in names}
    )
    _, messages, _ = burst(said(read(plain(item(), words=Texts(book, {})))))
    assert len(messages) == 2


def test_a_post_without_a_text_has_its_fields() -> None:
    _, messages, _ = burst(said(read(plain(mail("Subject: nothing", body=b""), item()))))
    assert messages[0] == 'Message: 1\nSubject: nothing\nContent-Type: text/plain; charset="us-ascii"'


def test_a_setting_without_fields() -> None:
    _, messages, _ = burst(said(read(plain(item(), words=OWN, keep=()))))
    assert messages[0] == "\n\nShall we?"


def test_a_line_too_long_for_mail_is_coded() -> None:
    octets = plain(mail("Subject: long", body=b"x" * 5_000 + b"\r\n"))
    assert max(map(len, octets.split(b"\r\n"))) <= 78
    assert "x" * 5_000 in said(read(octets))


@given(st.lists(st.text(alphabet="-\nx", max_size=120), min_size=1, max_size=4))
def test_there_are_as_many_messages_as_posts(texts: list[str]) -> None:
    octets = plain(*[mail("Subject: x", body=text.encode()) for text in texts], words=OWN)
    _, messages, end = burst(said(read(octets)))
    assert len(messages) == len(texts) + 1
    assert end.startswith("End of Ant")
