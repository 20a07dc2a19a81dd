"""What is done where a domain forbids others to send in its name."""

import pytest

from mlcore.lists import dmarc
from mlcore.lists.draft import Draft
from mlcore.lists.model import DmarcAction, ListPolicy, ReplyGoesToList
from mlcore.mail.fields import split
from mlcore.mail.mime import parse
from support.posts import ENTRY, PLAIN, draft, policy, post_facts, sender

MUNGE = DmarcAction.MUNGE_FROM
WRAP = DmarcAction.WRAP_MESSAGE
POST = Draft.post(PLAIN)  # From: Anne Person <Anne@Example.org>
FIXED = ReplyGoesToList.EXPLICIT_HEADER


def _list(**settings: object) -> ListPolicy:
    return policy(**{"dmarc_mitigate_action": MUNGE, "display_name": "Ant"} | settings)


@pytest.mark.row("attribute: dmarc_mitigate_action")
@pytest.mark.parametrize(
    ("action", "found", "is_mitigated"),
    [
        *[(action, found, True) for action in (MUNGE, WRAP) for found in ("reject", "quarantine")],
        *[(action, found, False) for action in (MUNGE, WRAP) for found in ("none", "")],
        *[(action, "reject", False) for action in DmarcAction if action not in {MUNGE, WRAP}],
    ],
)
def test_the_policy_of_the_domain(action: DmarcAction, found: str, is_mitigated: bool) -> None:
    settings = _list(dmarc_mitigate_action=action)
    assert dmarc.is_mitigated(POST, settings, post_facts(dmarc_policy=found)) is is_mitigated


@pytest.mark.row("attribute: dmarc_mitigate_unconditionally")
@pytest.mark.parametrize("action", list(DmarcAction))
def test_unconditionally_where_there_is_something_to_do(action: DmarcAction) -> None:
    settings = _list(dmarc_mitigate_action=action, dmarc_mitigate_unconditionally=True)
    assert dmarc.is_mitigated(POST, settings, post_facts()) is (action in {MUNGE, WRAP})


@pytest.mark.row("attribute: dmarc_addresses")
@pytest.mark.parametrize(
    ("addresses", "found"),
    [
        (("anne@example.org",), True),
        (("^.*@EXAMPLE\\.org$",), True),
        (("^.*@example\\.net$", "anne@example.org"), True),
        (("^nne@",), False),
        (("example.org",), False),
        (("^(",), False),
        (("bob@example.org",), False),
    ],
)
def test_authors_that_the_list_names(addresses: tuple[str, ...], found: bool) -> None:
    settings = _list(dmarc_addresses=addresses)
    assert dmarc.concerns(POST.fields, settings, "") is found
    assert dmarc.is_mitigated(POST, settings, post_facts()) is found


def test_never_on_anonymous_lists() -> None:
    settings = _list(anonymous_list=True, dmarc_mitigate_unconditionally=True)
    assert not dmarc.is_mitigated(POST, settings, post_facts(dmarc_policy="reject"))


def _munged(*lines: str | bytes, **settings: object) -> Draft:
    return dmarc.munged(draft(*lines), _list(**settings), post_facts())


@pytest.mark.row("attribute: display_name")
def test_from_names_author_and_list_and_the_rest_stays() -> None:
    made = dmarc.munged(POST, _list(), post_facts())
    assert made.fields.text("from") == "Anne Person via Ant <ant@example.com>"
    assert made.fields.texts("reply-to") == ("Anne Person <Anne@Example.org>",)
    assert made.fields.remove("from", "reply-to").raw == POST.fields.remove("from").raw
    assert made.body is POST.body


@pytest.mark.parametrize(
    ("field", "known", "shown"),
    [
        ("From: Anne Person <anne@example.org>", "A. Member", "Anne Person via Ant"),
        ("From: anne@example.org (Anne)", "", "Anne via Ant"),
        ("From: anne@example.org", "A. Member", "A. Member via Ant"),
        ("From: anne@example.org", "", "anne via Ant"),
        ('From: "anne@example.org" <anne@example.org>', "A. Member", "A. Member via Ant"),
        ('From: "boss@bank.example" <anne@example.org>', "x@y.example", "anne via Ant"),
        ('From: "anne person"@example.org', "", "anne person via Ant"),
        ("From: =?iso-2022-jp?b?GyRCJUYlOSVIGyhC?= <anne@example.org>", "", "テスト via Ant"),
        ("From: =?iso-2022-jp?b?GyRCfGI2NhsoQg==?= <anne@example.org>", "", "髙橋 via Ant"),
        ("From: Anne <anne@example.org>, Bob <bob@example.org>", "", "Anne via Ant"),
        ("Subject: no author", "A. Member", "A. Member via Ant"),
    ],
)
def test_the_name_of_the_author(field: str, known: str, shown: str) -> None:
    facts = post_facts(senders=(sender("bob@example.org", display_name="Bob"),))
    facts = post_facts(senders=(sender(display_name=known), *facts.senders))
    made = dmarc.munged(draft(field), _list(), facts)
    name = (made.fields.text("from") or "").removesuffix(" <ant@example.com>").strip('"')
    assert name == shown


def test_nobody_at_all_leaves_the_list() -> None:
    made = dmarc.munged(draft("Subject: x"), _list(), post_facts(senders=()))
    assert made.fields.octets() == b"Subject: x\r\nFrom: Ant <ant@example.com>\r\n"


@pytest.mark.parametrize(
    ("mode", "there", "reply_to", "cc"),
    [
        (ReplyGoesToList.NO_MUNGING, (), ("a@x.example",), ()),
        (ReplyGoesToList.NO_MUNGING, ("Reply-To: b@x.example",), ("b@x.example, a@x.example",), ()),
        (ReplyGoesToList.NO_MUNGING, ("Reply-To: A@x.example",), ("A@x.example",), ()),
        (FIXED, (), (), ("a@x.example",)),
        (FIXED, ("Reply-To: ant@example.com",), ("ant@example.com",), ("a@x.example",)),
        (FIXED, ("Reply-To: A@x.example",), ("A@x.example",), ()),
        (FIXED, ("Cc: c@x.example",), (), ("c@x.example, a@x.example",)),
        (FIXED, ("Cc: A@x.example",), (), ("A@x.example",)),
    ],
)
def test_answers_still_reach_the_author(
    mode: ReplyGoesToList, there: tuple[str, ...], reply_to: tuple[str, ...], cc: tuple[str, ...]
) -> None:
    made = _munged("From: a@x.example", *there, reply_goes_to_list=mode)
    assert made.fields.texts("reply-to") == reply_to
    assert made.fields.texts("cc") == cc


def test_every_author_is_reached_and_several_from_become_one() -> None:
    made = _munged("From: a@x.example, b@x.example", "From: c@x.example", "From: A@x.example")
    assert made.fields.texts("reply-to") == ("a@x.example, b@x.example, c@x.example",)
    assert made.fields.texts("from") == ("a via Ant <ant@example.com>",)


def test_the_charset_is_that_of_the_author_else_of_the_list() -> None:
    made = _munged("From: =?ISO-2022-JP?b?GyRCJUYlOSVIGyhC?= <a@x.example>")
    assert (made.fields.first("from") or b"").startswith(b"=?iso-2022-jp?b?")
    made = _munged("From: a@x.example", display_name="蟻の会", charset="iso-2022-jp")
    assert (made.fields.first("from") or b"").startswith(b"=?iso-2022-jp?b?")


@pytest.mark.parametrize(
    "evil",
    [
        "=?utf-8?q?x=0D=0ABcc:_evil=40example.net?= <a@x.example>",
        '"x\r\n y" <a@x.example>',
        "x" * 5_000 + " <a@x.example>",
        '"a\\"><b@bank.example>,<" <a@x.example>',
    ],
)
def test_p9_no_name_adds_a_field_or_an_author(evil: str) -> None:
    for settings in ({}, {"display_name": "x\r\nBcc: evil@example.net"}):
        made = _munged(f"From: {evil}", **settings)
        fields, _ = split(made.octets())
        assert fields.names() == ("from", "reply-to")
        assert [str(one) for _, one in _addresses(fields.first("from"))] == ["ant@example.com"]
        assert len(fields.first("from") or b"") < 1_500


def _addresses(body: bytes | None) -> list[tuple[str, object]]:
    from mlcore.mail.address import parse_list

    return [*parse_list(body or b"")]


FULL = draft(
    "Received: from x by y; z", "Delivered-To: bee@example.com", "DKIM-Signature: v=1",
    "List-Id: <ant.example.com>", "List-Post: <mailto:ant@example.com>", "Precedence: list",
    "X-Mailman-Version: 1", "X-Topics: Tea", "From: Anne <anne@example.org>", "To: ant@example.com",
    "Cc: c@x.example", "Subject: [Ant] Tea", "Date: Tue, 14 Nov 2023 22:13:20 +0000",
    "Message-ID: <one@example.org>", "In-Reply-To: <zero@example.org>", "References: <zero@example.org>",
    "X-Any: thing", "MIME-Version: 1.0", "Content-Type: text/plain; charset=iso-2022-jp",
    "Auto-Submitted: no", body="テスト\r\n".encode("iso-2022-jp"),
)  # fmt: skip
OUTER = [
    "received", "delivered-to", "list-id", "list-post", "precedence", "x-mailman-version", "x-topics", "from",
    "to", "cc", "subject", "date", "in-reply-to", "references", "auto-submitted", "reply-to", "message-id",
    "mime-version", "content-type", "content-transfer-encoding",
]  # fmt: skip


def test_a_wrapped_message_holds_the_old_one() -> None:
    made = dmarc.wrapped(FULL, _list(dmarc_mitigate_action=WRAP), post_facts())
    assert list(made.fields.names()) == OUTER
    assert made.fields.text("from") == "Anne via Ant <ant@example.com>"
    assert made.fields.text("reply-to") == "Anne <anne@example.org>"
    assert made.fields.first("message-id") == f"<{ENTRY}.wrapped@example.com>".encode()
    assert made.fields.first("content-type") == b"message/rfc822"
    within = Draft.post(made.body)
    assert within.fields == FULL.fields.remove("list-id", "list-post", "x-mailman-version")
    assert within.body == FULL.body
    again = dmarc.wrapped(FULL, _list(dmarc_mitigate_action=WRAP), post_facts(entry=f"{ENTRY}.h.p"))
    assert again.octets() == made.octets()


@pytest.mark.row("attribute: dmarc_wrapped_message_text")
@pytest.mark.parametrize(("charset", "label"), [("", "utf-8"), ("iso-2022-jp", "iso-2022-jp")])
def test_a_text_of_the_list_stands_before_it(charset: str, label: str) -> None:
    settings = _list(dmarc_wrapped_message_text="蟻の会\nから\n", charset=charset)
    made = dmarc.wrapped(FULL, settings, post_facts())
    whole = parse(*split(made.octets()))
    assert whole.type == "multipart/mixed"
    notice, message = whole.children
    assert notice.text() == "蟻の会\nから\n"
    assert notice.content_type.charset == label
    assert message.type == "message/rfc822"
    assert message.children[0].fields.first("message-id") == b"<one@example.org>"


def test_p13_eight_bit_within_is_said() -> None:
    post = draft("From: a@x.example", body=b"\xe8\x9f\xbb\r\n")
    made = dmarc.wrapped(post, _list(), post_facts())
    assert made.fields.first("content-transfer-encoding") == b"8bit"
    assert made.body == post.octets()


def test_p9_fields_within_are_no_fields_without() -> None:
    post = draft("From: a@x.example", "Bcc: evil@example.net", "Subject: x")
    made = dmarc.wrapped(post, _list(dmarc_wrapped_message_text="x\r\n\r\n--b--\r\nBcc: y"), post_facts())
    assert "bcc" not in split(made.octets())[0].names()
