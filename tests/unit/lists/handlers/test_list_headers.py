"""RFC 2369 and RFC 2919 fields."""

import msgspec
import pytest

from mlcore.lists.archiving import hash_of, permalink
from mlcore.lists.draft import Draft
from mlcore.lists.facts import ArchiverFacts, SiteFacts
from mlcore.lists.handlers import message_id
from mlcore.lists.handlers.list_headers import for_own_mail, handler
from mlcore.lists.model import ArchivePolicy
from mlcore.mail.fields import split
from mlcore.mail.message_id import of
from support.posts import PLAIN, SITE, draft, policy, render_facts

OWN = (
    b"List-Help: <mailto:ant-request@example.com?subject=help>\r\n",
    b"List-Id: <ant.example.com>\r\n",
    b"List-Owner: <mailto:ant-owner@example.com>\r\n",
    b"List-Post: <mailto:ant@example.com>\r\n",
    b"List-Subscribe: <mailto:ant-join@example.com>\r\n",
    b"List-Unsubscribe: <mailto:ant-leave@example.com>\r\n",
)


def _list_id(description: str) -> str:
    made = handler(draft("From: a@example.com"), policy(description=description), render_facts())
    return made.fields.text("list-id") or ""


@pytest.mark.row("field: List-Help")
@pytest.mark.row("field: List-Id")
@pytest.mark.row("field: List-Owner")
@pytest.mark.row("field: List-Post")
@pytest.mark.row("field: List-Subscribe")
@pytest.mark.row("field: List-Unsubscribe")
@pytest.mark.row("handler: rfc-2369")
def test_the_six_fields_stand_sorted_on_top() -> None:
    made = handler(draft("From: a@example.com"), policy(), render_facts())
    assert made.fields.raw == (*OWN, b"From: a@example.com\r\n")


def test_those_of_another_list_go_and_what_is_not_written_stays() -> None:
    foreign = [
        "List-Id: Bee <bee.example.com>", "list-post: <mailto:bee@example.com>", "LIST-HELP: x",
        "List-Owner: x",
        "List-Subscribe: x", "List-Unsubscribe: <https://bee.example.com/u>", "List-Unsubscribe: y",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    ]  # fmt: skip
    made = handler(draft(*foreign, "List-Archive: <https://bee.example.com/>"), policy(), render_facts())
    assert made.fields.raw == (*OWN, b"List-Archive: <https://bee.example.com/>\r\n")


@pytest.mark.row("attribute: include_rfc2369_headers")
def test_p8_a_list_without_them_touches_nothing() -> None:
    made = draft("List-Id: <bee.example.com>", "From: a@example.com")
    assert handler(made, policy(include_rfc2369_headers=False), render_facts()) is made


@pytest.mark.row("attribute: allow_list_posts")
def test_a_list_that_takes_no_posts_says_no() -> None:
    made = handler(draft("From: a@example.com"), policy(allow_list_posts=False), render_facts())
    assert made.fields.first("list-post") == b"NO"


@pytest.mark.row("attribute: description")
@pytest.mark.parametrize(
    ("description", "shown"),
    [
        ("", "<ant.example.com>"),
        ("  ", "<ant.example.com>"),
        ("All about ants", "All about ants <ant.example.com>"),
        ("Ants, bees", '"Ants, bees" <ant.example.com>'),
        ("Ants\nand more", '"Ants [...]" <ant.example.com>'),
        ("蟻の会", "蟻の会 <ant.example.com>"),
    ],
)
def test_the_description_stands_before_the_identifier(description: str, shown: str) -> None:
    assert _list_id(description) == shown


def test_a_description_beyond_ascii_is_encoded_and_folded() -> None:
    made = handler(draft("From: a@example.com"), policy(description="蟻の会" * 40), render_facts())
    octets = made.fields.octets()
    assert octets.isascii()
    assert max(map(len, octets.split(b"\r\n"))) <= 100
    assert made.fields.text("list-id") == "蟻の会" * 40 + " <ant.example.com>"


@pytest.mark.parametrize(
    "description",
    [
        "x\r\nBcc: evil@example.net",
        "x\n\nbody",
        "x\r\n\r\n",
        "\0x\x1b",
        "x\u2028Bcc: evil@example.net",
        '"><',
    ],
)
def test_p9_a_description_adds_no_field(description: str) -> None:
    made = handler(Draft.post(PLAIN), policy(description=description), render_facts())
    fields, body = split(made.octets())
    assert body == made.body
    assert "bcc" not in fields.names()
    assert len(fields) == len(Draft.post(PLAIN).fields) + 6
    assert fields.octets().count(b"\0") == 0


def test_p9_special_characters_of_a_list_name_are_encoded_in_the_uris() -> None:
    odd = policy(list_name="c++&r?cc=x", list_id="c.example.com")
    made = handler(draft("From: a@example.com"), odd, render_facts())
    assert made.fields.first("list-post") == b"<mailto:c++%26r%3Fcc=x@example.com>"
    kana = handler(draft("From: a@example.com"), policy(list_name="あ"), render_facts())
    assert kana.fields.first("list-post") == b"<mailto:%E3%81%82@example.com>"


@pytest.mark.row("attribute: charset")
def test_a_description_stands_in_the_charset_of_the_list_if_that_holds_it() -> None:
    for charset, label in (("iso-2022-jp", b"iso-2022-jp"), ("iso-8859-1", b"utf-8"), ("", b"utf-8")):
        made = handler(draft("From: a"), policy(description="蟻の会", charset=charset), render_facts())
        assert (made.fields.first("list-id") or b"").startswith(b"=?" + label + b"?b?")


@pytest.mark.row("field: List-Post")
def test_own_mail_has_them_but_for_list_post() -> None:
    made = for_own_mail(draft("From: a@example.com"), policy(), render_facts())
    assert made.fields.raw == (*(one for one in OWN if b"Post" not in one), b"From: a@example.com\r\n")
    without = draft("From: a@example.com")
    assert for_own_mail(without, policy(include_rfc2369_headers=False), render_facts()) is without


KITTY = ArchiverFacts(name="kitty", kind="hyperkitty", base_url="https://lists.example.com/archives/")
OTHER = ArchiverFacts(name="other", kind="hyperkitty", base_url="https://elsewhere.example.org")
MAILDIR = ArchiverFacts(name="prototype", kind="prototype")
PAGE = b"https://lists.example.com/archives/list/ant@example.com/"


def _site(*archivers: ArchiverFacts) -> SiteFacts:
    return msgspec.structs.replace(SITE, archivers=archivers)


@pytest.mark.row("field: List-Archive")
@pytest.mark.row("field: Archived-At")
def test_the_pages_of_list_and_post_in_an_archive() -> None:
    facts = render_facts(site=_site(MAILDIR, KITTY))
    lines = ("Message-ID: <a@b>", "List-Archive: <https://bee.example.com/>", "Archived-At: <x>")
    made = handler(draft(*lines), policy(), facts)
    assert made.fields.names()[:3] == ("archived-at", "list-archive", "list-help")
    hash_ = hash_of("<a@b>").encode()
    assert made.fields.all("archived-at") == (b"<" + PAGE + b"message/" + hash_ + b"/>",)
    assert made.fields.all("list-archive") == (b"<" + PAGE + b">",)


def test_several_archives_have_one_field_for_the_list_and_one_link_each() -> None:
    made = handler(draft("Message-ID: <a@b>"), policy(), render_facts(site=_site(KITTY, OTHER)))
    (pages,) = made.fields.all("list-archive")
    assert pages == b"<" + PAGE + b">,\r\n <https://elsewhere.example.org/list/ant@example.com/>"
    first, second = made.fields.all("archived-at")
    assert first.startswith(b"<https://lists.example.com/")
    assert second.startswith(b"<https://elsewhere.example.org/")


@pytest.mark.row("attribute: archive_policy")
def test_a_list_without_archives_links_to_none() -> None:
    settings = policy(archive_policy=ArchivePolicy.NEVER)
    made = handler(draft("Message-ID: <a@b>"), settings, render_facts(site=_site(KITTY)))
    assert made.fields.names()[0] == "list-help"


def test_a_post_without_message_id_is_linked_by_the_one_it_gets() -> None:
    facts = render_facts(site=_site(KITTY))
    made = message_id.handler(handler(draft("Subject: x"), policy(), facts), policy(), facts)
    assert permalink(KITTY, policy(), of(made.fields)).encode() in (made.fields.first("archived-at") or b"")


def test_a_post_that_is_kept_nowhere_has_no_link_but_that_of_the_list() -> None:
    made = handler(draft("Message-ID: <a@b>", "X-No-Archive: yes"), policy(), render_facts(site=_site(KITTY)))
    assert "archived-at" not in made.fields.names()
    assert "list-archive" in made.fields.names()


def test_mail_to_owners_is_in_no_archive() -> None:
    made = handler(draft("Message-ID: <a@b>"), policy(), render_facts(site=_site(KITTY), purpose="owner"))
    assert "archived-at" not in made.fields.names()


def test_a_digest_links_to_the_archive_but_to_no_post() -> None:
    facts = render_facts(site=_site(KITTY), purpose="digest")
    made = handler(draft("Message-ID: <a@b>", "List-Id: x"), policy(), facts)
    assert made.fields.names() == (
        "list-archive", "list-help", "list-id", "list-owner", "list-post", "list-subscribe",
        "list-unsubscribe", "message-id",
    )  # fmt: skip
    own = for_own_mail(draft("From: a@example.com"), policy(), render_facts(site=_site(KITTY)))
    assert "list-archive" not in own.fields.names()
