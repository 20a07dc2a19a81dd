"""Who gets a post, and where it can be found there."""

import hashlib
from base64 import b32decode

import msgspec
import pytest

from mlcore.lists import archiving
from mlcore.lists.archiving import archivers_for, dated, identification_of, list_url, permalink, placeholders
from mlcore.lists.facts import ArchiverFacts
from mlcore.lists.model import ArchivePolicy, ListPolicy
from support.posts import NOW, SITE, draft, policy

KITTY = ArchiverFacts(name="hyperkitty", kind="hyperkitty", base_url="https://lists.example.com/archives/")
MAILDIR = ArchiverFacts(name="prototype", kind="prototype")
WORLD = ArchiverFacts(
    name="mail-archive", kind="mail_archive", base_url="https://www.mail-archive.com", public_only=True
)
HONK = ArchiverFacts(name="honk", kind="mhonarc", base_url="http://$mail_host/a/$fqdn_listname/")
ALL = msgspec.structs.replace(SITE, archivers=(KITTY, MAILDIR, WORLD, HONK))


def names(settings: ListPolicy, *lines: str) -> list[str]:
    return [one.name for one in archivers_for(settings, ALL, draft(*lines).fields)]


@pytest.mark.row("attribute: archive_policy")
def test_the_policy_of_the_list_says_who_may_have_posts() -> None:
    assert names(policy()) == ["hyperkitty", "prototype", "mail-archive", "honk"]
    assert names(policy(archive_policy=ArchivePolicy.PRIVATE)) == ["hyperkitty", "prototype", "honk"]
    assert names(policy(archive_policy=ArchivePolicy.NEVER)) == []
    assert archivers_for(policy(), SITE) == ()
    assert archivers_for(policy(), ALL) == ALL.archivers


@pytest.mark.row("attribute: disabled_archivers")
def test_a_list_switches_archivers_off() -> None:
    assert names(policy(disabled_archivers=("hyperkitty", "gone"))) == ["prototype", "mail-archive", "honk"]


@pytest.mark.parametrize("line", ["X-No-Archive: yes", "x-no-archive:", "X-Archive: no", "X-Archive: NO "])
def test_an_author_wants_it_kept_nowhere(line: str) -> None:
    assert names(policy(), line) == []
    assert identification_of(draft(line, "Message-ID: <a@b>").fields) == ""


@pytest.mark.parametrize("line", ["X-Archive: yes", "X-Archive:", "X-Archive: nobody"])
def test_others_say_nothing_against_it(line: str) -> None:
    assert len(names(policy(), line)) == 4


def test_the_page_of_a_list() -> None:
    pages = [list_url(one, policy()) for one in ALL.archivers]
    assert pages == [
        "https://lists.example.com/archives/list/ant@example.com/",
        "",
        "https://www.mail-archive.com/ant@example.com/",
        "http://example.com/a/ant@example.com/",
    ]
    assert list_url(msgspec.structs.replace(KITTY, base_url=""), policy()) == ""


def test_the_page_of_a_post_needs_no_question() -> None:
    hash_ = archiving.hash_of("<one@example.org>")
    assert permalink(KITTY, policy(), "<one@example.org>") == (
        f"https://lists.example.com/archives/list/ant@example.com/message/{hash_}/"
    )
    assert b32decode(hash_) == hashlib.sha1(b"one@example.org").digest()
    assert len(hash_) == 32
    assert [permalink(one, policy(), "<one@example.org>") for one in ALL.archivers[1:]] == ["", "", ""]
    assert permalink(msgspec.structs.replace(KITTY, base_url=""), policy(), "<one@example.org>") == ""


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "one@example.org",
        "<>",
        "<a b@c>",
        "<a@b",
        "<<a@b>>",
        "<あ@b>",
        "<a@b>\r\nBcc: x",
        f"<{'a' * 255}>",
    ],
)
def test_p9_the_page_of_an_odd_message_id_is_not_foretold(odd: str) -> None:
    assert permalink(KITTY, policy(), odd) == ""


@pytest.mark.parametrize(
    "base_url",
    ["https://a/>\r\nBcc: x", "https://a/あ", "https://a/ b", "https://a/" + "a" * 800, 'https://"/'],
)
def test_p9_an_address_that_could_break_a_field_is_none(base_url: str) -> None:
    odd = msgspec.structs.replace(KITTY, base_url=base_url)
    assert list_url(odd, policy()) == permalink(odd, policy(), "<a@b>") == ""


def test_p9_the_name_of_a_list_is_percent_encoded() -> None:
    odd = policy(list_name="a/../b?あ", list_id="a.example.com")
    assert list_url(KITTY, odd) == (
        "https://lists.example.com/archives/list/a%2F..%2Fb%3F%E3%81%82@example.com/"
    )
    assert list_url(HONK, odd) == "http://example.com/a/a%2F..%2Fb%3F%E3%81%82@example.com/"


def test_placeholders_of_texts() -> None:
    found = placeholders(policy(disabled_archivers=("honk",)), ALL, "<one@example.org>")
    assert list(found) == ["hyperkitty_url", "prototype_url", "mail_archive_url"]
    assert found["hyperkitty_url"] == permalink(KITTY, policy(), "<one@example.org>")
    assert found["prototype_url"] == found["mail_archive_url"] == ""
    assert placeholders(policy(), SITE, "<one@example.org>") == {}


def test_the_identification_of_a_post() -> None:
    assert identification_of(draft("Message-ID: <a@b>").fields, "<made@b>") == "<a@b>"
    assert identification_of(draft("Subject: x").fields, "<made@b>") == "<made@b>"
    assert identification_of(draft("Message-ID:").fields, "<made@b>") == ""


ARRIVAL = "Tue, 14 Nov 2023 22:13:20 +0000"
NEAR = "Tue, 14 Nov 2023 12:00:00 -0500"
FAR = "Fri, 01 Jan 2038 00:00:00 +0000"


@pytest.mark.row("field: X-Original-Date")
@pytest.mark.parametrize(
    ("mode", "line", "shown", "original"),
    [
        ("never", f"Date: {FAR}", FAR, None),
        ("never", "Subject: x", ARRIVAL, None),
        ("maybe", f"Date: {NEAR}", NEAR, None),
        ("maybe", f"Date: {FAR}", ARRIVAL, FAR),
        ("maybe", "Date: yesterday", ARRIVAL, "yesterday"),
        ("maybe", "Date:", ARRIVAL, ""),
        ("always", f"Date: {NEAR}", ARRIVAL, NEAR),
        ("always", "Subject: x", ARRIVAL, None),
    ],
)
def test_the_date_of_a_copy(mode: str, line: str, shown: str, original: str | None) -> None:
    fields = draft(line, "To: x@example.org").fields
    made = dated(fields, NOW, mode, 86_400.0)
    assert made.text("date") == shown
    assert made.text("x-original-date") == original
    assert (made is fields) == (shown != ARRIVAL)


def test_an_old_original_date_goes() -> None:
    made = dated(draft("X-Original-Date: x", f"Date: {FAR}", "Date: y").fields, NOW, "maybe", 60.0)
    assert made.all("x-original-date") == (FAR.encode(),)
    assert made.all("date") == (ARRIVAL.encode(),)
