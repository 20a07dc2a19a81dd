"""What a row of a notice comes to: whom it concerns still, in which language, with which token."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, insert, select

from mlcore.actions import members as actions
from mlcore.lists import tokens
from mlcore.lists.facts import SiteFacts
from mlcore.lists.model import (
    DeliveryMode,
    DeliveryStatus,
    Domain,
    Member,
    Preferences,
    Role,
    UnrecognizedBounces,
)
from mlcore.lists.notices import phrases
from mlcore.lists.notices.letters import Letter
from mlcore.lists.notices.writer import Writer
from mlcore.lists.reasons import Reason
from mlcore.runners.prepared import Prepared, prepare
from mlcore.runners.written import written
from mlcore.store import (
    addresses,
    bounces,
    domains,
    held,
    lists,
    members,
    memberships,
    notices,
    preferences,
    requests,
    users,
)
from mlcore.store.bounces import BounceEvent
from mlcore.store.engine import open_sync
from mlcore.store.held import HeldPost
from mlcore.store.notices import Kind
from mlcore.store.requests import Request
from mlcore.store.schema import addresses as address_table
from mlcore.store.schema import members as table
from support.letters import header, text
from support.texts import texts
from support.workshop import LIST_ID

KEY = bytes(range(32))
SITE = SiteFacts(version="0", site_owner="root@example.net")
NOW = 1_700_000_000.0
ANNE = ("anne@example.org", "Anne")
GONE = ("gone@example.org", "")
OWNERS = ("olga@example.org",)
WRITER = Writer(texts(), SITE)


@pytest.fixture
def conn(database: str) -> Iterator[Connection]:
    with open_sync(database) as connection:
        yield connection


def queue(conn: Connection, kind: Kind, *people: tuple[str, str], **more: Any) -> None:
    notices.queue(conn, kind, LIST_ID, people, NOW, **more)


def asked(conn: Connection, kind: requests.Kind = "subscription", **more: Any) -> Request:
    """Zed asks to join, or Anne to leave."""
    address = "Zed@example.net" if kind == "subscription" else "anne@example.org"
    given: dict[str, Any] = {
        "list_id": LIST_ID,
        "kind": kind,
        "owner": "subscriber",
        "address": address,
        "address_key": address.lower(),
        "identity": tokens.new_identity(),
        "token_hash": tokens.new_identity(),
        "created_at": NOW,
        "expires_at": NOW + 1,
    }
    return requests.insert(conn, Request(**(given | more)))


def prepared(conn: Connection, limit: int = 100, **site: Any) -> list[Prepared]:
    return prepare(conn, limit, msgspec.structs.replace(SITE, **site), KEY, NOW)


def only(conn: Connection, **site: Any) -> Prepared:
    (found,) = prepared(conn, **site)
    return found


def mail(one: Prepared) -> Letter:
    return written(WRITER, one)


def prefer(conn: Connection, address: str, language: str) -> None:
    addresses.ensure(conn, address, "", NOW)
    preferences.set_of_address(conn, address, Preferences(preferred_language=language))


def remove(conn: Connection, people: Iterable[str], role: Role) -> None:
    members.remove_many(conn, LIST_ID, people, role=role)


# -- to whom ----------------------------------------------------------------------------------------------


@pytest.mark.row("mail: subscribed")
@pytest.mark.row("mail: unsubscribed")
@pytest.mark.parametrize(
    ("kind", "to_owners"),
    [("new-list", False), ("goodbye", False), ("admin-subscribe", True), ("admin-unsubscribe", True)],
)
def test_each_kind_goes_to_whom_it_concerns(conn: Connection, kind: Kind, to_owners: bool) -> None:
    moderator = Member(address="mo@example.org", role=Role.MODERATOR)
    members.add_many(conn, LIST_ID, [moderator], 1.0)
    queue(conn, kind, ANNE)
    one = only(conn)
    assert one.recipients == (("olga@example.org", "mo@example.org") if to_owners else ("anne@example.org",))
    assert (mail(one).kind, mail(one).recipients) == (kind, one.recipients)


def test_a_welcome_only_to_who_still_is_a_member(conn: Connection) -> None:
    queue(conn, "welcome", GONE, ANNE)
    gone, anne = prepared(conn)
    assert (gone.recipients, gone.dropped) == ((), "no member any more")
    assert anne.recipients == ("anne@example.org",)
    assert header(mail(anne), "Subject") == 'Welcome to the "Ant" mailing list'


def test_a_welcome_to_digests_says_so(conn: Connection) -> None:
    digester = Member(address="dora@example.org", delivery_mode=DeliveryMode.MIME_DIGESTS)
    members.add_many(conn, LIST_ID, [digester], 1.0)
    queue(conn, "welcome", ("dora@example.org", "Dora"))
    assert (header(mail(only(conn)), "Subject") or "").endswith("(Digest mode)")


def test_the_membership_of_an_address_counts_before_that_of_its_user(conn: Connection) -> None:
    user = users.ensure(conn, "anne@example.org", "Anne", NOW)
    addresses.verify(conn, "anne@example.org", NOW)
    users.set_preferred(conn, user.user_id, "anne@example.org")
    remove(conn, ["anne@example.org"], Role.MEMBER)
    member_id = memberships.subscribe_user(conn, LIST_ID, user.user_id, Role.MEMBER, NOW)
    preferences.set_of_member(conn, member_id, Preferences(delivery_mode=DeliveryMode.MIME_DIGESTS))
    queue(conn, "welcome", ANNE)
    assert only(conn).digest is True
    # as an import may leave it: both
    row = conn.execute(select(table).where(table.c.member_uuid == member_id)).mappings().one()
    address = conn.execute(
        select(address_table.c.id).where(address_table.c.address_key == ANNE[0])
    ).scalar_one()
    own = {**row, "id": row["id"] + 1, "member_uuid": "x", "user": None, "address": address}
    conn.execute(insert(table), {**own, "delivery_mode": None})
    assert only(conn).digest is False


def test_a_list_without_owners_has_the_site_owner(conn: Connection) -> None:
    remove(conn, ["olga@example.org"], Role.OWNER)
    queue(conn, "admin-subscribe", ANNE)
    assert only(conn).recipients == ("root@example.net",)
    nobody = only(conn, site_owner="")
    assert (nobody.recipients, nobody.dropped) == ((), "nobody to tell")


@pytest.mark.parametrize(
    "address",
    ["ant@example.com", "ANT-owner@Example.com", "ant-bounces+x@example.com", "noreply@example.com"],
)
def test_p18_nothing_goes_to_an_address_of_this_site(conn: Connection, address: str) -> None:
    queue(conn, "goodbye", (address, ""), ("other@example.com", ""))
    members.add_many(conn, LIST_ID, [Member(address=address, role=Role.OWNER)], 1.0)
    queue(conn, "admin-subscribe", ANNE)
    ours, other, owners = prepared(conn)
    assert (ours.recipients, ours.dropped) == ((), "an address of this site, or none at all")
    assert (other.recipients, owners.recipients) == (("other@example.com",), OWNERS)


def test_p18_the_site_owner_may_live_in_a_domain_of_lists(conn: Connection) -> None:
    queue(conn, "goodbye", ("root@example.com", ""))
    assert only(conn, site_owner="root@example.com").recipients == ("root@example.com",)


def test_p18_a_site_owner_that_has_become_an_address_of_a_list_is_told_nothing(conn: Connection) -> None:
    """A configuration that says so is refused, but the list may be younger."""
    remove(conn, ["olga@example.org"], Role.OWNER)
    queue(conn, "admin-subscribe", ANNE)
    found = only(conn, site_owner="ant-owner@example.com")
    assert (found.recipients, found.dropped) == ((), "nobody to tell")


def test_what_is_no_address_is_dropped(conn: Connection) -> None:
    queue(conn, "goodbye", ("nobody", ""), ANNE)
    assert [one.recipients for one in prepared(conn)] == [(), ("anne@example.org",)]


def test_they_keep_their_order(conn: Connection) -> None:
    queue(conn, "goodbye", GONE)
    queue(conn, "new-list", ANNE)
    assert [one.row.kind for one in prepared(conn)] == ["goodbye", "new-list"]
    assert [one.row.kind for one in prepared(conn, 1)] == ["goodbye"]


def test_a_list_that_is_not_there_has_no_mail(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    queue(conn, "goodbye", ANNE, GONE)
    monkeypatch.setattr(lists, "get", lambda *_: None)
    assert prepared(conn) == []


# -- what a list wants to be told -------------------------------------------------------------------------


def come_and_go(conn: Connection, **settings: bool) -> set[str]:
    """The kinds of notices about somebody who joins a list of these settings and leaves it again."""
    policy = lists.get(conn, LIST_ID)
    assert policy is not None
    changed = msgspec.structs.replace(policy, **settings)
    lists.change(conn, changed)
    people = [people for lines in actions.read(["Zed <zed@example.net>"]) for people in lines.people]
    actions.add(conn, changed, people, now=NOW)
    kinds = {one.row.kind for one in prepared(conn) if one.recipients}
    actions.remove(conn, changed, people, now=NOW)
    return kinds | {one.row.kind for one in prepared(conn) if one.recipients}


@pytest.mark.parametrize(
    ("setting", "kinds"),
    [
        pytest.param(
            "send_welcome_message", {"welcome"}, marks=pytest.mark.row("attribute: send_welcome_message")
        ),
        pytest.param(
            "send_goodbye_message", {"goodbye"}, marks=pytest.mark.row("attribute: send_goodbye_message")
        ),
        pytest.param(
            "admin_notify_mchanges",
            {"admin-subscribe", "admin-unsubscribe"},
            marks=pytest.mark.row("attribute: admin_notify_mchanges"),
        ),
    ],
)
def test_a_list_says_which_notices_it_wants(conn: Connection, setting: str, kinds: set[str]) -> None:
    settings = dict.fromkeys(("send_welcome_message", "send_goodbye_message", "admin_notify_mchanges"), False)
    assert come_and_go(conn, **settings) == set()
    assert come_and_go(conn, **(settings | {setting: True})) == kinds


# -- requests ---------------------------------------------------------------------------------------------


@pytest.mark.row("mail: confirm_join")
@pytest.mark.row("mail: confirm_leave")
@pytest.mark.row("mail: invite")
@pytest.mark.parametrize(
    ("kind", "purpose", "person", "subject"),
    [
        ("confirm-join", "subscription", ("Zed@example.net", "Pills"), "needed to join"),
        ("invite", "subscription", ("Zed@example.net", "Pills"), "invited to join"),
        ("confirm-leave", "unsubscription", ANNE, "needed to leave"),
    ],
)
def test_a_question_has_the_token_of_its_request(
    conn: Connection, kind: Kind, purpose: requests.Kind, person: tuple[str, str], subject: str
) -> None:
    request = asked(conn, purpose)
    queue(conn, kind, person, request=request.id)
    token = tokens.token(KEY, purpose, LIST_ID, request.address_key, request.identity)
    one = only(conn)
    assert one.recipients == (person[0],)
    assert header(mail(one), "From") == f"ant-confirm+{token}@example.com"
    assert subject in (header(mail(one), "Subject") or "")


@pytest.mark.row("mail: request_join")
@pytest.mark.row("mail: request_leave")
@pytest.mark.parametrize(
    ("kind", "purpose"), [("request-join", "subscription"), ("request-leave", "unsubscription")]
)
def test_moderators_are_told_of_a_request(conn: Connection, kind: Kind, purpose: requests.Kind) -> None:
    request = asked(conn, purpose, owner="moderator")
    queue(conn, kind, (request.address, "Zed"), request=request.id)
    one = only(conn)
    assert one.recipients == OWNERS
    assert f"Zed <{request.address}>" in text(mail(one))


def test_p23_nobody_is_asked_what_is_over(conn: Connection) -> None:
    request = asked(conn, expires_at=NOW)
    queue(conn, "confirm-join", ("zed@example.net", ""), request=request.id)
    queue(conn, "invite", ("zed@example.net", ""))
    assert [(one.recipients, one.dropped) for one in prepared(conn)] == [((), "the request is over")] * 2


@pytest.mark.parametrize(("person", "shown"), [(ANNE, phrases.LEAVE_REQUEST), (GONE, phrases.JOIN_REQUEST)])
def test_a_refusal_says_what_was_asked_and_why_not(
    conn: Connection, person: tuple[str, str], shown: str
) -> None:
    queue(conn, "refuse", person, detail="We are full.")
    letter = mail(only(conn))
    assert (letter.recipients, letter.reverse_path) == ((person[0],), "")
    assert f"\n    {shown}\n" in text(letter)
    assert "\nWe are full.\n" in text(letter)


# -- reminders --------------------------------------------------------------------------------------------


def hold(conn: Connection) -> None:
    held.insert_if_absent(
        conn,
        HeldPost(
            spool="here",
            entry="one.h",
            list_id=LIST_ID,
            sender="zed@example.net",
            subject="Tea",
            reasons=(Reason("Message has more than {} recipients", "10"),),
            arrived_at=NOW,
            held_at=NOW,
            identity="1" * 40,
            token_hash="1" * 64,
        ),
    )


@pytest.mark.row("mail: pending")
def test_a_reminder_tells_what_waits_when_it_is_sent(conn: Connection) -> None:
    queue(conn, "pending", ("", ""))
    nothing = only(conn)
    assert (nothing.recipients, nothing.dropped) == ((), "nothing waits any more")
    hold(conn)
    asked(conn, owner="moderator")
    asked(conn, "unsubscription", owner="moderator")
    letter = mail(only(conn))
    assert letter.recipients == OWNERS
    assert header(letter, "Subject") == "The ant@example.com list has 3 moderation requests waiting."
    for line in (
        "User: Zed@example.net",
        "User: anne@example.org",
        "Sender: zed@example.net",
        "Subject: Tea",
    ):
        assert f"\n    {line}\n" in text(letter)
    assert "Reason: Message has more than 10 recipients" in text(letter)


# -- languages --------------------------------------------------------------------------------------------


@pytest.mark.row("preference: preferred_language")
@pytest.mark.parametrize("kind", ["welcome", "goodbye", "new-list", "refuse"])
def test_a_person_is_written_to_in_his_language(conn: Connection, kind: Kind) -> None:
    queue(conn, kind, ANNE)
    assert only(conn).person.language == ""
    prefer(conn, "anne@example.org", "ja")
    assert only(conn).person.language == "ja"
    assert "メーリングリスト" in text(mail(only(conn)))


def test_the_language_of_the_membership_comes_first(conn: Connection) -> None:
    prefer(conn, "anne@example.org", "ja")
    (member,) = memberships.on_list(conn, LIST_ID, Role.MEMBER, ["anne@example.org"])
    preferences.set_of_member(conn, member.member_id, Preferences(preferred_language="en"))
    queue(conn, "goodbye", ANNE)
    assert only(conn).person.language == "en"


def test_the_language_of_an_owner_is_that_of_his_role(conn: Connection) -> None:
    (owner,) = memberships.on_list(conn, LIST_ID, Role.OWNER, ["olga@example.org"])
    preferences.set_of_member(conn, owner.member_id, Preferences(preferred_language="ja"))
    queue(conn, "new-list", ("olga@example.org", "Olga"))
    assert only(conn).person.language == "ja"


def test_the_language_that_was_asked_for_with_a_request(conn: Connection) -> None:
    request = asked(conn, language="ja")
    queue(conn, "confirm-join", ("Zed@example.net", "Pills"), request=request.id)
    assert "参加" in (header(mail(only(conn)), "Subject") or "")
    prefer(conn, "zed@example.net", "en")
    assert only(conn).person.language == "ja"


def test_whether_a_person_is_a_member(conn: Connection) -> None:
    queue(conn, "refuse", ANNE, GONE)
    assert [one.person.member for one in prepared(conn)] == [True, False]


def test_pages_of_the_domain_are_known(conn: Connection) -> None:
    queue(conn, "goodbye", ANNE)
    assert only(conn).base_url == ""
    domains.change(conn, Domain(mail_host="example.com", base_url="https://lists.example.com"))
    assert only(conn).base_url == "https://lists.example.com"


def test_p10_a_row_made_into_mail_again_has_the_same_message_id(conn: Connection) -> None:
    queue(conn, "goodbye", ANNE)
    one = only(conn)
    assert header(mail(one), "Message-ID") == f"<notice.{one.row.number}.1700000000000@example.com>"


# -- failed deliveries ------------------------------------------------------------------------------------

CAUSE = "018bcfe56800000a1b2c3"
REPORT = b"Subject: Undelivered\r\n\r\nno such mailbox\r\n"


def failed(conn: Connection, *, proof: bool = True, **more: Any) -> int:
    """An event about Anne; its number."""
    given: dict[str, Any] = {
        "cause": CAUSE,
        "list_id": LIST_ID,
        "address": ANNE[0],
        "address_key": ANNE[0],
        "source": "report",
        "code": "5.1.1",
        "diagnostic": "550 no such mailbox",
        "proof": proof,
        "effect": "counted",
        "at": NOW,
    }
    return bounces.add_event(conn, BounceEvent(**(given | more)))


def probed(conn: Connection, event: int, life_s: float = 10 * 86_400.0) -> str:
    """A probe to Anne that follows this event; its token."""
    token = tokens.token(KEY, "probe", LIST_ID, ANNE[0], str(event))
    known = bounces.member(conn, LIST_ID, ANNE[0], NOW)
    assert known is not None
    bounces.add_probe(conn, known, tokens.token_hash(token), event, NOW, life_s=life_s)
    return token


def status(conn: Connection, wanted: DeliveryStatus | None) -> None:
    (member,) = memberships.on_list(conn, LIST_ID, Role.MEMBER, [ANNE[0]])
    preferences.set_of_member(conn, member.member_id, Preferences(delivery_status=wanted))


@pytest.mark.row("mail: bounce_increment")
@pytest.mark.row("mail: bounce_disable")
@pytest.mark.row("mail: bounce_removal")
@pytest.mark.row("mail: complaint")
@pytest.mark.parametrize("kind", ["bounce-increment", "bounce-disable", "bounce-removal", "complaint"])
def test_owners_are_told_of_failures(conn: Connection, kind: Kind) -> None:
    failed(conn)
    bounces.keep_report(conn, CAUSE, REPORT, NOW)
    queue(conn, kind, ANNE, detail=CAUSE)
    one = only(conn)
    assert one.recipients == OWNERS
    assert (mail(one).kind, mail(one).recipients) == (kind, OWNERS)
    assert (REPORT in mail(one).octets) is (kind != "bounce-removal")


def test_of_a_failure_without_a_report_it_is_told_what_the_server_said(conn: Connection) -> None:
    failed(conn, source="smtp")
    queue(conn, "bounce-disable", ANNE, detail=CAUSE)
    assert b"Status: 5.1.1\r\nAnswer of the server: 550 no such mailbox\r\n" in mail(only(conn)).octets
    assert b"message/rfc822" not in mail(only(conn)).octets


def test_a_report_that_is_not_kept_any_more_is_missing_and_no_more(conn: Connection) -> None:
    queue(conn, "bounce-increment", ANNE, detail=CAUSE)
    queue(conn, "bounce-unrecognized", ("", ""), detail=CAUSE)
    for one in prepared(conn):
        assert one.evidence is None
        assert one.recipients == OWNERS
        assert b"multipart" not in mail(one).octets


@pytest.mark.row("mail: probe")
def test_a_probe_has_the_token_of_the_event_it_follows(conn: Connection) -> None:
    token = probed(conn, failed(conn))
    bounces.keep_report(conn, CAUSE, REPORT, NOW)
    queue(conn, "probe", ANNE, detail=CAUSE)
    letter = mail(only(conn))
    assert (letter.recipients, letter.reverse_path) == ((ANNE[0],), f"ant-bounces+{token}@example.com")
    assert REPORT in letter.octets


def test_p19_a_report_that_anybody_may_have_written_is_not_carried_to_the_member(conn: Connection) -> None:
    probed(conn, failed(conn, proof=False))
    bounces.keep_report(conn, CAUSE, REPORT, NOW)
    queue(conn, "probe", ANNE, detail=CAUSE)
    octets = mail(only(conn)).octets
    assert b"no such mailbox" not in octets
    assert b"Status: 5.1.1" in octets
    # owners are shown what they have to judge
    queue(conn, "bounce-increment", ANNE, detail=CAUSE)
    assert REPORT in mail(prepared(conn)[1]).octets


def test_p19_nothing_is_shown_of_a_failure_that_nobody_knows(conn: Connection) -> None:
    probed(conn, 7)
    bounces.keep_report(conn, CAUSE, REPORT, NOW)
    queue(conn, "probe", ANNE, detail=CAUSE)
    assert only(conn).evidence is None


def test_a_probe_is_not_sent_when_it_is_over(conn: Connection) -> None:
    event = failed(conn)
    queue(conn, "probe", ANNE, GONE, detail=CAUSE)
    assert [one.dropped for one in prepared(conn)] == ["the probe is over", "no member any more"]
    probed(conn, event, life_s=0.0)
    assert [one.recipients for one in prepared(conn)] == [(), ()]


@pytest.mark.row("mail: bounce_warning")
def test_a_warning_goes_to_whom_bounces_have_disabled_and_to_no_other(conn: Connection) -> None:
    queue(conn, "bounce-warning", ANNE, GONE)
    disabled = "bounces do not disable delivery any more"
    assert [(one.recipients, one.dropped) for one in prepared(conn)] == [
        ((), disabled),
        ((), "no member any more"),
    ]
    status(conn, DeliveryStatus.BY_BOUNCES)
    anne, _ = prepared(conn)
    assert (anne.recipients, mail(anne).kind) == ((ANNE[0],), "bounce-warning")
    status(conn, DeliveryStatus.BY_USER)
    assert [one.recipients for one in prepared(conn)] == [(), ()]


@pytest.mark.row("mail: bounce_unrecognized")
@pytest.mark.row("attribute: forward_unrecognized_bounces_to")
@pytest.mark.parametrize(
    ("wanted", "site_owner", "recipients"),
    [
        (UnrecognizedBounces.ADMINISTRATORS, "root@example.net", OWNERS),
        (UnrecognizedBounces.SITE_OWNER, "root@example.net", ("root@example.net",)),
        (UnrecognizedBounces.SITE_OWNER, "", ()),
        (UnrecognizedBounces.SITE_OWNER, "ant-owner@example.com", ()),
        (UnrecognizedBounces.DISCARD, "root@example.net", ()),
    ],
)
def test_who_gets_what_nobody_understands(
    conn: Connection, wanted: UnrecognizedBounces, site_owner: str, recipients: tuple[str, ...]
) -> None:
    policy = lists.get(conn, LIST_ID)
    assert policy is not None
    lists.change(conn, msgspec.structs.replace(policy, forward_unrecognized_bounces_to=wanted))
    bounces.keep_report(conn, CAUSE, REPORT, NOW)
    queue(conn, "bounce-unrecognized", ("", ""), detail=CAUSE)
    one = only(conn, site_owner=site_owner)
    assert one.recipients == recipients
    if recipients:
        assert REPORT in mail(one).octets


def test_a_complaint_of_whom_nobody_knows(conn: Connection) -> None:
    bounces.keep_report(conn, CAUSE, REPORT, NOW)
    queue(conn, "complaint", ("", ""), detail=CAUSE)
    assert REPORT in mail(only(conn)).octets
    assert "nobody in particular" in text(mail(only(conn)))
