"""Mail to members, to those who want to be members, and to authors: who writes what to whom, and how it is
marked."""

from typing import Any

import pytest

from mlcore.lists.notices import phrases
from mlcore.lists.notices.composition import LARGEST
from mlcore.lists.notices.letters import Answered, Person
from mlcore.lists.reasons import Reason
from mlcore.mail.address import BadAddress
from mlcore.mail.fields import split
from support.letters import (
    ANNE,
    ANT,
    IDENTITY,
    ORIGINAL,
    STRANGER,
    TOKEN,
    WHEN,
    header,
    letter,
    message,
    text,
    writer,
)
from support.posts import policy

CONFIRM = f"ant-confirm+{TOKEN}@example.com"
ANSWERS = (
    "held_author",
    "no_more_today",
    "rejected",
    "refused",
    "acknowledged",
    "results",
    "autoresponse",
)
QUESTIONS = ("confirm_join", "confirm_leave", "invite")


@pytest.mark.parametrize(
    ("method", "kind", "to", "author", "subject"),
    [
        pytest.param(
            "welcome",
            "welcome",
            "Anne Person <Anne@Example.org>",
            "ant-request@example.com",
            'Welcome to the "Ant lovers" mailing list',
            marks=[pytest.mark.row("mail: welcome"), pytest.mark.row("template: list:user:notice:welcome")],
            id="welcome",
        ),
        pytest.param(
            "goodbye",
            "goodbye",
            "Anne Person <Anne@Example.org>",
            "ant-bounces@example.com",
            "You have been unsubscribed from the Ant lovers mailing list",
            marks=[pytest.mark.row("mail: goodbye"), pytest.mark.row("template: list:user:notice:goodbye")],
            id="goodbye",
        ),
        pytest.param(
            "confirm_join",
            "confirm-join",
            "zed@example.net",
            CONFIRM,
            "Your confirmation is needed to join the ant@example.com mailing list.",
            marks=[
                pytest.mark.row("mail: confirm_join"),
                pytest.mark.row("template: list:user:action:subscribe"),
            ],
            id="confirm_join",
        ),
        pytest.param(
            "confirm_leave",
            "confirm-leave",
            "Anne@Example.org",
            CONFIRM,
            "Your confirmation is needed to leave the ant@example.com mailing list.",
            marks=[
                pytest.mark.row("mail: confirm_leave"),
                pytest.mark.row("template: list:user:action:unsubscribe"),
            ],
            id="confirm_leave",
        ),
        pytest.param(
            "invite",
            "invite",
            "zed@example.net",
            CONFIRM,
            "You have been invited to join the ant@example.com mailing list.",
            marks=[pytest.mark.row("mail: invite"), pytest.mark.row("template: list:user:action:invite")],
            id="invite",
        ),
        pytest.param(
            "held_author",
            "held-author",
            "Anne@Example.org",
            "ant-bounces@example.com",
            "Your message to ant@example.com awaits moderator approval",
            marks=[pytest.mark.row("mail: held_author"), pytest.mark.row("template: list:user:notice:hold")],
            id="held_author",
        ),
        pytest.param(
            "no_more_today",
            "no-more-today",
            "Anne@Example.org",
            "ant-owner@example.com",
            "Last autoresponse notification for today",
            marks=[
                pytest.mark.row("mail: no_more_today"),
                pytest.mark.row("template: list:user:notice:no-more-today"),
            ],
            id="no_more_today",
        ),
        pytest.param(
            "rejected",
            "rejected",
            "Anne@Example.org",
            "ant-owner@example.com",
            "Tea at four",
            marks=[pytest.mark.row("mail: rejected"), pytest.mark.row("template: list:user:notice:rejected")],
            id="rejected",
        ),
        pytest.param(
            "refused",
            "refused",
            "Anne@Example.org",
            "ant-bounces@example.com",
            'Request to mailing list "Ant lovers" rejected',
            marks=[pytest.mark.row("mail: refused"), pytest.mark.row("template: list:user:notice:refuse")],
            id="refused",
        ),
        pytest.param(
            "acknowledged",
            "acknowledged",
            "Anne@Example.org",
            "ant-bounces@example.com",
            "Ant lovers post acknowledgment",
            marks=[pytest.mark.row("mail: acknowledged"), pytest.mark.row("template: list:user:notice:post")],
            id="acknowledged",
        ),
        pytest.param(
            "forwarded",
            "forwarded",
            "kim@example.org",
            "ant-bounces@example.com",
            "Forward of moderated message",
            marks=[pytest.mark.row("mail: forwarded")],
            id="forwarded",
        ),
        pytest.param(
            "results",
            "results",
            "Anne@Example.org",
            "ant-bounces@example.com",
            "The results of your email commands",
            marks=[pytest.mark.row("mail: results")],
            id="results",
        ),
    ],
)
def test_who_writes_what_to_whom(method: str, kind: str, to: str, author: str, subject: str) -> None:
    written = letter(method)
    found = message(written)
    assert (written.kind, written.list_id) == (kind, "ant.example.com")
    assert written.recipients == (to.rpartition("<")[2].rstrip(">"),)
    assert header(written, "To") == to
    assert header(written, "From") == author
    assert header(written, "Subject") == subject
    assert found["Date"] == "Tue, 14 Nov 2023 22:13:20 +0000"
    assert found["Message-ID"] == f"<{IDENTITY}@example.com>"
    assert found["MIME-Version"] == "1.0"
    assert found["List-Id"] == "<ant.example.com>"
    assert found["List-Post"] is None


@pytest.mark.row("field: Auto-Submitted")
@pytest.mark.parametrize("method", ANSWERS)
def test_p18_an_answer_has_the_null_sender_and_says_that_it_is_one(method: str) -> None:
    written = letter(method)
    assert written.reverse_path == ""
    assert header(written, "Auto-Submitted") == "auto-replied"
    assert header(written, "Precedence") == "bulk"
    assert header(written, "X-Auto-Response-Suppress") == "All"


@pytest.mark.row("field: Auto-Submitted")
@pytest.mark.row("field: X-No-Archive")
@pytest.mark.parametrize("method", ["welcome", "goodbye", "forwarded"])
def test_p18_news_say_that_a_program_wrote_them(method: str) -> None:
    written = letter(method)
    assert written.reverse_path == "ant-bounces@example.com"
    assert header(written, "Auto-Submitted") == "auto-generated"
    assert header(written, "Precedence") == "bulk"
    assert header(written, "X-Auto-Response-Suppress") == "All"
    assert header(written, "X-No-Archive") == ("yes" if method == "welcome" else None)


@pytest.mark.row("field: Auto-Submitted")
@pytest.mark.parametrize("method", QUESTIONS)
def test_p18_a_question_is_no_bulk_mail(method: str) -> None:
    written = letter(method)
    assert written.reverse_path == "ant-bounces@example.com"
    assert header(written, "Auto-Submitted") == "auto-generated"
    assert header(written, "Precedence") is None
    assert header(written, "X-Auto-Response-Suppress") == "All"


# -- memberships ------------------------------------------------------------------------------------------


def test_a_welcome_to_digests_says_so() -> None:
    digest = writer().welcome(ANT, ANNE, digest=True, **WHEN)
    assert header(digest, "Subject") == 'Welcome to the "Ant lovers" mailing list (Digest mode)'
    assert "collected in digests" in text(digest)
    assert "collected in digests" not in text(letter("welcome"))
    japanese = writer().welcome(ANT, Person("a@example.org", "", "ja"), digest=True, **WHEN)
    assert header(japanese, "Subject") == "メーリングリスト「Ant lovers」へようこそ（ダイジェスト）"


def test_a_welcome_tells_where_to_post_if_one_may() -> None:
    assert "\n    ant@example.com\n" in text(letter("welcome"))
    announces = text(letter("welcome", policy(allow_list_posts=False)))
    assert "\n    ant@example.com\n" not in announces
    assert "only sends news" in announces


@pytest.mark.parametrize("method", QUESTIONS)
def test_p19_a_question_holds_nothing_that_a_stranger_wrote(method: str) -> None:
    asked = Person("zed@example.net", "Buy pills at http://evil.example", member=method == "confirm_leave")
    written = getattr(writer(), method)(ANT, asked, TOKEN, **WHEN)
    assert b"evil" not in written.octets
    assert b"pills" not in written.octets
    assert "    zed@example.net" in text(written) or "Address:       zed@example.net" in text(written)


@pytest.mark.parametrize("method", QUESTIONS)
@pytest.mark.parametrize(
    ("language", "what_to_do", "otherwise"),
    [
        ("en", "reply to this message", "do nothing"),
        ("ja", "このメールに返信してください", "何もする必要はありません"),
    ],
)
def test_a_question_says_what_to_do_and_what_happens_otherwise(
    method: str, language: str, what_to_do: str, otherwise: str
) -> None:
    said = text(letter(method, policy(preferred_language=language)))
    flat = said.replace("\n", " " if language == "en" else "")
    assert what_to_do in flat
    assert otherwise in flat
    assert "http" not in said
    assert TOKEN not in said


def test_a_reply_to_a_question_needs_no_editing() -> None:
    """It goes to -confirm+TOKEN, or keeps the subject `confirm TOKEN` on its way to -request."""
    assert header(letter("confirm_join"), "From") == CONFIRM
    plain = letter("confirm_join", by=writer(verp_confirmations=False))
    assert header(plain, "From") == "ant-request@example.com"
    assert header(plain, "Subject") == f"confirm {TOKEN}"
    other = letter("confirm_join", by=writer(delimiter="="))
    assert header(other, "From") == f"ant-confirm={TOKEN}@example.com"


def test_no_local_part_is_longer_than_mail_allows() -> None:
    """RFC 5321 4.5.3.1.1: 64 octets. The list's name leaves no room for the token in these."""
    longest = policy(list_name="a" * 15)
    assert header(letter("invite", longest), "From") == f"{'a' * 15}-confirm+{TOKEN}@example.com"
    too_long = policy(list_name="a" * 16)
    assert header(letter("invite", too_long), "From") == f"{'a' * 16}-request@example.com"
    assert header(letter("invite", too_long), "Subject") == f"confirm {TOKEN}"


# -- messages ---------------------------------------------------------------------------------------------


def test_reasons_are_wrapped_and_indented_for_authors() -> None:
    long = Reason("The sender is in the nonmember {} list", "discard " + "and so on " * 8)
    held = text(writer().held_author(ANT, ANNE, "Tea", [long, Reason("Message has no subject")], **WHEN))
    lines = [line for line in held.split("\n") if line.startswith("    ")][1:]
    assert lines[:2] == [
        "    The sender is in the nonmember discard and so on and so on and so",
        "    on and so on and so on and so on and so on and so on list",
    ]
    assert lines[2] == "    Message has no subject"
    assert max(map(len, lines)) <= 70
    assert "    (no reason was given)" in text(writer().held_author(ANT, ANNE, "Tea", [], **WHEN))


def test_p19_only_a_member_is_shown_his_subject() -> None:
    assert "Subject:  Tea at four" in text(letter("held_author"))
    stranger = writer().held_author(ANT, STRANGER, "Cheap pills", [], **WHEN)
    assert b"pills" not in stranger.octets
    assert "(the subject is not repeated here)" in text(stranger)
    assert "Subject:  (no subject)" in text(writer().held_author(ANT, ANNE, " ", [], **WHEN))


def test_a_member_gets_his_rejected_message_back() -> None:
    rejected = letter("rejected")
    assert 'mailing list "Ant lovers"' in text(rejected)
    assert "    Message has more than 10 recipients\n" in text(rejected)
    (_, attached) = message(rejected).get_payload()
    assert attached.get_content_type() == "message/rfc822"
    assert attached.get_payload(0)["Subject"] == "Tea at four"
    assert header(writer().rejected(ANT, ANNE, "", [], "", ORIGINAL, **WHEN), "Subject") == "(no subject)"


def test_p19_a_stranger_does_not_get_his_rejected_message_back() -> None:
    """He may not have written it. What it was he can tell by the Message-ID alone."""
    rejected = writer().rejected(ANT, STRANGER, "Tea at four", [], "", ORIGINAL, **WHEN)
    assert message(rejected).get_content_type() == "text/plain"
    assert b"Tea at four" not in rejected.octets
    assert b"Shall we" not in rejected.octets
    assert header(rejected, "Subject") == "Your message to ant@example.com was not accepted"
    assert header(rejected, "In-Reply-To") == "<one@example.org>"


def test_a_list_may_say_in_its_own_words_why_it_rejects() -> None:
    own = "Please use another address.\n\nOurs is strict, " + "very " * 20 + "strict.\x1b[31m"
    said = text(writer().rejected(ANT, ANNE, "Tea", [Reason("DMARC moderation")], own, ORIGINAL, **WHEN))
    assert "\n    Please use another address.\n\n    Ours is strict, very" in said
    assert "DMARC moderation" not in said
    assert "\x1b" not in said
    assert max(map(len, said.split("\n"))) <= 70


def test_a_large_rejected_message_comes_back_as_its_header() -> None:
    large = ORIGINAL + b"x" * 70 * LARGEST
    rejected = writer().rejected(ANT, ANNE, "Tea", [], "", large, **WHEN)
    assert len(rejected.octets) < 4_096
    assert "too large to be attached whole" in text(rejected)
    (_, attached) = message(rejected).get_payload()
    assert attached.get_payload(0)["Subject"] == "Tea at four"


@pytest.mark.parametrize(
    ("asked", "member", "shown"),
    [
        (phrases.POST_REQUEST_TITLED, True, 'Posting of your message titled "Tea"'),
        (phrases.POST_REQUEST_TITLED, False, "Posting of your message"),
        (phrases.JOIN_REQUEST, False, "Subscription request"),
        ("Something else", True, "Something else"),
    ],
)
def test_a_refusal_says_what_was_refused_and_why(asked: str, member: bool, shown: str) -> None:
    person = Person("anne@example.org", member=member)
    why = "We are full.\n\nTry again in May. " + "And again. " * 10
    said = text(writer().refused(ANT, person, asked, why, subject="Tea", **WHEN))
    assert f"\n    {shown}\n" in said
    assert "\nWe are full.\n\nTry again in May. And again." in said
    assert max(map(len, said.split("\n"))) <= 70
    silent = text(writer().refused(ANT, person, asked, " ", subject="Tea", **WHEN))
    assert "(no reason was given)" in silent


def test_an_acknowledgment_names_the_post() -> None:
    assert "    Subject:  Tea at four\n" in text(letter("acknowledged"))
    assert "    Subject:  (no subject)\n" in text(writer().acknowledged(ANT, ANNE, "", **WHEN))


def test_a_forwarded_post_is_whole_however_large_and_goes_to_each_once() -> None:
    large = ORIGINAL + b"x" * 70 + b"\r\n" + b"y" * LARGEST + b"\r\n"
    to = ["kim@example.org", "lee@example.org", "kim@example.org"]
    forwarded = writer().forwarded(ANT, to, large, **WHEN)
    assert forwarded.recipients == ("kim@example.org", "lee@example.org")
    assert header(forwarded, "To") == "kim@example.org, lee@example.org"
    found = message(forwarded)
    assert found.get_content_type() == "message/rfc822"
    assert forwarded.octets.endswith(b"\r\n\r\n" + large)


@pytest.mark.parametrize("reference", ["<one@example.org>", "<a.b-c!d@mx-1.example>"])
def test_an_answer_refers_to_what_it_answers(reference: str) -> None:
    answered = Answered(message_id=reference)
    for method, given in (
        ("held_author", ("Tea", [])),
        ("no_more_today", (10,)),
        ("refused", ("Subscription request", "")),
        ("acknowledged", ("Tea",)),
    ):
        written = getattr(writer(), method)(ANT, ANNE, *given, answered=answered, **WHEN)
        assert header(written, "In-Reply-To") == reference
        assert header(written, "References") == reference


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "one@example.org",
        "<one example.org>",
        "<buy@pills> <now@example>",
        "<" + "x" * 200 + "@example.org>",
        "<x@example.org>\r\nBcc: evil@example.net",
    ],
)
def test_p9_p19_an_answer_refers_to_nothing_that_is_no_plain_message_id(reference: str) -> None:
    written = writer().results(ANT, ANNE, "example.com", Answered(message_id=reference), "- Done.", **WHEN)
    assert header(written, "In-Reply-To") is None
    assert header(written, "References") is None


def test_results_are_what_the_commands_gave() -> None:
    body = "- Results:\n\n    join\n        Confirmed\n\n- Done.\n"
    written = writer().results(ANT, ANNE, "example.com", Answered(), body, **WHEN)
    assert text(written) == body
    roster = "\n".join(f"    u{number}@example.org" for number in range(1_000))
    assert text(writer().results(ANT, ANNE, "example.com", Answered(), roster, **WHEN)).count("\n") == 1_000


def test_results_of_commands_to_the_site() -> None:
    person = Person("anne@example.org", "", "ja")
    written = writer().results(None, person, "lists.example", Answered(), "- Done.", **WHEN)
    assert (written.reverse_path, written.list_id) == ("", "")
    assert header(written, "From") == "noreply@lists.example"
    assert header(written, "Message-ID") == f"<{IDENTITY}@lists.example>"
    assert header(written, "Subject") == "メールコマンドの実行結果"
    assert header(written, "List-Id") is None
    english = writer().results(None, ANNE, "lists.example", Answered(), "- Done.", **WHEN)
    assert header(english, "Subject") == "The results of your email commands"


@pytest.mark.parametrize("method", ["welcome", "goodbye", "confirm_join", "held_author", "results"])
def test_what_is_no_address_is_refused(method: str) -> None:
    given: dict[str, tuple[Any, ...]] = {
        "confirm_join": (TOKEN,),
        "held_author": ("Tea", []),
        "results": ("example.com", Answered(), ""),
    }
    with pytest.raises(BadAddress):
        getattr(writer(), method)(ANT, Person("nobody"), *given.get(method, ()), **WHEN)


def test_the_same_mail_made_again_is_the_same() -> None:
    assert letter("rejected") == letter("rejected")
    assert split(letter("welcome").octets) == split(letter("welcome").octets)
