"""Mail to owners and moderators."""

from typing import Any

import pytest

from mlcore.lists.notices.composition import LARGEST
from mlcore.lists.notices.letters import Person
from mlcore.lists.reasons import Reason
from mlcore.mail.address import BadAddress
from support.letters import (
    ANNE,
    ANT,
    ORIGINAL,
    OWNERS,
    TOKEN,
    WHEN,
    header,
    letter,
    message,
    text,
    writer,
)
from support.posts import policy

SITE_OWNER = "root@example.com"
OWNER = "ant-owner@example.com"


@pytest.mark.parametrize(
    ("method", "kind", "author", "subject"),
    [
        pytest.param(
            "subscribed",
            "admin-subscribe",
            SITE_OWNER,
            "Ant lovers subscription notification",
            marks=[
                pytest.mark.row("mail: subscribed"),
                pytest.mark.row("template: list:admin:notice:subscribe"),
            ],
            id="subscribed",
        ),
        pytest.param(
            "unsubscribed",
            "admin-unsubscribe",
            SITE_OWNER,
            "Ant lovers unsubscription notification",
            marks=[
                pytest.mark.row("mail: unsubscribed"),
                pytest.mark.row("template: list:admin:notice:unsubscribe"),
            ],
            id="unsubscribed",
        ),
        pytest.param(
            "request_join",
            "request-join",
            OWNER,
            "New subscription request to Ant lovers from zed@example.net",
            marks=[
                pytest.mark.row("mail: request_join"),
                pytest.mark.row("template: list:admin:action:subscribe"),
            ],
            id="request_join",
        ),
        pytest.param(
            "request_leave",
            "request-leave",
            OWNER,
            "New unsubscription request to Ant lovers from Anne@Example.org",
            marks=[
                pytest.mark.row("mail: request_leave"),
                pytest.mark.row("template: list:admin:action:unsubscribe"),
            ],
            id="request_leave",
        ),
        pytest.param(
            "held_owners",
            "held-owners",
            OWNER,
            "ant@example.com post from zed@example.net requires approval",
            marks=[pytest.mark.row("mail: held_owners"), pytest.mark.row("template: list:admin:action:post")],
            id="held_owners",
        ),
        pytest.param(
            "filtered",
            "filtered",
            SITE_OWNER,
            "Content filter message notification",
            marks=[pytest.mark.row("mail: filtered")],
            id="filtered",
        ),
        pytest.param(
            "pending",
            "pending",
            SITE_OWNER,
            "The ant@example.com list has 2 moderation requests waiting.",
            marks=[pytest.mark.row("mail: pending"), pytest.mark.row("template: list:admin:notice:pending")],
            id="pending",
        ),
    ],
)
def test_who_writes_what_to_owners(method: str, kind: str, author: str, subject: str) -> None:
    written = letter(method)
    assert (written.kind, written.list_id) == (kind, "ant.example.com")
    assert written.recipients == OWNERS
    assert written.reverse_path == "ant-bounces@example.com"
    assert header(written, "To") == OWNER
    assert header(written, "From") == author
    assert header(written, "Subject") == subject
    assert header(written, "Auto-Submitted") == "auto-generated"
    assert header(written, "Precedence") == "bulk"
    assert header(written, "X-Auto-Response-Suppress") == "All"
    assert header(written, "List-Id") == "<ant.example.com>"


@pytest.mark.row("mail: new_list")
@pytest.mark.row("template: domain:admin:notice:new-list")
def test_the_owner_of_a_new_list() -> None:
    written = letter("new_list")
    assert (written.kind, written.recipients) == ("new-list", ("Anne@Example.org",))
    assert header(written, "To") == "Anne Person <Anne@Example.org>"
    assert header(written, "From") == "noreply@example.com"
    assert header(written, "Subject") == "Your new mailing list: ant@example.com"
    assert written.reverse_path == "ant-bounces@example.com"
    for shown in ("ant@example.com", OWNER, "ant-request@example.com", "ant.example.com", SITE_OWNER):
        assert shown in text(written)


def test_without_a_site_owner_the_list_writes() -> None:
    alone = writer(site_owner="")
    for method in ("subscribed", "unsubscribed", "filtered", "pending"):
        assert header(letter(method, by=alone), "From") == OWNER
    assert OWNER in text(letter("new_list", by=alone))


@pytest.mark.parametrize("method", ["subscribed", "unsubscribed", "request_join", "request_leave"])
def test_owners_are_told_who_it_is(method: str) -> None:
    for person, shown in (
        (ANNE, "    Anne Person <Anne@Example.org>\n"),
        (Person("bart@example.org"), "    bart@example.org\n"),
    ):
        written = getattr(writer(), method)(ANT, OWNERS, person, **WHEN)
        assert shown in text(written)


def test_p19_a_name_that_a_stranger_chose_is_not_in_the_subject() -> None:
    assert "Cheap pills" in text(letter("request_join"))
    assert "pills" not in (header(letter("request_join"), "Subject") or "")


@pytest.mark.parametrize("method", ["subscribed", "held_owners", "pending"])
def test_each_owner_gets_one(method: str) -> None:
    given: dict[str, tuple[Any, ...]] = {
        "subscribed": (ANNE,),
        "held_owners": ("zed@example.net", "Tea", [], TOKEN, ORIGINAL),
        "pending": (1, "Tea"),
    }
    written = getattr(writer(), method)(ANT, (*OWNERS, OWNERS[0]), *given[method], **WHEN)
    assert written.recipients == OWNERS


# -- held posts -------------------------------------------------------------------------------------------


def parts(**more: Any) -> tuple[Any, Any, Any]:
    """Text, post and control message."""
    first, post, control = message(letter("held_owners", **more)).get_payload()
    assert [one.get_content_type() for one in (first, post, control)] == [
        "text/plain",
        "message/rfc822",
        "message/rfc822",
    ]
    return first, post.get_payload(0), control.get_payload(0)


def test_a_held_post_comes_with_itself_and_a_message_to_reply_to() -> None:
    _, post, control = parts()
    assert (post["Subject"], post.get_payload()) == ("Tea at four", "Shall we?\r\n")
    assert control["Subject"] == f"confirm {TOKEN}"
    assert control["From"] == "ant-request@example.com"
    assert control["Auto-Submitted"] == "auto-generated"
    assert control["Precedence"] is None
    said = text(letter("held_owners"))
    assert "From:     zed@example.net" in said
    assert "Subject:  Tea at four" in said
    assert "\n    Message has more than 10 recipients\n" in said


def test_a_post_can_be_accepted_by_mail_only_where_there_is_a_password() -> None:
    _, _, control = parts()
    assert "Approved:" not in str(control.get_payload())
    assert "cannot be accepted by mail" in str(control.get_payload()).replace("\r\n", " ")
    _, _, control = parts(about=policy(moderator_password="$6$x"))
    assert "\r\n    Approved: PASSWORD\r\n" in str(control.get_payload())
    assert "discards the post" in str(control.get_payload())


def test_reasons_are_wrapped_and_indented_for_owners() -> None:
    long = Reason('Header "{}" matched a header rule', "X-Very-Long " * 6)
    written = writer().held_owners(ANT, OWNERS, "", "", [long], TOKEN, ORIGINAL, **WHEN)
    reason = [line for line in text(written).split("\n") if line.startswith("    ")][3:]
    assert reason == [
        '    Header "X-Very-Long X-Very-Long X-Very-Long X-Very-Long',
        '    X-Very-Long X-Very-Long " matched a header rule',
    ]


def test_a_post_without_sender_and_subject() -> None:
    written = writer().held_owners(ANT, OWNERS, "", "", [], TOKEN, ORIGINAL, **WHEN)
    assert header(written, "Subject") == "ant@example.com post from (no sender) requires approval"
    for shown in ("From:     (no sender)", "Subject:  (no subject)", "    (no reason was given)"):
        assert shown in text(written)


def test_of_a_large_post_the_header_is_attached() -> None:
    large = ORIGINAL + b"x" * LARGEST
    for written, number in (
        (writer().held_owners(ANT, OWNERS, "z@example.net", "T", [], TOKEN, large, **WHEN), 3),
        (writer().filtered(ANT, OWNERS, large, **WHEN), 2),
    ):
        assert len(written.octets) < 8_192
        assert "too large to be attached whole" in text(written)
        found = message(written).get_payload()
        assert len(found) == number
        assert found[1].get_payload(0)["Subject"] == "Tea at four"
        assert found[1].get_payload(0).get_payload() == ""
    assert "too large" not in text(letter("held_owners"))
    assert "too large" not in text(letter("filtered"))


def test_a_post_that_holds_our_boundary_does_not_end_it() -> None:
    inside = ORIGINAL + b"--=_notice.7.1700000000000.0--\r\nstill inside\r\n"
    written = writer().held_owners(ANT, OWNERS, "z@example.net", "T", [], TOKEN, inside, **WHEN)
    _, post, control = message(written).get_payload()
    assert "still inside" in str(post.get_payload(0).get_payload())
    assert control.get_payload(0)["Subject"] == f"confirm {TOKEN}"


def test_a_post_with_8_bit_stays_as_it_is() -> None:
    inside = ORIGINAL + "お茶\r\n".encode()
    written = writer().held_owners(ANT, OWNERS, "z@example.net", "T", [], TOKEN, inside, **WHEN)
    assert header(written, "Content-Transfer-Encoding") == "8bit"
    assert inside in written.octets


# -- the others -------------------------------------------------------------------------------------------


def test_a_filtered_post_is_attached() -> None:
    said, post = message(letter("filtered")).get_payload()
    assert "content filter" in str(said.get_payload())
    assert post.get_payload(0)["Subject"] == "Tea at four"


def test_a_reminder_tells_what_waits() -> None:
    said = text(letter("pending"))
    assert "(2 in all)" in said
    assert "\nHeld Messages:\n    zed@example.net: Tea\n" in said


@pytest.mark.parametrize("method", ["request_join", "held_owners"])
def test_owners_read_the_language_of_the_list(method: str) -> None:
    japanese = text(letter(method, policy(preferred_language="ja", display_name="蟻の会")))
    assert "承認" in japanese


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(BadAddress):
        letter("subscribed", by=writer(site_owner="nobody"))
    with pytest.raises(BadAddress):
        letter("new_list", by=writer(noreply="no reply"))
