"""Nothing of the author in the header of a post to an anonymous list."""

import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.config.site import MailmanSettings
from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.handlers.anonymous import handler
from mlcore.mail.fields import split
from support.posts import ENTRY, PLAIN, SITE, draft, policy, render_facts, sender

KEPT = MailmanSettings(site_owner="root@example.com").anonymous_list_keep_headers
LIST = policy(anonymous_list=True, description="Ants")
OWN = (
    b"From: Ants <ant@example.com>\r\n"
    b"Reply-To: Ants <ant@example.com>\r\n"
    b"Message-ID: <" + ENTRY.encode() + b"@example.com>\r\n"
)
SECRET = "anne-secret"
TELLING = [
    "Return-Path", "Received", "X-Originating-IP", "X-Originating-Email", "X-Sender-IP", "DKIM-Signature",
    "DomainKey-Signature", "ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results",
    "Authentication-Results", "Received-SPF", "Sender", "Organization", "Organisation", "Resent-From",
    "Resent-Sender", "Resent-To", "Resent-Cc", "Resent-Message-ID", "Disposition-Notification-To",
    "Disposition-Notification-Options", "Return-Receipt-To", "User-Agent", "X-Mailer", "X-MailFrom",
    "X-Envelope-From", "Errors-To", "Autocrypt", "OpenPGP", "X-Face", "Face", "Mail-Followup-To",
    "Mail-Reply-To", "Comments", "Original-From", "Author", "Apparently-From", "Thread-Index",
    "List-Unsubscribe", "NNTP-Posting-Host", "Injection-Info", "Feedback-ID", "X-Google-Smtp-Source",
    "Content-ID", "Content-Description", "X-MS-Exchange-Organization-AuthSource", "Some-Future-Field",
]  # fmt: skip


def _facts(**more: Any) -> RenderFacts:
    site = msgspec.structs.replace(SITE, anonymous_list_keep_headers=KEPT)
    given: dict[str, Any] = {"site": site, "reverse_path": "anne@example.org"}
    return render_facts(**(given | more))


@pytest.mark.row("handler: anonymous")
@pytest.mark.row("attribute: anonymous_list")
def test_the_list_stands_for_the_author() -> None:
    made = handler(Draft.post(PLAIN), LIST, _facts())
    assert made.fields.octets() == OWN + (
        b"To: ant@example.com\r\n"
        b"Cc: cate@example.net\r\n"
        b"Subject: Tea at four\r\n"
        b"Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
        b"MIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=us-ascii\r\n"
    )
    assert made.body == b"Shall we?\r\n"


@pytest.mark.parametrize("name", TELLING)
def test_what_tells_of_the_author_goes(name: str) -> None:
    made = handler(draft("From: a@example.org", f"{name}: x\r\n {SECRET}", "Subject: x"), LIST, _facts())
    assert made.fields.octets() == OWN + b"Subject: x\r\n"


def test_what_the_message_needs_stays() -> None:
    kept = [
        "Subject: x", "Date: y", "In-Reply-To: <a@b>", "References: <a@b>\r\n <c@d>", "Keywords: k",
        "MIME-Version: 1.0", "Content-Type: text/plain", "Content-Transfer-Encoding: 7bit",
        "Auto-Submitted: auto-generated", "Delivered-To: bee@example.com",
    ]  # fmt: skip
    made = handler(draft("From: a@example.org", *kept), LIST, _facts())
    assert made.fields.octets() == OWN + "".join(f"{line}\r\n" for line in kept).encode()


def test_fields_beginning_with_x_stay_where_the_site_says_so() -> None:
    lines = [
        "X-Topics: Tea", "x-spam-score: 1", "X-MAILMAN-Rule-Hits: a", "X-Topics-Of: Anne", "X-Any: Anne",
        f"X-Spam-{'x' * 80}: Anne", "Spam-X-Spam-: Anne",
    ]  # fmt: skip
    made = handler(draft("From: a@example.org", *lines), LIST, _facts())
    assert made.fields.names()[3:] == ("x-topics", "x-spam-score", "x-mailman-rule-hits")
    bare = handler(draft("From: a@example.org", *lines), LIST, render_facts())
    assert bare.fields.octets() == OWN


@pytest.mark.parametrize("field", ["To", "Cc"])
def test_an_author_among_those_addressed_is_taken_out(field: str) -> None:
    post = draft("From: Anne <anne@example.org>", f"{field}: ant@example.com, Anne <ANNE@example.org>")
    made = handler(post, LIST, _facts())
    assert made.fields.octets() == OWN + f"{field}: ant@example.com\r\n".encode()
    alone = handler(draft("From: anne@example.org", f"{field}: anne@example.org"), LIST, _facts())
    assert alone.fields.octets() == OWN


@pytest.mark.parametrize("given", ["Reply-To: anne@home.example", "Sender: anne@home.example", "X: y"])
def test_so_are_other_addresses_of_the_author(given: str) -> None:
    """Named in the header, or known by the envelope alone."""
    post = draft("From: anne@example.org", given, "Cc: anne@home.example", "Delivered-To: anne@home.example")
    senders = (sender("anne@example.org"), sender("anne@home.example"))
    made = handler(post, LIST, _facts(senders=senders if given == "X: y" else senders[:1]))
    assert made.fields.octets() == OWN


def test_the_list_as_author_stays_addressed() -> None:
    """From of an anonymous post that comes round."""
    post = draft("From: ant@example.com", "To: ant@example.com", "Delivered-To: ant@example.com")
    made = handler(post, LIST, _facts(senders=(sender("ant@example.com"),)))
    assert made.fields.octets() == OWN + b"To: ant@example.com\r\nDelivered-To: ant@example.com\r\n"


def test_addresses_that_nobody_looks_at_go() -> None:
    crowd = ", ".join(f"u{number}@example.com" for number in range(1_000))
    post = draft("From: anne@example.org", f"To: {crowd}, anne@example.org")
    made = handler(post, LIST, _facts())
    assert b"anne" not in made.fields.octets()
    assert b"u999@example.com" in made.fields.octets()


def test_p21_marks_of_other_lists_stay() -> None:
    post = draft("Delivered-To: bee@example.com", "From: a@example.org", "Delivered-To: a@example.org")
    made = handler(post, LIST, _facts(senders=(sender("a@example.org"),)))
    assert made.fields.octets() == OWN + b"Delivered-To: bee@example.com\r\n"


def test_a_repeated_step_gives_the_same_message_id() -> None:
    later = handler(Draft.post(PLAIN), LIST, _facts(entry=f"{ENTRY}.h.p"))
    assert later.fields.octets().startswith(OWN)


def test_p8_a_list_that_promises_nothing_changes_nothing() -> None:
    post = Draft.post(PLAIN)
    assert handler(post, policy(), _facts()) is post


@pytest.mark.row("attribute: charset")
def test_the_name_stands_in_the_charset_of_the_list() -> None:
    jis = policy(anonymous_list=True, description="蟻の会", charset="iso-2022-jp")
    made = handler(Draft.post(PLAIN), jis, _facts())
    assert made.fields.first("from") == b"=?iso-2022-jp?b?GyRCNUIkTjJxGyhC?= <ant@example.com>"


@given(st.lists(st.tuples(st.sampled_from([*TELLING, "From", "Reply-To", "Message-ID"]), st.booleans())))
def test_p8_p9_whatever_comes_nothing_of_it_is_left(fields: list[tuple[str, bool]]) -> None:
    lines = [f"{name}: {SECRET}@x.example" + ("\r\n\t(Anne)" if folded else "") for name, folded in fields]
    before = draft("Subject: x", *lines)
    made = handler(before, policy(anonymous_list=True, description="x\r\nBcc: y"), _facts())
    assert SECRET.encode() not in made.fields.octets()
    assert split(made.octets())[0].names() == ("from", "reply-to", "message-id", "subject")
    assert made.body is before.body


def test_p7_thousands_of_fields_cost_little() -> None:
    before = draft("From: a@example.org", *[f"X-Spam-{number}: x" for number in range(2_000)])
    started = time.process_time()
    handler(before, LIST, _facts())
    assert time.process_time() - started < 0.5
