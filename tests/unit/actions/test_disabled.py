"""Members whom bounces have disabled: warned some times, then removed; on both kinds of database."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, select, update

from mlcore.actions import lists as list_actions
from mlcore.actions.disabled import Done, Portion, go_on
from mlcore.lists.model import DeliveryStatus, Member, Preferences, Role
from mlcore.store import (
    addresses,
    disabled,
    lists,
    members,
    memberships,
    notices,
    preferences,
    requests,
    users,
)
from mlcore.store.engine import open_sync
from mlcore.store.requests import Request
from mlcore.store.schema import addresses as addresses_table
from mlcore.store.schema import members as table
from mlcore.store.upgrade import prepare

ANT, BEE = "ant.example.com", "bee.example.com"
ANNE, BART, CATE = "anne@example.org", "bart@example.org", "cate@example.net"
NOW = 1_700_000_000.0
DAY = 86_400.0
WEEK = 7 * DAY


@pytest.fixture
def conn(database_url: str) -> Iterator[Connection]:
    """Two lists; Anne and Bart are disabled on ant, Cate is not."""
    prepare(database_url)
    with open_sync(database_url) as connection:
        for name in ("ant@example.com", "bee@example.com"):
            list_actions.create(connection, name, owners=["olga@example.org"], now=1.0)
        wanted = DeliveryStatus.BY_BOUNCES
        people = [
            Member(address=ANNE, display_name="Anne", delivery_status=wanted),
            Member(address=BART, delivery_status=wanted),
            Member(address=CATE),
        ]
        members.add_many(connection, ANT, people, 1.0)
        members.add_many(connection, BEE, [Member(address=CATE)], 1.0)
        yield connection


def settings(conn: Connection, list_id: str = ANT, **changes: Any) -> None:
    policy = lists.get(conn, list_id)
    assert policy is not None
    lists.change(conn, msgspec.structs.replace(policy, **changes))


def step(conn: Connection, now: float, after: int = 0, most: int = 100) -> Portion:
    return go_on(conn, ANT, after, most, now)


def effects(conn: Connection, now: float) -> list[tuple[str, str, int]]:
    return [(one.address, one.effect, one.warnings) for one in step(conn, now).done]


def told(conn: Connection) -> list[tuple[str, str]]:
    """Kind and address of what is queued, which is gone then."""
    found = notices.take(conn, 1_000)
    notices.delete_these(conn, found)
    return [(one.kind, one.address) for one in found]


def addresses_of(conn: Connection) -> list[str]:
    return [one.address for one in members.members(conn, ANT, Role.MEMBER)]


@pytest.mark.row("attribute: bounce_you_are_disabled_warnings")
@pytest.mark.row("attribute: bounce_you_are_disabled_warnings_interval")
@pytest.mark.parametrize(("warnings", "interval_s"), [(3, WEEK), (1, DAY), (2, 2 * DAY)])
def test_so_many_warnings_at_such_intervals_and_then_the_end(
    conn: Connection, warnings: int, interval_s: float
) -> None:
    settings(
        conn,
        bounce_you_are_disabled_warnings=warnings,
        bounce_you_are_disabled_warnings_interval=int(interval_s),
    )
    now = NOW
    for number in range(1, warnings + 1):
        assert effects(conn, now) == [(ANNE, "warned", number), (BART, "warned", number)]
        assert told(conn) == [("bounce-warning", ANNE), ("bounce-warning", BART)]
        assert effects(conn, now) == []
        assert effects(conn, now + interval_s - 1) == []
        now += interval_s
    assert addresses_of(conn) == [ANNE, BART, CATE]
    assert effects(conn, now) == [(ANNE, "removed", warnings), (BART, "removed", warnings)]
    assert addresses_of(conn) == [CATE]
    assert effects(conn, now + 2 * interval_s) == []


def test_without_warnings_the_end_comes_at_once(conn: Connection) -> None:
    settings(conn, bounce_you_are_disabled_warnings=0)
    assert effects(conn, NOW) == [(ANNE, "removed", 0), (BART, "removed", 0)]


def test_p19_warnings_never_come_all_at_once(conn: Connection) -> None:
    settings(conn, bounce_you_are_disabled_warnings_interval=0)
    assert len(effects(conn, NOW)) == 2
    assert effects(conn, NOW + 60) == []
    assert len(effects(conn, NOW + 3_600)) == 2


@pytest.mark.row("attribute: bounce_notify_owner_on_removal")
@pytest.mark.row("attribute: admin_notify_mchanges")
@pytest.mark.parametrize(
    ("on_removal", "mchanges", "kinds"),
    [
        (True, True, ["goodbye", "bounce-removal"]),
        (True, False, ["goodbye", "bounce-removal"]),
        (False, True, ["goodbye", "admin-unsubscribe"]),
        (False, False, ["goodbye"]),
    ],
)
def test_who_hears_of_a_removal(conn: Connection, on_removal: bool, mchanges: bool, kinds: list[str]) -> None:
    """The person does in any case: whoever is removed has not asked for it."""
    settings(
        conn,
        bounce_you_are_disabled_warnings=0,
        bounce_notify_owner_on_removal=on_removal,
        admin_notify_mchanges=mchanges,
        send_goodbye_message=False,
    )
    step(conn, NOW)
    assert told(conn) == [(kind, address) for kind in kinds for address in (ANNE, BART)]


@pytest.mark.row("attribute: process_bounces")
def test_a_list_that_looks_at_no_bounces_leaves_them_alone(conn: Connection) -> None:
    assert disabled.lists_with(conn) == [ANT]
    settings(conn, process_bounces=False)
    assert disabled.lists_with(conn) == []
    assert step(conn, NOW) == Portion((), None)
    assert go_on(conn, "gone.example.com", 0, 10, NOW) == Portion((), None)


def test_whoever_gets_posts_again_is_left_alone(conn: Connection) -> None:
    step(conn, NOW)
    (anne,) = memberships.on_list(conn, ANT, Role.MEMBER, [ANNE])
    preferences.set_of_member(conn, anne.member_id, Preferences())
    assert effects(conn, NOW + WEEK) == [(BART, "warned", 2)]


def test_other_roles_and_other_reasons_are_none_of_this(conn: Connection) -> None:
    (cate,) = memberships.on_list(conn, ANT, Role.MEMBER, [CATE])
    preferences.set_of_member(conn, cate.member_id, Preferences(delivery_status=DeliveryStatus.BY_USER))
    owner = Member(address="mo@example.org", role=Role.MODERATOR, delivery_status=DeliveryStatus.BY_BOUNCES)
    members.add_many(conn, ANT, [owner], 1.0)
    assert [one.address for one in step(conn, NOW).done] == [ANNE, BART]


def test_many_in_portions(conn: Connection) -> None:
    wanted = [
        Member(address=f"m{number}@example.org", delivery_status=DeliveryStatus.BY_BOUNCES)
        for number in range(5)
    ]
    members.add_many(conn, ANT, wanted, 1.0)
    seen: list[Done] = []
    after: int | None = 0
    portions = 0
    while after is not None:
        portion = step(conn, NOW, after, 3)
        assert len(portion.done) <= 3
        seen += portion.done
        after = portion.last
        portions += 1
    assert (len(seen), len({one.address for one in seen}), portions) == (7, 7, 3)


def test_after_exactly_full_portions_it_ends(conn: Connection) -> None:
    portion = step(conn, NOW, 0, 2)
    assert portion.last is not None
    assert step(conn, NOW, portion.last, 2) == Portion((), None)


def test_a_user_without_an_address_is_removed_in_silence(conn: Connection) -> None:
    user = users.ensure(conn, "uma@example.org", "Uma", NOW)
    addresses.verify(conn, "uma@example.org", NOW)
    users.set_preferred(conn, user.user_id, "uma@example.org")
    member_id = memberships.subscribe_user(conn, ANT, user.user_id, Role.MEMBER, NOW)
    preferences.set_of_member(conn, member_id, Preferences(delivery_status=DeliveryStatus.BY_BOUNCES))
    conn.execute(update(table).where(table.c.member_uuid != member_id).values(delivery_status=None))
    users.set_preferred(conn, user.user_id, None)
    settings(conn, bounce_you_are_disabled_warnings=1)
    assert effects(conn, NOW) == [("", "warned", 1)]
    assert effects(conn, NOW + WEEK) == [("", "removed", 1)]
    assert told(conn) == []
    assert memberships.membership(conn, member_id) is None


def test_only_the_membership_that_is_disabled_ends(conn: Connection) -> None:
    """An address and the user who prefers it may both be members, as an import leaves it."""
    user = users.ensure(conn, ANNE, "Anne", NOW)
    addresses.verify(conn, ANNE, NOW)
    (own,) = memberships.on_list(conn, ANT, Role.MEMBER, [ANNE])
    row = conn.execute(select(table).where(table.c.member_uuid == own.member_id)).mappings().one()
    users.set_preferred(conn, user.user_id, ANNE)
    user_row = conn.execute(
        select(addresses_table.c.user).where(addresses_table.c.address_key == ANNE)
    ).scalar()
    as_user = {**row, "id": row["id"] + 1_000, "member_uuid": "x", "address": None, "user": user_row}
    conn.execute(table.insert(), {**as_user, "delivery_status": None})
    settings(conn, bounce_you_are_disabled_warnings=0)
    step(conn, NOW)
    assert [one.as_user for one in memberships.on_list(conn, ANT, Role.MEMBER, [ANNE])] == [True]


def test_a_wish_to_leave_that_was_open_is_done(conn: Connection) -> None:
    given: dict[str, Any] = {
        "list_id": ANT,
        "kind": "unsubscription",
        "owner": "moderator",
        "address": ANNE,
        "address_key": ANNE,
        "identity": "1" * 40,
        "token_hash": "1" * 64,
        "created_at": NOW,
        "expires_at": NOW + WEEK,
    }
    requests.insert(conn, Request(**given))
    settings(conn, bounce_you_are_disabled_warnings=0)
    step(conn, NOW)
    assert requests.rows(conn, ANT) == []
