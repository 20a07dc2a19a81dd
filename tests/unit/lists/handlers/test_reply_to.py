"""Reply-To, step by step."""

import pytest

from mlcore.lists.draft import Draft
from mlcore.lists.handlers.reply_to import handler
from mlcore.lists.model import ReplyGoesToList
from mlcore.mail.fields import split
from support.posts import PLAIN, draft, policy, render_facts

NONE = ReplyGoesToList.NO_MUNGING
LIST = ReplyGoesToList.POINT_TO_LIST
HEADER = ReplyGoesToList.EXPLICIT_HEADER
ONLY = ReplyGoesToList.EXPLICIT_HEADER_ONLY
ANNE = "Reply-To: Anne <anne@example.org>"
BOB = "Reply-To: bob@example.org"
BOTH = "Reply-To: Anne <anne@example.org>, bob@example.org"


@pytest.mark.parametrize(
    ("mode", "strip", "explicit", "there", "written"),
    [
        (NONE, True, "", (ANNE,), None),
        (NONE, True, "", (), None),
        (LIST, False, "", (), "Ants <ant@example.com>"),
        (LIST, False, "", (ANNE,), "Anne <anne@example.org>, Ants <ant@example.com>"),
        (LIST, True, "", (ANNE,), "Ants <ant@example.com>"),
        (LIST, False, "", (ANNE, BOB), "Anne <anne@example.org>, bob@example.org, Ants <ant@example.com>"),
        (LIST, False, "x@example.net", (), "Ants <ant@example.com>"),
        (HEADER, False, "Desk@example.net", (), "Desk@example.net"),
        (HEADER, False, "Desk@example.net", (ANNE,), "Desk@example.net, Anne <anne@example.org>"),
        (HEADER, True, "Desk@example.net", (ANNE,), "Desk@example.net"),
        (HEADER, False, "anne@example.org", (BOTH,), None),
        (HEADER, False, "bob@example.org", (BOTH,), "bob@example.org, Anne <anne@example.org>"),
        (ONLY, False, "desk@example.net", (ANNE,), "desk@example.net, Anne <anne@example.org>"),
        (ONLY, True, "desk@example.net", (BOTH,), "desk@example.net"),
        (ONLY, True, "not valid", (ANNE,), None),
        (HEADER, True, "", (ANNE,), None),
    ],
)  # fmt: skip
def test_table(
    mode: ReplyGoesToList, strip: bool, explicit: str, there: tuple[str, ...], written: str | None
) -> None:
    settings = policy(
        reply_goes_to_list=mode, first_strip_reply_to=strip, reply_to_address=explicit, description="Ants"
    )
    made = handler(draft("From: a@example.com", *there), settings, render_facts())
    if explicit == "anne@example.org":  # it says so already, in the author's words
        written = BOTH.partition(": ")[2]
    assert made.fields.texts("reply-to") == (() if written is None else (written,))
    assert made.fields.first("from") == b"a@example.com"


@pytest.mark.parametrize(
    ("mode", "explicit"), [(NONE, ""), (NONE, "desk@example.net"), (HEADER, ""), (ONLY, "not valid")]
)
def test_p8_a_list_that_adds_nothing_touches_nothing(mode: ReplyGoesToList, explicit: str) -> None:
    made = draft("reply-TO:  Anne\r\n\t<anne@example.org> (at home)", "Reply-To: bob@example.org")
    assert handler(made, policy(reply_goes_to_list=mode, reply_to_address=explicit), render_facts()) is made


@pytest.mark.parametrize("strip", [True, False])
def test_p8_a_field_that_says_so_already_stays(strip: bool) -> None:
    made = draft("Reply-To:  the list\r\n <ANT@example.com>")
    settings = policy(reply_goes_to_list=LIST, first_strip_reply_to=strip)
    assert handler(made, settings, render_facts()) is made


def test_two_fields_become_one_in_the_place_of_the_first() -> None:
    made = draft("Reply-To: ant@example.com", "From: a@example.com", "Reply-To: ant@example.com")
    made = handler(made, policy(reply_goes_to_list=LIST), render_facts())
    assert made.fields.octets() == b"Reply-To: ant@example.com\r\nFrom: a@example.com\r\n"


def test_japanese_names_stay_well_formed() -> None:
    there = draft("Reply-To: =?iso-2022-jp?B?GyRCJUYlOSVIGyhC?= <t@example.jp>")
    made = handler(there, policy(reply_goes_to_list=LIST, description="蟻の会"), render_facts())
    assert made.fields.octets().isascii()
    assert made.fields.text("reply-to") == "テスト <t@example.jp>, 蟻の会 <ant@example.com>"


@pytest.mark.parametrize(
    "evil", ["x\r\nBcc: evil@example.net", "a@example.com\r\nBcc: evil@example.net\r\n\r\nx"]
)
def test_p9_no_setting_and_no_name_adds_a_field(evil: str) -> None:
    for settings in (
        policy(reply_goes_to_list=LIST, description=evil),
        policy(reply_goes_to_list=HEADER, reply_to_address=evil),
    ):
        made = handler(Draft.post(PLAIN), settings, render_facts())
        fields, body = split(made.octets())
        assert "bcc" not in fields.names()
        assert body == made.body


def test_p9_an_encoded_name_with_line_ends_adds_no_field() -> None:
    there = draft("Reply-To: =?utf-8?q?x=0D=0ABcc:_evil=40example.net?= <t@example.jp>")
    made = handler(there, policy(reply_goes_to_list=LIST), render_facts())
    assert "bcc" not in split(made.octets())[0].names()
