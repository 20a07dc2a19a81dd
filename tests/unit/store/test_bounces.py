"""Failures as rows: events, reports, scores, probes, and what is forgotten in time."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, event, select, text
from sqlalchemy.exc import IntegrityError

from mlcore.lists import tokens
from mlcore.lists.bounces import BounceState
from mlcore.lists.model import DeliveryMode, DeliveryStatus, Member, Preferences, Role
from mlcore.store import (
    addresses,
    bounces,
    failures,
    lists,
    members,
    memberships,
    numbers,
    preferences,
    users,
)
from mlcore.store.bounces import BounceEvent, BounceMember
from mlcore.store.failures import DeliveryFailure
from mlcore.store.schema import bounce_events, bounce_reports, delivery_failures, probes
from mlcore.store.schema import members as member_table

ANT = "ant.example.com"
ANNE, BART = "anne@example.org", "bart@example.org"
DAY = 86_400.0
NOON = 20_000 * DAY + DAY / 2
EVENT = BounceEvent(
    cause="r1",
    number=2,
    list_id=ANT,
    address="Anne@example.org",
    address_key=ANNE,
    source="report",
    format="rfc3464",
    proof=True,
    code="5.1.1",
    diagnostic="550 5.1.1 no such user",
    message_id="r@example.net",
    effect="counted",
    score=3,
    at=NOON,
)
FAILURE = DeliveryFailure(
    entry="e1.o", number=0, list_id=ANT, address=ANNE, code=550, enhanced="", text="no", policy=False, at=NOON
)


def known(conn: Connection, address: str = ANNE, now: float = NOON) -> BounceMember:
    found = bounces.member(conn, ANT, address, now)
    assert found is not None
    return found


@pytest.fixture
def anne(conn: Connection) -> BounceMember:
    members.add_many(conn, ANT, [Member(address="Anne@example.org", display_name="Anne")], 1.0)
    return known(conn)


def roster_version(conn: Connection) -> int:
    found = members.roster_version(conn, ANT)
    assert found is not None
    return found[2]


# -- events and reports ------------------------------------------------------------------------------------


def test_every_column_of_an_event_comes_back(conn: Connection) -> None:
    assert not bounces.is_known(conn, "r1")
    bounces.add_event(conn, EVENT)
    assert bounces.is_known(conn, "r1")
    assert bounces.events(conn, ANNE) == [EVENT]
    assert bounces.events(conn, BART) == []


def test_events_are_found_by_list_too(conn: Connection) -> None:
    other = msgspec.structs.replace(EVENT, cause="r2", list_id="bee.example.com")
    bounces.add_event(conn, EVENT)
    bounces.add_event(conn, other)
    assert bounces.events(conn, ANNE) == [EVENT, other]
    assert bounces.events(conn, ANNE, list_id=ANT) == [EVENT]


def test_one_cause_and_number_is_one_event(conn: Connection) -> None:
    bounces.add_event(conn, EVENT)
    bounces.add_event(conn, msgspec.structs.replace(EVENT, number=3))
    with pytest.raises(IntegrityError), conn.begin_nested():
        bounces.add_event(conn, EVENT)


def test_a_code_of_any_length_has_room(conn: Connection) -> None:
    bounces.add_event(conn, msgspec.structs.replace(EVENT, code="5.1.1" * 10))
    assert bounces.events(conn, ANNE)[0].code == "5.1.15.1.15.1.15"


def test_the_beginning_of_a_report_is_kept_once(conn: Connection) -> None:
    bounces.keep_report(conn, "r1", b"x" * 100_000, NOON)
    bounces.keep_report(conn, "r1", b"another", NOON)
    assert bounces.report(conn, "r1") == b"x" * 65_536
    assert bounces.report(conn, "r2") is None


# -- members -----------------------------------------------------------------------------------------------


def test_a_member_as_failures_concern_him(conn: Connection, anne: BounceMember) -> None:
    assert anne == BounceMember(
        row=anne.row,
        list_row=anne.list_row,
        address="Anne@example.org",
        key=ANNE,
        display_name="Anne",
        last_bounce_post=None,
        post_id=1,
        state=BounceState(),
    )
    assert bounces.member(conn, ANT, BART, NOON) is None
    assert bounces.member(conn, "bee.example.com", ANNE, NOON) is None


@pytest.mark.parametrize("role", [Role.OWNER, Role.MODERATOR, Role.NONMEMBER])
def test_only_members_are_counted(conn: Connection, role: Role) -> None:
    members.add_many(conn, ANT, [Member(address=BART, role=role)], 1.0)
    assert bounces.member(conn, ANT, BART, NOON) is None
    assert bounces.which_are_members(conn, ANT, [BART]) == frozenset()


def test_digests_and_a_switched_off_delivery_tell_nothing_of_single_posts(conn: Connection) -> None:
    digest = Member(address=ANNE, delivery_mode=DeliveryMode.MIME_DIGESTS)
    off = Member(address=BART, delivery_status=DeliveryStatus.BY_USER)
    members.add_many(conn, ANT, [digest, off], 1.0)
    assert not known(conn, ANNE).state.regular
    assert known(conn, BART).state == BounceState(status=DeliveryStatus.BY_USER, regular=False)


def test_what_is_said_of_the_address_or_user_holds(conn: Connection, anne: BounceMember) -> None:
    preferences.set_of_address(conn, ANNE, Preferences(delivery_status=DeliveryStatus.BY_BOUNCES))
    assert known(conn).state.status is DeliveryStatus.BY_BOUNCES


def test_a_user_is_counted_by_the_address_he_prefers(conn: Connection) -> None:
    users.ensure_many(conn, [(ANNE, "Anne")], 1.0)
    addresses.verify(conn, ANNE, 1.0)
    user = users.of_address(conn, ANNE)
    assert user is not None
    users.set_preferred(conn, user.user_id, ANNE)
    memberships.subscribe_user(conn, ANT, user.user_id, Role.MEMBER, 1.0)
    as_user = known(conn)
    assert as_user.address == ANNE
    assert bounces.which_are_members(conn, ANT, [ANNE, BART]) == {ANNE}
    users.set_preferred(conn, user.user_id, None)
    members.add_many(conn, ANT, [Member(address=ANNE)], 2.0)
    users.set_preferred(conn, user.user_id, ANNE)
    assert known(conn).row != as_user.row, "the address itself comes first"


def test_which_of_many_are_members(conn: Connection) -> None:
    several = [Member(address=f"m{number}@example.net") for number in range(600)]
    members.add_many(conn, ANT, several, 1.0)
    asked = [f"m{number}@example.net" for number in range(1_200)]
    assert len(bounces.which_are_members(conn, ANT, asked)) == 600


def test_a_failure_is_noted_and_counted(conn: Connection, anne: BounceMember) -> None:
    for number in range(4):
        numbers.take(conn, f"p{number}", ANT, NOON)
    bounces.note_failure(conn, known(conn), 2, NOON, counted=True)
    once = known(conn)
    assert (once.state.score, once.state.last_bounce_at, once.last_bounce_post) == (2, NOON, 5)
    numbers.take(conn, "p9", ANT, NOON)
    bounces.note_failure(conn, known(conn), 2, NOON + 5, counted=False)
    twice = known(conn)
    assert (twice.state.score, twice.state.last_bounce_at, twice.last_bounce_post) == (2, NOON + 5, 5)


def test_who_is_disabled_is_no_recipient_and_caches_hear_of_it(conn: Connection, anne: BounceMember) -> None:
    conn.execute(member_table.update().values(warnings_sent=2, last_warning_at=5.0))
    bounces.add_probe(conn, anne, "h" * 64, 1, NOON, life_s=DAY)
    before = roster_version(conn)
    bounces.disable(conn, known(conn))
    assert members.recipients(conn, ANT) == ()
    assert roster_version(conn) == before + 1
    assert known(conn).state == BounceState(status=DeliveryStatus.BY_BOUNCES, regular=False)
    row = conn.execute(select(member_table.c.warnings_sent, member_table.c.last_warning_at)).one()
    assert tuple(row) == (0, None)


def test_a_member_is_found_without_a_look_at_all_others(conn: Connection) -> None:
    """Else a hundred thousand failures on a large list would be a hundred thousand looks at all of it."""
    members.add_many(conn, ANT, [Member(address=f"m{number}@example.net") for number in range(2_000)], 1.0)
    asked: list[tuple[str, Any]] = []

    def note(_conn: object, _cursor: object, statement: str, values: object, *_more: object) -> None:
        asked.append((statement, values))

    event.listen(conn, "before_cursor_execute", note)
    known(conn, "m77@example.net")
    bounces.which_are_members(conn, ANT, ["m77@example.net"])
    event.remove(conn, "before_cursor_execute", note)
    assert len(asked) == 3
    if conn.dialect.name == "sqlite":
        for statement, values in asked:
            plan = str(conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all())
            assert "SCAN" not in plan
            assert "ix_members_list_role_id" not in plan, plan


# -- arrivals ----------------------------------------------------------------------------------------------


def posts(conn: Connection, *days: float) -> None:
    """One post at each of these days after NOON."""
    for number, day in enumerate(days):
        numbers.take(conn, f"p{day}.{number}", ANT, NOON + day * DAY)


def count_one(conn: Connection, day: float, cause: str = "r") -> None:
    now = NOON + day * DAY
    bounces.note_failure(conn, known(conn), 1, now, counted=True)
    bounces.add_event(conn, msgspec.structs.replace(EVENT, cause=f"{cause}{day}", at=now))


def arrived(conn: Connection, day: float) -> int:
    return bounces.arrived(conn, ANT, known(conn), NOON + day * DAY)


def test_posts_since_the_last_failure_have_arrived(conn: Connection, anne: BounceMember) -> None:
    posts(conn, -1, 0)
    count_one(conn, 0)
    posts(conn, 1, 2, 3, 4)
    assert arrived(conn, 4.5) == 4 - 1 - 1  # one for the failure, one is not a day old


def test_without_a_last_failure_nothing_is_known(conn: Connection, anne: BounceMember) -> None:
    posts(conn, 0, 1, 2)
    assert arrived(conn, 4) == 0
    conn.execute(member_table.update().values(bounce_score=1, last_bounce_at=NOON))
    assert arrived(conn, 4) == 0, "one from before posts were counted"


def test_without_posts_nothing_has_arrived(conn: Connection, anne: BounceMember) -> None:
    posts(conn, 0)
    count_one(conn, 0)
    assert arrived(conn, 4) == 0
    posts(conn, 1)
    assert arrived(conn, 4) == 0, "it may be the one that fails next"


def test_posts_of_the_last_day_may_fail_yet(conn: Connection, anne: BounceMember) -> None:
    posts(conn, 0)
    count_one(conn, 0)
    posts(conn, *[3.5] * 8)
    assert arrived(conn, 4) == 7 - 8


def test_posts_of_other_lists_do_not_matter(conn: Connection, anne: BounceMember) -> None:
    ant = lists.get(conn, ANT)
    assert ant is not None
    bee = msgspec.structs.replace(ant, list_id="bee.example.com", list_name="bee")
    lists.create(conn, bee, 1.0)
    posts(conn, 0)
    count_one(conn, 0)
    posts(conn, 1, 2)
    numbers.take(conn, "b", "bee.example.com", NOON + 4 * DAY)
    assert arrived(conn, 4.1) == 1


# -- probes ------------------------------------------------------------------------------------------------


def test_a_probe_is_found_by_token_and_by_member_while_it_lives(conn: Connection, anne: BounceMember) -> None:
    hashed = tokens.token_hash("a" * 40)
    bounces.add_probe(conn, anne, hashed, 7, NOON, life_s=10 * DAY)
    probe = bounces.live_probe(conn, ANT, ANNE, NOON)
    assert probe is not None
    assert (probe.list_id, probe.address_key, probe.event) == (ANT, ANNE, 7)
    assert bounces.probe_by_hash(conn, hashed, NOON + 9 * DAY) == probe
    assert bounces.probe_by_hash(conn, hashed, NOON + 10 * DAY) is None
    assert bounces.live_probe(conn, ANT, ANNE, NOON + 10 * DAY) is None
    assert bounces.live_probe(conn, ANT, BART, NOON) is None
    assert known(conn).state.probing
    assert not known(conn, now=NOON + 10 * DAY).state.probing


def test_a_new_probe_takes_the_place_of_the_old_one(conn: Connection, anne: BounceMember) -> None:
    bounces.add_probe(conn, anne, "1" * 64, 7, NOON, life_s=DAY)
    bounces.add_probe(conn, anne, "2" * 64, 8, NOON + 2 * DAY, life_s=DAY)
    assert conn.execute(select(probes.c.token_hash)).scalars().all() == ["2" * 64]


def test_a_probe_that_nothing_came_back_of_has_arrived(conn: Connection, anne: BounceMember) -> None:
    members.add_many(conn, ANT, [Member(address=BART)], 1.0)
    for number, address in enumerate((ANNE, BART)):
        one = known(conn, address)
        bounces.note_failure(conn, one, 6, NOON, counted=True)
        bounces.add_probe(conn, one, str(number) * 64, number, NOON, life_s=(number + 1) * DAY)
    assert bounces.expire_probes(conn, NOON, 10) == []
    assert bounces.expire_probes(conn, NOON + DAY, 10) == [(ANT, ANNE)]
    assert known(conn).state.score == 0
    assert known(conn, BART).state.score == 6
    assert bounces.live_probe(conn, ANT, BART, NOON + DAY) is not None


def test_a_probe_of_somebody_who_left_just_ends(conn: Connection, anne: BounceMember) -> None:
    bounces.add_probe(conn, anne, "1" * 64, 7, NOON, life_s=DAY)
    members.remove_many(conn, ANT, [ANNE])
    assert bounces.expire_probes(conn, NOON + DAY, 10) == [(ANT, ANNE)]
    assert bounces.expire_probes(conn, NOON + DAY, 10) == []


def test_probes_end_some_at_a_time(conn: Connection, anne: BounceMember) -> None:
    members.add_many(conn, ANT, [Member(address=BART)], 1.0)
    for number, address in enumerate((ANNE, BART)):
        bounces.add_probe(conn, known(conn, address), str(number) * 64, number, NOON, life_s=DAY)
    assert bounces.expire_probes(conn, NOON + DAY, 1) == [(ANT, ANNE)]
    assert bounces.expire_probes(conn, NOON + DAY, 1) == [(ANT, BART)]


# -- failures that delivery saw ----------------------------------------------------------------------------


def test_failures_are_judged_once_the_oldest_first(conn: Connection) -> None:
    later = msgspec.structs.replace(FAILURE, number=1, at=NOON + 1)
    first = msgspec.structs.replace(FAILURE, number=2, at=NOON - 1, policy=True)
    failures.record(conn, [FAILURE, later, first])
    assert bounces.unjudged(conn, 2) == [first, FAILURE]
    bounces.mark_judged(conn, [first, FAILURE])
    assert bounces.unjudged(conn, 2) == [later]
    bounces.mark_judged(conn, [])
    failures.record(conn, [FAILURE])
    assert bounces.unjudged(conn, 2) == [later], "a repeated step brings none back"


# -- what is too old ---------------------------------------------------------------------------------------


def test_old_events_and_reports_go_some_at_a_time(conn: Connection) -> None:
    for number in range(4):
        bounces.add_event(conn, msgspec.structs.replace(EVENT, number=number, at=NOON + number))
        bounces.keep_report(conn, f"r{number}", b"x", NOON + number)
    for forget, table in ((bounces.purge_events, bounce_events), (bounces.purge_reports, bounce_reports)):
        assert forget(conn, NOON + 2, 2) == 2
        assert forget(conn, NOON + 2, 2) == 1
        assert forget(conn, NOON + 2, 2) == 0
        assert conn.execute(select(table.c.at)).scalars().all() == [NOON + 3]


def test_old_failures_go_once_they_are_judged(conn: Connection) -> None:
    several = [msgspec.structs.replace(FAILURE, number=number, at=NOON + number) for number in range(5)]
    failures.record(conn, several)
    bounces.mark_judged(conn, several[1:])
    assert bounces.purge_failures(conn, NOON + 3, 2) == 2
    assert bounces.purge_failures(conn, NOON + 3, 2) == 1
    assert bounces.purge_failures(conn, NOON + 3, 2) == 0
    left = conn.execute(select(delivery_failures.c.number).order_by(text("number"))).scalars().all()
    assert left == [0, 4]
