"""What digests say of themselves."""

from collections.abc import Mapping
from typing import Any

import pytest

from mlcore.lists.digests.frame import Frame, frame
from mlcore.texts.book import Book
from mlcore.texts.texts import Texts
from support.digest_mails import ISSUE, JAPANESE
from support.posts import SITE, policy
from support.texts import texts

MASTHEAD, HEADER, FOOTER = (f"list:member:digest:{name}" for name in ("masthead", "header", "footer"))


def around(own: Mapping[str, str] | None = None, base_url: str = "", **settings: Any) -> Frame:
    """The texts of an issue. own: by name, texts of the site in English in place of all that are packaged."""
    words = texts()
    if own is not None:
        words = Texts(Book({("en", f"{name}.txt"): text for name, text in own.items()}), {})
    return frame(policy(**settings), SITE, words, ISSUE, base_url)


@pytest.mark.row("template: list:member:digest:masthead")
def test_the_masthead_names_all_addresses() -> None:
    masthead = around(display_name="Ant lovers").masthead
    assert 'the mailing list "Ant lovers"' in masthead
    for address in ("ant@example.com", "ant-request@example.com", "ant-owner@example.com"):
        assert f"\n    {address}\n" in masthead
    assert max(map(len, masthead.split("\n"))) <= 70


@pytest.mark.row("template: list:member:digest:masthead")
def test_the_masthead_has_values_of_its_own() -> None:
    own = {MASTHEAD: "$got_list_email\n\n$got_request_email\n\n$got_owner_email\n\n$nothing"}
    assert around(own).masthead.split("\n\n") == [
        "ant@example.com",
        "ant-request@example.com",
        "ant-owner@example.com",
        "$nothing",
    ]


@pytest.mark.row("template: list:member:digest:header")
@pytest.mark.row("template: list:member:digest:footer")
def test_header_and_footer_have_the_values_of_posts() -> None:
    template = "$fqdn_listname $list_name $mail_host $request_address\n$mailinglist_url\n"
    found = around({HEADER: template, FOOTER: template}, "https://x.example")
    assert found.header == found.footer
    assert found.footer == (
        "ant@example.com ant example.com ant-request@example.com\nhttps://x.example/lists/ant.example.com"
    )


@pytest.mark.row("template: list:member:digest:header")
def test_there_is_no_header_until_somebody_writes_one() -> None:
    assert around().header == ""
    assert around({HEADER: " \n\n"}).header == ""


@pytest.mark.row("template: list:member:digest:footer")
def test_without_a_footer_of_its_own_a_digest_has_that_of_posts() -> None:
    assert "ant-leave@example.com" in around().footer
    assert around({"list:member:generic:footer": "generic"}).footer == "generic"


def test_the_subject_names_volume_and_number() -> None:
    assert around(display_name="Ant lovers").subject == "Ant lovers Digest, Vol 3, Issue 12"
    assert around(display_name="").subject == "Digest, Vol 3, Issue 12"


def test_in_the_language_and_the_charset_of_the_list() -> None:
    found = around(None, **JAPANESE)
    assert found.subject == "蟻の会 ダイジェスト 第3巻 第12号"
    assert found.charset == "iso-2022-jp"
    assert "投稿をまとめて" in found.masthead
    assert found.say("(no subject)", {}) == "（件名なし）"


def test_where_there_is_no_charset_the_subject_is_in_ascii() -> None:
    assert around(None, **JAPANESE).plain_subject == "ant Digest, Vol 3, Issue 12"
    assert around(display_name="Ant lovers").plain_subject == "Ant lovers Digest, Vol 3, Issue 12"


@pytest.mark.parametrize(
    "evil", ["x\r\nBcc: evil@example.net\r\n\r\n", "\x1b[2J\x00\ud800", "$owner_email {volume}"]
)
def test_p9_no_setting_makes_a_line_of_the_subject(evil: str) -> None:
    found = around(display_name=evil, description=evil, info=evil)
    assert found.subject.endswith(" Digest, Vol 3, Issue 12")
    assert found.plain_subject.isprintable()
    assert found.subject.isprintable()
    assert "ant-owner@example.com" not in found.subject
