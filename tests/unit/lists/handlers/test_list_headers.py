"""RFC 2369 and RFC 2919 fields."""

import pytest

from mlcore.lists.draft import Draft
from mlcore.lists.handlers.list_headers import for_own_mail, handler
from mlcore.mail.fields import split
from support.posts import PLAIN, draft, policy, render_facts

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
