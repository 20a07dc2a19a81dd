"""Joining and leaving: every policy both ways, and what happens on the way."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, select

from mlcore.actions import lists, members
from mlcore.actions.subscriptions import Office
from mlcore.config.site import MailmanSettings
from mlcore.lists.model import (
    DeliveryMode,
    DeliveryStatus,
    Member,
    Role,
    SubscriptionPolicy,
)
from mlcore.lists.subscriptions import Lives, Outcome
from mlcore.store import addresses, bans, memberships, requests, users
from mlcore.store import lists as list_rows
from mlcore.store import members as member_rows
from mlcore.store.schema import notices as notice_table
from support.site import SiteInDirectory
from support.subscriptions import DAY_S, KEY, office, open_request, person, sent

NOW = 1_700_000_000.0
ANT = "ant.example.com"
ANNE = "Anne <Anne@example.net>"
OPEN, CONFIRM, MODERATE, BOTH = SubscriptionPolicy
V, C, A = {"verified": True}, {"confirmed": True}, {"approved": True}


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    with SiteInDirectory(tmp_path).connection() as connection:
        lists.create(connection, "ant@example.com", owners=["owner@example.com"], now=NOW)
        lists.create(connection, "bee@example.com", now=NOW)
        sent(connection)
        yield connection


class Desk:
    """An office, and one list with it."""

    def __init__(self, conn: Connection, list_id: str = ANT, /, **changes: Any) -> None:
        self.conn = conn
        self.policy = msgspec.structs.replace(lists.find(conn, list_id), **changes)
        list_rows.change(conn, self.policy)
        self.office = office()

    def join(self, line: str = ANNE, /, *, now: float = NOW, **given: Any) -> Outcome:
        return self.office.join(self.conn, self.policy, person(line), cause="e1", now=now, **given)

    def leave(self, address: str = "anne@example.net", /, *, now: float = NOW, **given: Any) -> Outcome:
        return self.office.leave(self.conn, self.policy, address, cause="e1", now=now, **given)

    def token(self, address: str = ANNE, kind: requests.Kind = "subscription") -> str:
        return self.office.token(open_request(self.conn, self.policy, address, kind))

    def confirm(self, kind: requests.Kind = "subscription", *, now: float = NOW) -> Outcome | None:
        return self.office.confirm(self.conn, self.policy, self.token(kind=kind), now)

    def accept(self, kind: requests.Kind = "subscription") -> Outcome | None:
        request = open_request(self.conn, self.policy, ANNE, kind)
        return self.office.decide(self.conn, self.policy, request, "accept", "", NOW)

    def add(self, *lines: str) -> None:
        members.add(self.conn, self.policy, map(person, lines), welcome=False, now=NOW)

    def members(self) -> list[str]:
        return [one.address for one in members.chosen(self.conn, self.policy.list_id, [Role.MEMBER])]

    def waiting(self) -> list[tuple[str, str]]:
        return [(one.kind, one.owner) for one in requests.rows(self.conn)]

    def sent(self) -> list[str]:
        return sent(self.conn)


def known(conn: Connection, address: str) -> None:
    """Anne is known from somewhere else, and has shown that the address is hers."""
    users.ensure(conn, address, "Anne", NOW)
    addresses.verify(conn, address, NOW)


def consent(desk: Desk, *steps: str) -> list[str]:
    """The outcomes of what the person (S) and then the moderator (M) say."""
    said = []
    for step in steps:
        outcome = desk.confirm() if step == "S" else desk.accept()
        said.append("" if outcome is None else str(outcome))
    return said


ASKED, WAITS, IN, OUT = (
    Outcome.CONFIRMATION_SENT,
    Outcome.WAITS_FOR_MODERATOR,
    Outcome.SUBSCRIBED,
    Outcome.UNSUBSCRIBED,
)


@pytest.mark.row("attribute: subscription_policy")
@pytest.mark.parametrize(
    ("asks", "is_known", "given", "first", "then"),
    [
        pytest.param(OPEN, True, {}, IN, (), marks=pytest.mark.row("join: open/verified")),
        pytest.param(OPEN, False, V, IN, (), marks=pytest.mark.row("join: open/verified")),
        pytest.param(OPEN, False, {}, ASKED, ("S", IN), marks=pytest.mark.row("join: open/unverified")),
        pytest.param(OPEN, False, C | A, ASKED, ("S", IN), marks=pytest.mark.row("join: open/unverified")),
        pytest.param(CONFIRM, True, {}, ASKED, ("S", IN), marks=pytest.mark.row("join: confirm/verified")),
        pytest.param(CONFIRM, True, A, ASKED, ("S", IN), marks=pytest.mark.row("join: confirm/verified")),
        pytest.param(CONFIRM, True, C, IN, (), marks=pytest.mark.row("join: confirm/verified+confirmed")),
        pytest.param(
            CONFIRM, False, V | C, IN, (), marks=pytest.mark.row("join: confirm/verified+confirmed")
        ),
        pytest.param(
            CONFIRM, False, C | A, ASKED, ("S", IN), marks=pytest.mark.row("join: confirm/unverified")
        ),
        pytest.param(MODERATE, True, {}, WAITS, ("M", IN), marks=pytest.mark.row("join: moderate/verified")),
        pytest.param(MODERATE, True, C, WAITS, ("M", IN), marks=pytest.mark.row("join: moderate/verified")),
        pytest.param(MODERATE, True, A, IN, (), marks=pytest.mark.row("join: moderate/verified+approved")),
        pytest.param(
            MODERATE,
            False,
            {},
            ASKED,
            ("S", WAITS, "M", IN),
            marks=pytest.mark.row("join: moderate/unverified"),
        ),
        pytest.param(
            MODERATE, False, A, ASKED, ("S", IN), marks=pytest.mark.row("join: moderate/unverified")
        ),
        pytest.param(
            BOTH,
            True,
            {},
            ASKED,
            ("S", WAITS, "M", IN),
            marks=pytest.mark.row("join: confirm_then_moderate/verified"),
        ),
        pytest.param(
            BOTH,
            True,
            A,
            ASKED,
            ("S", IN),
            marks=pytest.mark.row("join: confirm_then_moderate/verified"),
        ),
        pytest.param(
            BOTH,
            True,
            C,
            WAITS,
            ("M", IN),
            marks=pytest.mark.row("join: confirm_then_moderate/verified+confirmed"),
        ),
        pytest.param(
            BOTH,
            True,
            C | A,
            IN,
            (),
            marks=pytest.mark.row("join: confirm_then_moderate/verified+confirmed+approved"),
        ),
        pytest.param(
            BOTH,
            False,
            C,
            ASKED,
            ("S", WAITS, "M", IN),
            marks=pytest.mark.row("join: confirm_then_moderate/unverified"),
        ),
        pytest.param(
            BOTH,
            False,
            C | A,
            ASKED,
            ("S", IN),
            marks=pytest.mark.row("join: confirm_then_moderate/unverified"),
        ),
    ],
)
def test_joining(
    conn: Connection,
    asks: SubscriptionPolicy,
    is_known: bool,
    given: dict[str, Any],
    first: Outcome,
    then: tuple[str, ...],
) -> None:
    desk = Desk(conn, subscription_policy=asks)
    if is_known:
        known(conn, "anne@example.net")

    assert desk.join(**given) is first
    assert desk.members() == (["anne@example.net" if is_known else "Anne@example.net"] if first is IN else [])
    assert consent(desk, *then[::2]) == list(then[1::2])

    assert [one.lower() for one in desk.members()] == ["anne@example.net"]
    assert requests.rows(conn) == []
    found = addresses.get(conn, "anne@example.net")
    assert found is not None
    assert found.verified_at == NOW
    assert desk.sent()[-1] == "welcome Anne@example.net"


@pytest.mark.row("join: invitation")
@pytest.mark.parametrize("asks", list(SubscriptionPolicy))
@pytest.mark.parametrize("is_known", [True, False])
def test_who_is_invited_answers_and_is_a_member(
    conn: Connection, asks: SubscriptionPolicy, is_known: bool
) -> None:
    desk = Desk(conn, subscription_policy=asks)
    if is_known:
        known(conn, "anne@example.net")

    assert desk.join(invitation=True, **V, **C, **A) is Outcome.INVITED
    assert desk.members() == []
    assert desk.sent() == ["invite Anne@example.net"]
    assert desk.confirm() is IN
    assert len(desk.members()) == 1


@pytest.mark.row("attribute: unsubscription_policy")
@pytest.mark.parametrize(
    ("asks", "given", "first", "then"),
    [
        pytest.param(OPEN, {}, OUT, (), marks=pytest.mark.row("leave: open")),
        pytest.param(CONFIRM, {}, ASKED, ("S", OUT), marks=pytest.mark.row("leave: confirm")),
        pytest.param(CONFIRM, A, ASKED, ("S", OUT), marks=pytest.mark.row("leave: confirm")),
        pytest.param(CONFIRM, C, OUT, (), marks=pytest.mark.row("leave: confirm/confirmed")),
        pytest.param(MODERATE, {}, WAITS, ("M", OUT), marks=pytest.mark.row("leave: moderate")),
        pytest.param(MODERATE, C, WAITS, ("M", OUT), marks=pytest.mark.row("leave: moderate")),
        pytest.param(MODERATE, A, OUT, (), marks=pytest.mark.row("leave: moderate/approved")),
        pytest.param(
            BOTH, {}, ASKED, ("S", WAITS, "M", OUT), marks=pytest.mark.row("leave: confirm_then_moderate")
        ),
        pytest.param(BOTH, A, ASKED, ("S", OUT), marks=pytest.mark.row("leave: confirm_then_moderate")),
        pytest.param(
            BOTH,
            C,
            WAITS,
            ("M", OUT),
            marks=pytest.mark.row("leave: confirm_then_moderate/confirmed"),
        ),
        pytest.param(
            BOTH, C | A, OUT, (), marks=pytest.mark.row("leave: confirm_then_moderate/confirmed+approved")
        ),
    ],
)
def test_leaving(
    conn: Connection,
    asks: SubscriptionPolicy,
    given: dict[str, Any],
    first: Outcome,
    then: tuple[str, ...],
) -> None:
    desk = Desk(conn, unsubscription_policy=asks)
    desk.add(ANNE)

    assert desk.leave(**given) is first
    assert (desk.members() == []) is (first is OUT)
    for who, outcome in zip(then[::2], then[1::2], strict=True):
        said = desk.confirm("unsubscription") if who == "S" else desk.accept("unsubscription")
        assert said == outcome

    assert desk.members() == []
    assert requests.rows(conn) == []
    assert desk.sent()[-1] == "goodbye Anne@example.net"


def test_consent_of_the_member_does_not_replace_that_of_the_moderator(conn: Connection) -> None:
    """Under confirm_then_moderate a request that counted as confirmed went past the moderator elsewhere."""
    desk = Desk(conn, unsubscription_policy=BOTH)
    desk.add(ANNE)
    assert desk.leave(confirmed=True) is WAITS
    assert desk.members() == ["Anne@example.net"]
    assert desk.waiting() == [("unsubscription", "moderator")]


def test_who_wants_to_leave_twice_has_one_token(conn: Connection) -> None:
    desk = Desk(conn, unsubscription_policy=CONFIRM)
    desk.add(ANNE)
    assert desk.leave() is ASKED
    token = desk.token(kind="unsubscription")

    assert desk.leave(now=NOW + 60) is Outcome.PENDING

    assert desk.sent() == ["confirm-leave Anne@example.net"]
    assert desk.waiting() == [("unsubscription", "subscriber")]
    assert desk.office.confirm(conn, desk.policy, token, NOW) is OUT


@pytest.mark.parametrize("address", ["bart@example.net", "", "no address", "anne@@example.net"])
def test_who_is_no_member_cannot_leave(conn: Connection, address: str) -> None:
    desk = Desk(conn)
    assert desk.leave(address) is Outcome.NOT_MEMBER
    assert desk.waiting() == []
    assert desk.sent() == []


def test_owners_and_nonmembers_are_no_members(conn: Connection) -> None:
    desk = Desk(conn, unsubscription_policy=OPEN)
    assert desk.leave("owner@example.com") is Outcome.NOT_MEMBER


def test_p19_one_open_confirmation_for_each_list_and_address(conn: Connection) -> None:
    desk, bee = Desk(conn), Desk(conn, "bee.example.com")
    assert desk.join() is ASKED
    assert desk.join("ANNE@example.net") is Outcome.PENDING
    assert desk.join(invitation=True) is Outcome.PENDING
    assert bee.join() is ASKED
    assert desk.sent() == ["confirm-join Anne@example.net"] * 2
    assert len(desk.waiting()) == 2


def test_what_waits_for_a_moderator_is_not_asked_for_twice(conn: Connection) -> None:
    desk = Desk(conn, subscription_policy=MODERATE)
    assert desk.join(**V) is WAITS
    assert desk.join(**V) is Outcome.PENDING
    assert desk.sent() == ["request-join Anne@example.net"]


def test_nobody_waits_for_an_answer_that_is_not_needed_any_more(conn: Connection) -> None:
    """What is open does not keep somebody out whom the list lets in by now."""
    desk = Desk(conn, subscription_policy=CONFIRM)
    assert desk.join(**V) is ASKED
    assert desk.join(**V, **C) is IN
    assert desk.waiting() == []
    assert desk.sent() == ["welcome Anne@example.net"]  # the confirmation that was not sent yet is not sent


def test_members_added_by_others_are_not_asked_any_more(conn: Connection) -> None:
    desk = Desk(conn, subscription_policy=CONFIRM)
    desk.join()
    desk.add(ANNE)
    assert desk.waiting() == []
    desk.leave()
    members.remove(conn, desk.policy, [person(ANNE)], now=NOW)
    assert desk.waiting() == []


@pytest.mark.parametrize(
    ("policies", "given", "life"),
    [
        ({"subscription_policy": CONFIRM}, {}, 3 * DAY_S),
        ({"subscription_policy": MODERATE}, V, 180 * DAY_S),
    ],
)
def test_p23_what_is_open_ends_when_its_time_is_over(
    conn: Connection, policies: dict[str, Any], given: dict[str, Any], life: float
) -> None:
    desk = Desk(conn, **policies)
    first = desk.join(**given)
    request = open_request(conn, desk.policy, ANNE)
    assert request.expires_at == NOW + life

    assert desk.confirm(now=NOW + life) is None
    assert desk.office.decide(conn, desk.policy, request, "accept", "", NOW + life) is None
    assert desk.members() == []
    assert desk.join(now=NOW + life, **given) is first
    assert open_request(conn, desk.policy, ANNE).id != request.id


def test_the_answer_in_the_last_second_counts(conn: Connection) -> None:
    desk = Desk(conn)
    desk.join()
    assert desk.confirm(now=NOW + 3 * DAY_S - 1) is IN


def test_what_is_configured() -> None:
    settings = MailmanSettings()
    changed = Office.of(KEY, settings)
    assert changed._lives == Lives()
    assert not changed.invite_only


def test_p23_a_token_is_good_once(conn: Connection) -> None:
    desk = Desk(conn)
    desk.join()
    token = desk.token()
    assert desk.office.confirm(conn, desk.policy, token, NOW) is IN
    assert desk.office.confirm(conn, desk.policy, token, NOW) is None


def test_p23_a_token_is_good_for_its_list_alone(conn: Connection) -> None:
    desk, bee = Desk(conn), Desk(conn, "bee.example.com")
    desk.join()
    token = desk.token()
    assert bee.office.confirm(conn, bee.policy, token, NOW) is None
    assert desk.office.confirm(conn, desk.policy, token.upper(), NOW) is IN


@pytest.mark.parametrize("wrong", ["", "x" * 40, "0" * 40, "0" * 41])
def test_p23_a_wrong_token_confirms_nothing(conn: Connection, wrong: str) -> None:
    desk = Desk(conn)
    desk.join()
    assert desk.office.confirm(conn, desk.policy, wrong, NOW) is None
    assert desk.waiting() == [("subscription", "subscriber")]


def test_p23_who_has_the_database_has_no_token(conn: Connection) -> None:
    """The hash finds a row, but what a token must be comes from the key."""
    desk = Desk(conn)
    desk.join()
    request = open_request(conn, desk.policy, ANNE)
    assert desk.token() not in {request.identity, request.token_hash}
    stranger = Office(bytes(32), Lives())
    token = desk.token()
    assert stranger.confirm(conn, desk.policy, token, NOW) is None
    assert desk.office.confirm(conn, desk.policy, token, NOW) is IN


def test_p23_each_step_has_a_token_of_its_own(conn: Connection) -> None:
    """Who has confirmed cannot approve himself by sending the same again, nor by what moderators see."""
    desk = Desk(conn, subscription_policy=BOTH)
    desk.join()
    token = desk.token()
    assert desk.confirm() is WAITS
    assert desk.token() != token
    assert desk.office.confirm(conn, desk.policy, token, NOW) is None
    assert desk.confirm() is None
    assert desk.members() == []


def test_the_notice_knows_its_request(conn: Connection) -> None:
    desk = Desk(conn)
    desk.join()
    (row,) = conn.execute(select(notice_table)).all()
    assert (row.kind, row.address, row.display_name) == ("confirm-join", "Anne@example.net", "Anne")
    assert row.request == open_request(conn, desk.policy, ANNE).id
    assert row.created_at == NOW


@pytest.mark.parametrize("pattern", ["anne@example.net", "^.*@example\\.net"])
@pytest.mark.parametrize("where", [ANT, ""])
def test_the_banned_are_refused_at_once(conn: Connection, pattern: str, where: str) -> None:
    desk = Desk(conn, subscription_policy=OPEN)
    bans.add(conn, pattern, where, now=NOW)
    assert desk.join(**V) is Outcome.BANNED
    assert desk.join(invitation=True) is Outcome.BANNED
    assert (desk.members(), desk.waiting(), desk.sent()) == ([], [], [])


def test_bans_hold_when_it_comes_to_a_membership(conn: Connection) -> None:
    desk = Desk(conn, subscription_policy=CONFIRM)
    desk.join()
    bans.add(conn, "^anne@", now=NOW)
    assert desk.confirm() is Outcome.BANNED
    assert (desk.members(), desk.waiting()) == ([], [])


def test_bans_hold_when_a_moderator_accepts(conn: Connection) -> None:
    desk = Desk(conn, subscription_policy=MODERATE)
    desk.join(**V)
    bans.add(conn, "anne@example.net", ANT, now=NOW)
    assert desk.accept() is Outcome.BANNED
    assert desk.members() == []


@pytest.mark.parametrize("address", ["ant@example.com", "ant-owner@example.com", "bee-request@example.com"])
def test_lists_do_not_read_themselves(conn: Connection, address: str) -> None:
    desk = Desk(conn, subscription_policy=OPEN)
    assert desk.join(address, **V) is Outcome.OF_LIST


def test_who_is_a_member_need_not_join(conn: Connection) -> None:
    desk = Desk(conn)
    desk.add(ANNE)
    assert desk.join("anne@Example.net") is Outcome.ALREADY_MEMBER
    assert desk.sent() == []


def test_the_policy_that_holds_now_counts(conn: Connection) -> None:
    desk = Desk(conn, subscription_policy=CONFIRM)
    desk.join()
    desk.policy = msgspec.structs.replace(desk.policy, subscription_policy=MODERATE)
    assert desk.confirm() is WAITS


def test_who_left_in_another_way_has_left(conn: Connection) -> None:
    desk = Desk(conn, unsubscription_policy=CONFIRM)
    desk.add(ANNE)
    desk.leave()
    token = desk.token(kind="unsubscription")
    member_rows.remove_many(conn, ANT, ["anne@example.net"])
    assert desk.office.confirm(conn, desk.policy, token, NOW) is Outcome.NOT_MEMBER
    assert desk.waiting() == []


def test_a_moderator_ends_what_has_ended(conn: Connection) -> None:
    desk = Desk(conn, unsubscription_policy=MODERATE)
    desk.add(ANNE)
    desk.leave()
    request = open_request(conn, desk.policy, ANNE, "unsubscription")
    member_rows.remove_many(conn, ANT, ["anne@example.net"])
    assert desk.office.decide(conn, desk.policy, request, "accept", "", NOW) is Outcome.NOT_MEMBER


def test_nonmembers_become_members(conn: Connection) -> None:
    """What a list did with posts of a stranger ends when he is none any more."""
    desk, bee = Desk(conn, subscription_policy=OPEN), Desk(conn, "bee.example.com")
    for one in (desk, bee):
        nonmember = Member(address="anne@example.net", role=Role.NONMEMBER)
        member_rows.add_many(conn, one.policy.list_id, [nonmember], NOW)

    assert desk.join(**V) is IN

    assert [one.role for one in memberships.memberships_of_address(conn, "anne@example.net")] == [
        Role.MEMBER,
        Role.NONMEMBER,
    ]


@pytest.mark.parametrize("end", ["discard", "reject", "expire"])
def test_who_did_not_become_a_member_leaves_no_trace(conn: Connection, end: str) -> None:
    desk = Desk(conn, subscription_policy=BOTH)
    desk.join()
    desk.confirm()
    request = open_request(conn, desk.policy, ANNE)
    if end == "expire":
        requests.expire(conn, NOW + 200 * DAY_S, 10)
    else:
        desk.office.decide(conn, desk.policy, request, end, "no", NOW)  # type: ignore[arg-type]

    assert addresses.get(conn, "anne@example.net") is None
    assert users.of_address(conn, "anne@example.net") is None
    assert requests.rows(conn) == []


def test_an_address_that_is_known_is_verified_by_the_answer(conn: Connection) -> None:
    desk = Desk(conn, subscription_policy=MODERATE)
    users.ensure(conn, "anne@example.net", "Anne", NOW)
    desk.join()
    assert desk.confirm(now=NOW + 5) is WAITS
    found = addresses.get(conn, "anne@example.net")
    assert found is not None
    assert found.verified_at == NOW + 5


def test_a_refusal_says_why(conn: Connection) -> None:
    desk = Desk(conn, subscription_policy=MODERATE)
    desk.join(**V)
    desk.sent()
    request = open_request(conn, desk.policy, ANNE)

    assert desk.office.decide(conn, desk.policy, request, "reject", "Only staff.", NOW) is Outcome.REJECTED

    (row,) = conn.execute(select(notice_table)).all()
    assert (row.kind, row.address, row.display_name, row.detail) == (
        "refuse",
        "Anne@example.net",
        "Anne",
        "Only staff.",
    )
    assert row.request is None


def test_a_refusal_to_leave_goes_to_the_member(conn: Connection) -> None:
    desk = Desk(conn, unsubscription_policy=MODERATE)
    desk.add(ANNE)
    desk.leave()
    desk.sent()
    request = open_request(conn, desk.policy, ANNE, "unsubscription")
    assert desk.office.decide(conn, desk.policy, request, "reject", "", NOW) is Outcome.REJECTED
    assert desk.sent() == ["refuse Anne@example.net"]
    assert desk.members() == ["Anne@example.net"]


def test_nobody_is_told_of_what_is_discarded(conn: Connection) -> None:
    desk = Desk(conn, subscription_policy=MODERATE)
    desk.join(**V)
    desk.sent()
    request = open_request(conn, desk.policy, ANNE)
    assert desk.office.decide(conn, desk.policy, request, "discard", "", NOW) is Outcome.DISCARDED
    assert desk.sent() == []


def test_p19_strangers_are_not_told_of_a_refusal(conn: Connection) -> None:
    """Nobody has shown yet that the request came from there."""
    desk = Desk(conn)
    desk.join()
    request = open_request(conn, desk.policy, ANNE)
    assert desk.office.decide(conn, desk.policy, request, "reject", "no", NOW) is Outcome.REJECTED
    assert desk.sent() == []

    known(conn, "anne@example.net")
    desk.join()
    request = open_request(conn, desk.policy, ANNE)
    desk.office.decide(conn, desk.policy, request, "reject", "no", NOW)
    assert desk.sent() == ["refuse Anne@example.net"]


def test_of_two_moderators_one_decides(conn: Connection) -> None:
    desk = Desk(conn, subscription_policy=MODERATE)
    desk.join(**V)
    request = open_request(conn, desk.policy, ANNE)
    assert desk.accept() is IN
    assert desk.office.decide(conn, desk.policy, request, "reject", "", NOW) is None
    assert desk.members() == ["Anne@example.net"]


def test_a_moderator_can_answer_in_the_place_of_the_person(conn: Connection) -> None:
    """Whose mail is lost, and who has called."""
    desk = Desk(conn, subscription_policy=BOTH)
    desk.join()
    assert desk.accept() is IN


def test_nobody_answers_for_others_where_all_are_to_be_asked(conn: Connection) -> None:
    desk = Desk(conn, unsubscription_policy=CONFIRM)
    desk.office = office(invite_only=True)
    desk.join()
    assert desk.accept() is Outcome.PENDING
    assert desk.waiting() == [("subscription", "subscriber")]
    assert desk.confirm() is IN
    desk.leave()
    assert desk.accept("unsubscription") is OUT


def test_requests_are_found_by_token_and_number(conn: Connection) -> None:
    desk = Desk(conn)
    desk.join()
    request = open_request(conn, desk.policy, ANNE)
    find = desk.office.find
    assert find(conn, ANT, request.id) == find(conn, ANT, str(request.id)) == request
    assert find(conn, ANT, desk.token()) == find(conn, None, desk.token()) == request
    assert find(conn, "bee.example.com", request.id) is None
    assert find(conn, "bee.example.com", desk.token()) is None
    for nothing in ("", "x", "-1", "²", str(10**30), "0" * 40):
        assert find(conn, None, nothing) is None


def test_what_is_pending(conn: Connection) -> None:
    desk = Desk(conn)
    desk.join()
    pending = desk.office.pending
    assert pending(conn, ANT) == pending(conn, None) == [open_request(conn, desk.policy, ANNE)]
    assert pending(conn, ANT, "unsubscription") == pending(conn, ANT, None, "moderator") == []
    assert pending(conn, ANT, now=NOW + 3 * DAY_S) == []


@pytest.mark.row("attribute: admin_immed_notify")
@pytest.mark.parametrize(("wanted", "expected"), [(True, ["request-join", "request-leave"]), (False, [])])
def test_moderators_are_told_at_once(conn: Connection, wanted: bool, expected: list[str]) -> None:
    desk = Desk(conn, subscription_policy=MODERATE, unsubscription_policy=MODERATE, admin_immed_notify=wanted)
    desk.add("bart@example.net")
    assert desk.join(**V) is WAITS
    assert desk.leave("bart@example.net") is WAITS
    assert [one.partition(" ")[0] for one in desk.sent()] == expected
    assert len(desk.waiting()) == 2


def test_p19_moderators_are_not_flooded(conn: Connection) -> None:
    desk = Desk(conn, subscription_policy=MODERATE)
    for number in range(62):
        assert desk.join(f"{number}@example.net", **V) is WAITS
    assert len(desk.sent()) == 60
    assert desk.join("late@example.net", now=NOW + 3_601, **V) is WAITS
    assert desk.sent() == ["request-join late@example.net"]
    assert len(desk.waiting()) == 63


@pytest.mark.parametrize(
    ("changes", "welcome", "expected"),
    [
        ({}, None, ["welcome"]),
        ({"send_welcome_message": False}, None, []),
        ({"send_welcome_message": False}, True, ["welcome"]),
        ({}, False, []),
        ({"admin_notify_mchanges": True}, None, ["welcome", "admin-subscribe"]),
    ],
)
def test_who_is_told_of_a_new_member(
    conn: Connection, changes: dict[str, Any], welcome: bool | None, expected: list[str]
) -> None:
    desk = Desk(conn, subscription_policy=CONFIRM, **changes)
    desk.office.join(conn, desk.policy, person(ANNE), welcome=welcome, cause="e1", now=NOW)
    desk.sent()
    desk.confirm()
    assert [one.partition(" ")[0] for one in desk.sent()] == expected


@pytest.mark.parametrize(
    ("changes", "goodbye", "expected"),
    [
        ({}, None, ["goodbye"]),
        ({"send_goodbye_message": False}, None, []),
        ({"send_goodbye_message": False}, True, ["goodbye"]),
        ({}, False, []),
        ({"admin_notify_mchanges": True}, None, ["goodbye", "admin-unsubscribe"]),
    ],
)
def test_who_is_told_of_a_member_who_left(
    conn: Connection, changes: dict[str, Any], goodbye: bool | None, expected: list[str]
) -> None:
    desk = Desk(conn, unsubscription_policy=CONFIRM, **changes)
    desk.add(ANNE)
    desk.office.leave(conn, desk.policy, "anne@example.net", goodbye=goodbye, cause="e1", now=NOW)
    desk.sent()
    desk.confirm("unsubscription")
    assert [one.partition(" ")[0] for one in desk.sent()] == expected


def test_what_was_wished_holds_after_the_answer(conn: Connection) -> None:
    desk = Desk(conn)
    desk.office.join(
        conn,
        desk.policy,
        person(ANNE),
        mode=DeliveryMode.MIME_DIGESTS,
        status=DeliveryStatus.BY_USER,
        language="ja",
        cause="e1",
        now=NOW,
    )
    assert desk.confirm() is IN
    (one,) = memberships.memberships_of_address(conn, "anne@example.net")
    assert one.display_name == "Anne"
    assert one.preferences.delivery_mode is DeliveryMode.MIME_DIGESTS
    assert one.preferences.delivery_status is DeliveryStatus.BY_USER
    assert one.preferences.preferred_language == "ja"


@pytest.mark.parametrize(("name", "expected"), [(None, "Anne"), ("", ""), ("Annie", "Annie")])
def test_a_member_is_called_as_he_calls_himself(conn: Connection, name: str | None, expected: str) -> None:
    """Anybody may have written the first mail."""
    desk = Desk(conn)
    desk.join()
    assert desk.office.confirm(conn, desk.policy, desk.token(), NOW, name=name) is IN
    (one,) = memberships.memberships_of_address(conn, "anne@example.net")
    assert one.display_name == expected


def test_nothing_is_written_down_that_nobody_wished(conn: Connection) -> None:
    desk = Desk(conn)
    desk.join()
    desk.confirm()
    (one,) = memberships.memberships_of_address(conn, "anne@example.net")
    assert set(msgspec.structs.astuple(one.preferences)) == {None}
