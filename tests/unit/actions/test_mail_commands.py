"""What commands by mail do, and what their sender is told."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import Connection, func, select

from mlcore.actions import lists, mail_commands, members
from mlcore.actions.mail_commands import Mail
from mlcore.lists import command_answers as answers
from mlcore.lists import tokens, unsubscribe
from mlcore.lists.addressing import SiteNames
from mlcore.lists.command_answers import Result, Results
from mlcore.lists.command_requests import (
    Confirm,
    Echo,
    Help,
    Join,
    Leave,
    Lists,
    Option,
    Request,
    Set,
    Show,
    Who,
    Wrong,
)
from mlcore.lists.commands import Parsed
from mlcore.lists.model import (
    DeliveryMode,
    ListPolicy,
    Member,
    Preferences,
    Role,
    RosterVisibility,
    SubscriptionPolicy,
)
from mlcore.store import (
    addresses,
    automatic,
    bans,
    command_results,
    held,
    memberships,
    preferences,
    requests,
    users,
)
from mlcore.store import lists as list_rows
from mlcore.store import members as member_rows
from mlcore.store.held import HeldPost
from mlcore.store.schema import automatic_mail
from mlcore.store.schema import notices as notices_table
from support.site import SiteInDirectory
from support.subscriptions import KEY, office, open_request, person, sent

NOW = 1_700_000_000.0
DAY_S = 86_400.0
ANT, BEE = "ant.example.com", "bee.example.com"
ANNE, EVE, OLGA = "anne@example.org", "eve@example.net", "olga@example.org"
TOKEN = "a" * 40
OPEN, CONFIRM, MODERATE, BOTH = SubscriptionPolicy


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    with SiteInDirectory(tmp_path).connection() as connection:
        for name in ("ant", "bee"):
            lists.create(connection, f"{name}@example.com", owners=[OLGA], now=NOW)
        members.add(connection, lists.find(connection, ANT), [person(f"Anne <{ANNE}>")], now=NOW)
        sent(connection)
        yield connection


class Desk:
    """One list, and mails to it; each has a name of its own unless it is given one."""

    def __init__(self, conn: Connection, list_id: str = ANT, *, most: int = 10, **changes: object) -> None:
        self.conn = conn
        self.most = most
        self.policy = msgspec.structs.replace(lists.find(conn, list_id), **changes)
        list_rows.change(conn, self.policy)
        self.office = office()

    def results(
        self,
        *requests: Request,
        sender: str = EVE,
        approved: bool | None = None,
        now: float = NOW,
        entry: str = "",
        parsed: Parsed | None = None,
    ) -> Results:
        mail = Mail(
            entry=entry or str(uuid4()),
            sender=person(sender),
            approved=approved,
            now=now,
            most=self.most,
            site=SiteNames("mailman", "noreply"),
        )
        return mail_commands.carry_out(self.conn, self.office, self.policy, mail, parsed or Parsed(requests))

    def one(self, request: Request, sender: str = EVE, *, approved: bool | None = None) -> Result:
        (result,) = self.results(request, sender=sender, approved=approved).results
        return result

    def said(self, request: Request, sender: str = EVE, *, approved: bool | None = None) -> list[str]:
        return [reason.english for reason in self.one(request, sender, approved=approved).said]

    def members(self) -> list[str]:
        return [one.address for one in members.chosen(self.conn, self.policy.list_id, [Role.MEMBER])]

    def token(self, address: str, kind: requests.Kind = "subscription") -> str:
        return self.office.token(open_request(self.conn, self.policy, address, kind))


def count(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(automatic_mail)).scalar_one()


def verify(conn: Connection, address: str) -> None:
    users.ensure(conn, address, "", NOW)
    addresses.verify(conn, address, NOW)


# -- join and leave --------------------------------------------------------------------------------------


@pytest.mark.row("command: join")
@pytest.mark.row("command: subscribe")
def test_who_wants_to_join_is_asked_and_hears_of_it_by_that_mail_alone(conn: Connection) -> None:
    desk = Desk(conn)
    results = desk.results(Join(DeliveryMode.PLAINTEXT_DIGESTS))
    assert results.results == (Result("join", results.results[0].said, due=False),)
    assert results.results[0].said[0].english == f"Confirmation email sent to {EVE}"
    assert results.answer == "none"
    assert sent(conn) == [f"confirm-join {EVE}"]
    assert open_request(conn, desk.policy, EVE).delivery_mode is DeliveryMode.PLAINTEXT_DIGESTS
    assert desk.results(Join()).answer == "none"
    assert sent(conn) == []


@pytest.mark.parametrize(("welcome", "answer"), [(True, "none"), (False, "results")])
def test_a_change_that_no_other_mail_tells_of_is_told(conn: Connection, welcome: bool, answer: str) -> None:
    verify(conn, EVE)
    desk = Desk(
        conn,
        subscription_policy=OPEN,
        unsubscription_policy=OPEN,
        send_welcome_message=welcome,
        send_goodbye_message=welcome,
    )
    results = desk.results(Join())
    assert (results.answer, results.results[0].said[0].text) == (answer, answers.SUBSCRIBED)
    assert EVE in desk.members()
    results = desk.results(Leave())
    assert (results.answer, results.results[0].said[0].text) == (answer, answers.UNSUBSCRIBED)
    assert EVE not in desk.members()
    assert sent(conn) == ([f"welcome {EVE}", f"goodbye {EVE}"] if welcome else [])


def test_outcomes_in_words(conn: Connection) -> None:
    desk = Desk(conn)
    assert desk.said(Join(), ANNE) == [answers.ALREADY_MEMBER]
    assert desk.said(Leave(), EVE) == [answers.NOT_MEMBER]
    verify(conn, EVE)
    assert Desk(conn, subscription_policy=MODERATE).said(Join()) == [answers.WAITS]
    bans.add(conn, "mallory@example.net", now=NOW)
    assert desk.said(Join(), "mallory@example.net") == [answers.BANNED]


@pytest.mark.row("command: leave")
@pytest.mark.row("command: unsubscribe")
def test_a_member_who_wants_to_leave_is_asked(conn: Connection) -> None:
    desk = Desk(conn)
    assert desk.results(Leave(), sender=ANNE).answer == "none"
    assert sent(conn) == [f"confirm-leave {ANNE}"]
    token = desk.token(ANNE, "unsubscription")
    assert desk.said(Confirm(token), ANNE) == ["Confirmed"]
    assert desk.members() == []


@pytest.mark.row("command: leave")
@pytest.mark.parametrize("sender", [ANNE, ANNE.upper()])
def test_the_address_in_a_copy_ends_the_subscription_without_a_question(
    conn: Connection, sender: str
) -> None:
    desk = Desk(conn)
    token = unsubscribe.token(KEY, ANT, ANNE, NOW - 90 * DAY_S)
    result = desk.one(Leave(token), sender)
    assert desk.members() == []
    assert sent(conn) == [f"goodbye {ANNE}"]
    assert not result.due
    assert desk.said(Leave(token), ANNE) == [answers.NOT_MEMBER]


@pytest.mark.parametrize(
    "token",
    [
        "nonsense",
        unsubscribe.token(KEY, ANT, EVE, NOW),
        unsubscribe.token(KEY, BEE, ANNE, NOW),
        unsubscribe.token(b"x" * 32, ANT, ANNE, NOW),
        unsubscribe.token(KEY, ANT, ANNE, NOW - 200 * DAY_S),
    ],
)
def test_p19_with_the_token_of_anything_else_he_is_asked(conn: Connection, token: str) -> None:
    desk = Desk(conn)
    desk.results(Leave(token), sender=ANNE)
    assert sent(conn) == [f"confirm-leave {ANNE}"]
    assert desk.members() == [ANNE]


def test_with_a_token_moderators_still_decide_where_they_have_to(conn: Connection) -> None:
    token = unsubscribe.token(KEY, ANT, ANNE, NOW)
    desk = Desk(conn, unsubscription_policy=BOTH, admin_immed_notify=False)
    assert desk.said(Leave(token), ANNE) == [answers.WAITS]
    assert desk.members() == [ANNE]


def test_a_member_who_never_confirmed_leaves_with_a_token_as_well(conn: Connection) -> None:
    member_rows.add_many(conn, ANT, [Member(address=EVE)], NOW)
    desk = Desk(conn)
    desk.results(Leave(unsubscribe.token(KEY, ANT, EVE, NOW)))
    assert EVE not in desk.members()


def test_who_writes_from_another_verified_address_of_his_leaves_with_the_one_that_is_a_member(
    conn: Connection,
) -> None:
    verify(conn, EVE)
    user = users.of_address(conn, ANNE)
    other = users.of_address(conn, EVE)
    assert user is not None
    assert other is not None
    users.absorb(conn, user.user_id, other.user_id)
    desk = Desk(conn)
    assert desk.results(Leave(), sender=EVE).answer == "none"
    assert sent(conn) == [f"confirm-leave {ANNE}"]
    assert desk.said(Set(Option.ACK, "on"), EVE) == [answers.OPTION_CHANGED]


def test_p19_an_unverified_member_is_asked_even_where_leaving_is_open(conn: Connection) -> None:
    member_rows.add_many(conn, ANT, [Member(address=EVE)], NOW)
    desk = Desk(conn, unsubscription_policy=OPEN)
    desk.results(Leave())
    assert EVE in desk.members()
    assert sent(conn) == [f"confirm-leave {EVE}"]


def test_p19_mail_in_his_name_cannot_have_a_person_welcomed_and_seen_off_all_day(conn: Connection) -> None:
    """Where joining and leaving are open, three changes a day need no question; then there is one."""
    verify(conn, EVE)
    desk = Desk(conn, subscription_policy=OPEN, unsubscription_policy=OPEN)
    for _ in range(10):
        desk.results(Join())
        desk.results(Leave())
    assert sent(conn) == [f"welcome {EVE}", f"goodbye {EVE}"] * 3 + [f"confirm-join {EVE}"]
    desk.results(Confirm(desk.token(EVE)))
    assert EVE in desk.members()
    assert sent(conn) == [f"welcome {EVE}"]
    desk.results(Leave())
    assert sent(conn) == [f"confirm-leave {EVE}"]
    desk.results(Leave(), now=NOW + DAY_S + 1)
    assert EVE not in desk.members()


def test_p19_mail_in_his_name_makes_nobody_a_member_of_all_open_lists(conn: Connection) -> None:
    verify(conn, EVE)
    for name in ("cow", "dog"):
        lists.create(conn, f"{name}@example.com", owners=[OLGA], now=NOW)
    sent(conn)
    for list_id in (ANT, BEE, "cow.example.com", "dog.example.com"):
        Desk(conn, list_id, subscription_policy=OPEN).results(Join())
    assert sent(conn) == [f"welcome {EVE}"] * 3 + [f"confirm-join {EVE}"]
    for list_id in (ANT, BEE, "cow.example.com"):
        Desk(conn, list_id, unsubscription_policy=OPEN).results(Leave())
    assert sent(conn) == [f"goodbye {EVE}"] * 3


@pytest.mark.parametrize("policy", [OPEN, MODERATE])
def test_p19_what_others_call_a_known_person_is_in_no_mail_to_him(
    conn: Connection, policy: SubscriptionPolicy
) -> None:
    users.ensure(conn, EVE, "Eve Example", NOW)
    verify(conn, EVE)
    desk = Desk(conn, subscription_policy=policy)
    desk.results(Join(), sender=f"Buy at shop.example <{EVE}>")
    if policy is MODERATE:
        request = open_request(conn, desk.policy, EVE)
        desk.office.decide(conn, desk.policy, request, "accept", "", NOW)
    (made,) = memberships.on_list(conn, ANT, Role.MEMBER, [EVE])
    assert made.display_name == "Eve Example"
    names = conn.execute(select(notices_table.c.display_name)).scalars().all()
    assert set(names) <= {"Eve Example", ""}


def test_p19_a_wave_of_commands_in_the_names_of_strangers_is_answered_a_hundred_times(
    conn: Connection,
) -> None:
    desk = Desk(conn)
    said = [desk.results(Echo(), sender=f"victim{number}@example.net").answer for number in range(105)]
    assert said == ["results"] * 100 + ["none"] * 5
    assert desk.results(Echo(), sender=ANNE).answer == "results"
    assert desk.results(Join()).results[0].said[0].text == answers.CONFIRMATION_SENT
    assert desk.results(Echo(), now=NOW + 3_601).answer == "results"


@pytest.mark.parametrize("policy", [OPEN, CONFIRM, MODERATE, BOTH])
@pytest.mark.parametrize("other", ["new@example.net", ANNE, "known@example.net", "banned@example.net"])
def test_p19_who_names_another_address_learns_nothing_about_it(
    conn: Connection, policy: SubscriptionPolicy, other: str
) -> None:
    """Neither whether it is a member nor whether it is banned; and it is asked in any case."""
    verify(conn, "known@example.net")
    bans.add(conn, "banned@example.net", now=NOW)
    desk = Desk(conn, subscription_policy=policy)
    results = desk.results(Join(address=other))
    assert results.results[0].said[0].text == answers.OTHER_ASKED
    assert not any(reason.argument for reason in results.results[0].said)
    assert results.answer == "results"
    is_asked = other in {"new@example.net", "known@example.net"}
    assert sent(conn) == ([f"confirm-join {other}"] if is_asked else [])
    assert desk.members() == [ANNE]
    if is_asked:
        assert open_request(conn, desk.policy, other).display_name == ""


def test_an_address_that_is_the_senders_is_his_own(conn: Connection) -> None:
    desk = Desk(conn)
    assert desk.results(Join(address="Eve@Example.NET")).answer == "none"
    assert sent(conn) == [f"confirm-join {EVE}"]


@pytest.mark.row("attribute: digests_enabled")
def test_a_list_without_digests_takes_no_member_for_them(conn: Connection) -> None:
    desk = Desk(conn, digests_enabled=False)
    assert desk.said(Join(DeliveryMode.MIME_DIGESTS)) == [answers.OPTION_NO_DIGESTS]
    assert sent(conn) == []


# -- confirm ---------------------------------------------------------------------------------------------


@pytest.mark.row("command: confirm")
@pytest.mark.parametrize(("welcome", "answer"), [(True, "none"), (False, "results")])
def test_a_token_makes_a_member(conn: Connection, welcome: bool, answer: str) -> None:
    desk = Desk(conn, send_welcome_message=welcome, send_goodbye_message=welcome)
    desk.results(Join())
    results = desk.results(Confirm(desk.token(EVE)), sender="eve.other@example.net")
    assert (results.results[0].said[0].english, results.answer) == ("Confirmed", answer)
    assert EVE in desk.members()
    desk.results(Leave())
    results = desk.results(Confirm(desk.token(EVE, "unsubscription")))
    assert (results.results[0].said[0].english, results.answer) == ("Confirmed", answer)
    assert EVE not in desk.members()


def test_who_has_confirmed_and_must_wait_is_told(conn: Connection) -> None:
    desk = Desk(conn, subscription_policy=BOTH)
    desk.results(Join())
    assert desk.said(Confirm(desk.token(EVE))) == [answers.WAITS]


@pytest.mark.parametrize("token", [TOKEN, "short", "", "ä" * 40])
def test_p23_a_token_that_is_none_is_told_as_such(conn: Connection, token: str) -> None:
    results = Desk(conn).results(Confirm(token))
    assert results.results[0].said[0].english == "Confirmation token did not match"
    assert results.answer == "results"


def test_p23_a_token_is_good_for_one_list(conn: Connection) -> None:
    desk = Desk(conn)
    desk.results(Join())
    assert Desk(conn, BEE).said(Confirm(desk.token(EVE))) == ["Confirmation token did not match"]
    assert desk.said(Confirm(desk.token(EVE))) == ["Confirmed"]


def hold(conn: Connection) -> int:
    post = HeldPost(
        spool="here",
        entry="e.h",
        list_id=ANT,
        sender=EVE,
        subject="offer",
        reasons=(),
        arrived_at=NOW,
        held_at=NOW,
        identity="x",
        token_hash=tokens.token_hash(TOKEN),
    )
    assert held.insert_if_absent(conn, post)
    return held.rows(conn)[0].id


@pytest.mark.row("command: confirm")
@pytest.mark.parametrize(
    ("approved", "decision", "text"),
    [
        (None, "discard", "The held message has been discarded."),
        (True, "accept", "The held message has been accepted."),
        (False, None, "Invalid Approved: password"),
    ],
)
def test_the_token_of_a_held_post_decides_about_it(
    conn: Connection, approved: bool | None, decision: str | None, text: str
) -> None:
    number = hold(conn)
    results = Desk(conn).results(Confirm(TOKEN), sender=OLGA, approved=approved)
    assert results.results[0].said[0].english == text
    assert results.decided is (decision is not None)
    post = held.by_id(conn, number)
    assert post is not None
    assert post.decision == decision


def test_a_held_post_is_decided_once_and_on_its_own_list(conn: Connection) -> None:
    hold(conn)
    assert Desk(conn, BEE).said(Confirm(TOKEN)) == ["Confirmation token did not match"]
    desk = Desk(conn)
    desk.said(Confirm(TOKEN))
    assert desk.said(Confirm(TOKEN), approved=True) == ["Confirmation token did not match"]


# -- who -------------------------------------------------------------------------------------------------


@pytest.mark.row("command: who")
@pytest.mark.row("attribute: member_roster_visibility")
@pytest.mark.parametrize(
    ("visibility", "stranger", "member", "owner"),
    [
        (RosterVisibility.PUBLIC, True, True, True),
        (RosterVisibility.MEMBERS, False, True, True),
        (RosterVisibility.MODERATORS, False, False, True),
    ],
)
def test_who_may_see_the_members(
    conn: Connection, visibility: RosterVisibility, stranger: bool, member: bool, owner: bool
) -> None:
    desk = Desk(conn, member_roster_visibility=visibility)
    for sender, allowed in ((EVE, stranger), (ANNE, member), (OLGA, owner)):
        result = desk.one(Who(), sender)
        if allowed:
            assert result.rows == (f"Anne <{ANNE}>",)
            assert [reason.english for reason in result.said] == ["Members found: 1"]
        else:
            assert result == Result("who", result.said)
            assert result.said[0].text == answers.ROSTER_CLOSED


def test_a_restricted_member_sees_nobody(conn: Connection) -> None:
    (anne,) = memberships.on_list(conn, ANT, Role.MEMBER, [ANNE])
    memberships.change(conn, anne.member_id, restricted=True)
    desk = Desk(conn, member_roster_visibility=RosterVisibility.PUBLIC)
    assert desk.said(Who(), ANNE) == [answers.ROSTER_CLOSED]


@pytest.mark.row("preference: hide_address")
def test_who_hides_is_seen_by_owners_alone(conn: Connection) -> None:
    (anne,) = memberships.on_list(conn, ANT, Role.MEMBER, [ANNE])
    preferences.set_of_member(conn, anne.member_id, Preferences(hide_address=True))
    member_rows.add_many(conn, ANT, [Member(address="bart@example.org")], NOW)
    desk = Desk(conn, member_roster_visibility=RosterVisibility.PUBLIC)
    result = desk.one(Who())
    assert result.rows == ("bart@example.org",)
    assert [reason.english for reason in result.said] == [
        "Members found: 1",
        "Members who hide their addresses: 1",
    ]
    assert len(desk.one(Who(), OLGA).rows) == 2


def test_who_takes_filters_and_cuts_a_large_roster(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [Member(address=f"m{n}@example.org", delivery_mode=DeliveryMode.MIME_DIGESTS) for n in range(4)]
    member_rows.add_many(conn, ANT, people, NOW)
    desk = Desk(conn)
    assert desk.one(Who(digest=False), OLGA).rows == (f"Anne <{ANNE}>",)
    assert desk.one(Who(enabled=False), OLGA).rows == ()
    monkeypatch.setattr(answers, "MOST_ROWS", 3)
    result = desk.one(Who(digest=True), OLGA)
    assert len(result.rows) == 3
    assert [reason.english for reason in result.said] == ["Members found: 4", "Members not shown here: 1"]


def test_all_commands_of_a_mail_share_the_lines_of_its_answer(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MOST_ROWS", 2)
    results = Desk(conn).results(Who(), Who(digest=False), Lists(), Who(enabled=True), sender=OLGA)
    assert [len(result.rows) for result in results.results] == [1, 1, 0, 0]
    assert results.results[3].said[1].english == "Members not shown here: 1"


# -- the rest --------------------------------------------------------------------------------------------


def test_only_members_have_options(conn: Connection) -> None:
    desk = Desk(conn)
    assert desk.said(Show()) == [answers.NOT_MEMBER]
    assert desk.said(Set(Option.ACK, "on")) == [answers.NOT_MEMBER]
    assert desk.said(Show(), ANNE)[0] == "ack: off (you get a note for each of your posts)"


@pytest.mark.row("command: help")
@pytest.mark.row("command: echo")
def test_what_needs_no_look(conn: Connection) -> None:
    desk = Desk(conn)
    assert desk.one(Help()) == Result("help", help=True)
    assert desk.said(Help("who")) == [answers.EXPLAINED["who"]]
    assert desk.said(Echo()) == [answers.ECHOED]
    assert desk.said(Wrong("set")) == [answers.WRONG_ARGUMENTS]


@pytest.mark.row("command: lists")
@pytest.mark.row("attribute: advertised")
def test_advertised_lists_of_the_domain(conn: Connection) -> None:
    lists.create(conn, "cat@example.org", now=NOW)
    Desk(conn, description="About ants\nSubject: x")
    Desk(conn, BEE, advertised=False)
    rows = ("ant@example.com  About ants Subject: x",)
    assert Desk(conn).one(Lists()).rows == rows
    (result,) = mail_commands.of_site(conn, "example.com", Parsed((Lists(),))).results
    assert (result.rows, result.said[0].english) == (rows, "Mailing lists at example.com:")
    (result,) = mail_commands.of_site(conn, "example.net", Parsed((Lists(),))).results
    assert result.said[0].english == "There are no advertised mailing lists at example.net."


def test_the_site_answers_what_is_about_no_list(conn: Connection) -> None:
    parsed = Parsed((Help(), Help("join"), Echo(), Join(), Wrong("set")), 1, 2, 3, other_parts=True)
    results = mail_commands.of_site(conn, "example.com", parsed)
    assert [result.said[-1].text for result in results.results] == [
        answers.EXPLAINED["end"],
        answers.EXPLAINED["join"],
        answers.ECHOED,
        answers.FOR_LISTS,
        answers.WRONG_ARGUMENTS,
    ]
    assert (results.unknown, results.ignored, results.unprocessed, results.answer) == (1, 2, 3, "results")
    assert sent(conn) == []


# -- who is answered, and how often ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "sender",
    [
        "ant@example.com",
        "bee-request@example.com",
        "Bee-Bounces+x=y@EXAMPLE.com",
        "mailman@example.com",
        "noreply@example.com",
    ],
)
def test_p18_our_own_addresses_are_not_answered_and_nothing_is_done(conn: Connection, sender: str) -> None:
    desk = Desk(conn)
    assert desk.results(Join(), Help(), sender=sender) == Results()
    assert sent(conn) == []


@pytest.mark.parametrize("sender", ["ant@example.org", "anne@example.com", "ant-x@example.com"])
def test_who_lives_beside_the_lists_is_answered(conn: Connection, sender: str) -> None:
    assert Desk(conn).results(Help(), sender=sender).answer == "results"


def test_p19_ten_answers_a_day_then_one_notice_then_silence(conn: Connection) -> None:
    verify(conn, EVE)
    desk = Desk(conn, most=10)
    said = [desk.results(Echo()).answer for _ in range(15)]
    assert said == ["results"] * 10 + ["limit"] + ["none"] * 4
    assert Desk(conn, BEE).results(Echo()).answer == "results"
    assert desk.results(Echo(), sender=ANNE).answer == "results"
    assert desk.results(Echo(), now=NOW + DAY_S + 1).answer == "results"
    assert count(conn) == 14


def test_p19_a_stranger_has_one_limit_for_all_lists(conn: Connection) -> None:
    answers_of = [
        Desk(conn, list_id, most=3).results(Echo(), entry=f"{n} {list_id}").answer
        for n in range(3)
        for list_id in (ANT, BEE)
    ]
    assert answers_of == ["results"] * 3 + ["limit", "none", "none"]


def test_no_limit(conn: Connection) -> None:
    desk = Desk(conn, most=0)
    assert {desk.results(Echo()).answer for _ in range(20)} == {"results"}
    assert count(conn) == 0


def test_spellings_of_one_mailbox_are_counted_together(conn: Connection) -> None:
    desk = Desk(conn, most=2)
    senders = ["eve+1@example.net", "Eve+2@example.net", "eve+3@example.net", "eve@example.net"]
    assert [desk.results(Echo(), sender=one).answer for one in senders] == [
        "results",
        "results",
        "limit",
        "none",
    ]


def test_beyond_the_limit_nothing_changes_unseen_but_the_way_out_stays_open(conn: Connection) -> None:
    desk = Desk(conn, most=1)
    desk.results(Echo(), sender=ANNE)
    results = desk.results(Set(Option.ACK, "on"), Leave(), Who(), sender=ANNE)
    assert [result.command for result in results.results] == ["leave"]
    assert results.answer == "none"
    assert sent(conn) == [f"confirm-leave {ANNE}"]
    assert desk.results(Set(Option.ACK, "on"), sender=ANNE).answer == "limit"
    assert desk.results(Confirm(desk.token(ANNE, "unsubscription")), sender=ANNE).answer == "none"
    assert desk.members() == []


def test_p19_joining_in_the_name_of_others_makes_one_mail_and_no_answers(conn: Connection) -> None:
    desk = Desk(conn)
    for _ in range(50):
        assert desk.results(Join()).answer == "none"
    assert sent(conn) == [f"confirm-join {EVE}"]


def test_lines_that_are_no_command_make_an_answer_only_where_there_is_no_other(conn: Connection) -> None:
    desk = Desk(conn)
    assert desk.results(parsed=Parsed((Join(),), unknown=3)).answer == "none"
    assert desk.results(parsed=Parsed(unknown=3)).answer == "results"
    assert desk.results(parsed=Parsed((Join(),), ignored=1)).answer == "results"


def test_p18_a_step_that_is_done_again_gives_the_same_and_does_nothing_twice(conn: Connection) -> None:
    desk = Desk(conn, subscription_policy=OPEN, send_welcome_message=False)
    verify(conn, EVE)
    first = desk.results(Join(), Who(), entry="e1")
    notices = sent(conn)
    assert desk.results(Join(), Who(), entry="e1", now=NOW + 5) == first
    assert sent(conn) == []
    assert notices == []
    assert automatic.count(conn, EVE, "command", NOW - 1) == 1
    command_results.forget(conn, "e1")
    assert desk.results(Join(), entry="e1").results[0].said[0].text == answers.ALREADY_MEMBER


def test_a_sender_is_answered_in_his_language(conn: Connection) -> None:
    (anne,) = memberships.on_list(conn, ANT, Role.MEMBER, [ANNE])
    preferences.set_of_member(conn, anne.member_id, Preferences(preferred_language="ja"))
    users.ensure(conn, EVE, "", NOW)
    preferences.set_of_address(conn, EVE, Preferences(preferred_language="fr"))
    desk = Desk(conn)
    results = desk.results(Help(), sender=ANNE)
    assert (results.language, results.member) == ("ja", True)
    results = desk.results(Help())
    assert (results.language, results.member) == ("fr", False)
    assert desk.results(Help(), sender="new@example.net").language == ""


def test_results_hold_nothing_of_the_list_that_is_gone(conn: Connection) -> None:
    policy: ListPolicy = Desk(conn).policy
    list_rows.remove(conn, ANT)
    mail = Mail(entry="e", sender=person(EVE), now=NOW)
    with pytest.raises(list_rows.NoSuchList):
        mail_commands.carry_out(conn, office(), policy, mail, Parsed((Echo(),)))
