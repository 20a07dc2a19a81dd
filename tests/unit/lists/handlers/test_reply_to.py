"""Reply-To and Cc, step by step."""

import pytest

from mlcore.lists.draft import Draft
from mlcore.lists.handlers.cook_headers import handler as cook_headers
from mlcore.lists.handlers.reply_to import with_cc, with_reply_to
from mlcore.lists.model import ListPolicy, Personalization, ReplyGoesToList
from mlcore.mail.fields import split
from support.posts import PLAIN, draft, policy, render_facts

NONE = ReplyGoesToList.NO_MUNGING
LIST = ReplyGoesToList.POINT_TO_LIST
HEADER = ReplyGoesToList.EXPLICIT_HEADER
ONLY = ReplyGoesToList.EXPLICIT_HEADER_ONLY
ANNE = "Reply-To: Anne <anne@example.org>"
BOB = "Reply-To: bob@example.org"
BOTH = "Reply-To: Anne <anne@example.org>, bob@example.org"
FULL = Personalization.FULL


def handler(made: Draft, settings: ListPolicy) -> Draft:
    return made.with_fields(with_reply_to(made.fields, settings))


def _cc(made: Draft, **settings: object) -> Draft:
    return made.with_fields(with_cc(made.fields, policy(**settings)))


@pytest.mark.row("field: Reply-To")
@pytest.mark.row("attribute: reply_goes_to_list")
@pytest.mark.row("attribute: reply_to_address")
@pytest.mark.row("attribute: first_strip_reply_to")
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
    made = handler(draft("From: a@example.com", *there), settings)
    if explicit == "anne@example.org":  # it says so already, in the author's words
        written = BOTH.partition(": ")[2]
    assert made.fields.texts("reply-to") == (() if written is None else (written,))
    assert made.fields.first("from") == b"a@example.com"


@pytest.mark.parametrize(
    ("mode", "explicit"), [(NONE, ""), (NONE, "desk@example.net"), (HEADER, ""), (ONLY, "not valid")]
)
def test_p8_a_list_that_adds_nothing_touches_nothing(mode: ReplyGoesToList, explicit: str) -> None:
    made = draft("reply-TO:  Anne\r\n\t<anne@example.org> (at home)", "Reply-To: bob@example.org")
    assert handler(made, policy(reply_goes_to_list=mode, reply_to_address=explicit)) is made


@pytest.mark.parametrize("strip", [True, False])
def test_p8_a_field_that_says_so_already_stays(strip: bool) -> None:
    made = draft("Reply-To:  the list\r\n <ANT@example.com>")
    settings = policy(reply_goes_to_list=LIST, first_strip_reply_to=strip)
    assert handler(made, settings) is made


def test_two_fields_become_one_in_the_place_of_the_first() -> None:
    made = draft("Reply-To: ant@example.com", "From: a@example.com", "Reply-To: ant@example.com")
    made = handler(made, policy(reply_goes_to_list=LIST))
    assert made.fields.octets() == b"Reply-To: ant@example.com\r\nFrom: a@example.com\r\n"


def test_japanese_names_stay_well_formed() -> None:
    there = draft("Reply-To: =?iso-2022-jp?B?GyRCJUYlOSVIGyhC?= <t@example.jp>")
    made = handler(there, policy(reply_goes_to_list=LIST, description="蟻の会"))
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
        made = handler(Draft.post(PLAIN), settings)
        fields, body = split(made.octets())
        assert "bcc" not in fields.names()
        assert body == made.body


def test_p9_an_encoded_name_with_line_ends_adds_no_field() -> None:
    there = draft("Reply-To: =?utf-8?q?x=0D=0ABcc:_evil=40example.net?= <t@example.jp>")
    made = handler(there, policy(reply_goes_to_list=LIST))
    assert "bcc" not in split(made.octets())[0].names()


@pytest.mark.row("field: Cc")
@pytest.mark.row("attribute: personalize")
@pytest.mark.parametrize(
    ("mode", "there", "written"),
    [
        (NONE, (), ("Ants <ant@example.com>",)),
        (NONE, ("Cc: Bob <bob@example.org>",), ("Bob <bob@example.org>, Ants <ant@example.com>",)),
        (HEADER, ("Cc: b@x.example", "cc: c@x.be"), ("b@x.example, c@x.be, Ants <ant@example.com>",)),
        (NONE, ("Cc: b@x.example, B <B@x.example>",), ("b@x.example, Ants <ant@example.com>",)),
        (ONLY, (), ()),
        (ONLY, ("Cc: b@x.example, B <B@x.example>",), ("b@x.example",)),
        (ONLY, ("Cc: undisclosed:;",), ()),
        (LIST, (), ()),
        (LIST, ("Cc: b@x.example, B <B@x.example>",), ("b@x.example, B <B@x.example>",)),
    ],
)  # fmt: skip
def test_cc_of_personal_copies(
    mode: ReplyGoesToList, there: tuple[str, ...], written: tuple[str, ...]
) -> None:
    made = draft("From: a@example.com", *there)
    made = _cc(made, reply_goes_to_list=mode, personalize=FULL, description="Ants")
    assert made.fields.texts("cc") == written


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"personalize": Personalization.INDIVIDUAL},
        {"personalize": FULL, "anonymous_list": True},
        {"personalize": FULL, "reply_goes_to_list": LIST},
    ],
)
def test_p8_other_lists_leave_cc_alone(settings: dict[str, object]) -> None:
    made = draft("From: a@example.com", "CC :  b@x.example,\r\n\tb@x.example", "Cc: c@x.example")
    assert _cc(made, **settings) is made


def test_p8_a_cc_that_says_so_already_stays() -> None:
    made = draft("From: a@example.com", "CC :  b@x.example (Bob),\r\n\tthe list <ANT@example.com>")
    assert _cc(made, personalize=FULL) is made


def test_p8_fields_too_long_to_be_looked_at_stay() -> None:
    """Writing them anew would lose the addresses behind the thousandth."""
    crowd = ", ".join(f"u{number}@example.com" for number in range(1_001))
    made = draft(f"Cc: {crowd}", f"Reply-To: {crowd}")
    assert _cc(made, personalize=FULL) is made
    assert handler(made, policy(reply_goes_to_list=LIST)) is made


def test_the_charset_is_that_of_the_author_else_of_the_list() -> None:
    jis = policy(reply_goes_to_list=LIST, description="蟻の会", charset="iso-2022-jp")
    written = handler(draft("From: a@example.com"), jis).fields.first("reply-to")
    assert written == b"=?iso-2022-jp?b?GyRCNUIkTjJxGyhC?= <ant@example.com>"
    utf8 = policy(reply_goes_to_list=LIST, description="蟻の会")
    there = draft("Reply-To: =?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?= <t@example.jp>")
    assert (handler(there, utf8).fields.first("reply-to") or b"").count(b"=?iso-2022-jp?b?") == 2


def test_the_handler_does_both() -> None:
    settings = policy(reply_goes_to_list=NONE, first_strip_reply_to=True, personalize=FULL)
    made = cook_headers(draft("From: a@example.com", ANNE), settings, render_facts())
    assert "reply-to" not in made.fields.names()
    assert "cc" in made.fields.names()
