"""Users and addresses as members, once everybody has consented."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection

from mlcore.actions import lists
from mlcore.lists.model import DeliveryMode, ListPolicy, Role, SubscriptionPolicy
from mlcore.lists.subscriptions import Outcome
from mlcore.store import addresses, memberships, users
from mlcore.store import members as member_rows
from support.site import SiteInDirectory
from support.subscriptions import office, open_request, person, sent

NOW = 1_700_000_000.0
ANT = "ant.example.com"
HOME, WORK = "anne@home.example", "anne@work.example"
DESK = office()


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    with SiteInDirectory(tmp_path).connection() as connection:
        lists.create(connection, "ant@example.com", now=NOW)
        yield connection


@pytest.fixture
def ant(conn: Connection) -> ListPolicy:
    return msgspec.structs.replace(
        lists.find(conn, ANT), unsubscription_policy=SubscriptionPolicy.CONFIRM, send_welcome_message=True
    )


@pytest.fixture
def anne(conn: Connection) -> str:
    """A user with two verified addresses, who prefers the one at home."""
    user = users.ensure(conn, HOME, "Anne", NOW)
    addresses.ensure(conn, WORK, "", NOW)
    addresses.link(conn, WORK, user.user_id)
    for address in (HOME, WORK):
        addresses.verify(conn, address, NOW)
    users.set_preferred(conn, user.user_id, HOME)
    sent(conn)
    return user.user_id


def join(
    conn: Connection,
    policy: ListPolicy,
    address: str = HOME,
    *,
    now: float = NOW,
    **more: object,
) -> Outcome:
    return DESK.join(conn, policy, person(address), cause="e1", now=now, **more)  # type: ignore[arg-type]


def leave(conn: Connection, policy: ListPolicy, address: str) -> Outcome:
    return DESK.leave(conn, policy, address, cause="e1", now=NOW)


def confirm(conn: Connection, policy: ListPolicy, address: str, kind: str = "subscription") -> Outcome | None:
    request = open_request(conn, policy, address, kind)  # type: ignore[arg-type]
    return DESK.confirm(conn, policy, DESK.token(request), NOW)


def on_list(conn: Connection) -> list[tuple[str, bool]]:
    found = memberships.all_memberships(conn, list_id=ANT, role=Role.MEMBER)
    return sorted((one.address, one.as_user) for one in found)


def test_a_user_becomes_a_member(conn: Connection, ant: ListPolicy, anne: str) -> None:
    assert join(conn, ant, as_user=True, mode=DeliveryMode.MIME_DIGESTS, language="ja") is not None
    assert sent(conn) == [f"confirm-join {HOME}"]
    assert confirm(conn, ant, HOME) is Outcome.SUBSCRIBED

    assert on_list(conn) == [(HOME, True)]
    assert sent(conn) == [f"welcome {HOME}"]
    (one,) = memberships.memberships_of_user(conn, anne)
    assert one.preferences.delivery_mode is DeliveryMode.MIME_DIGESTS
    assert one.preferences.preferred_language == "ja"
    assert one.preferences.delivery_status is None


def test_a_user_who_is_a_member_need_not_join(conn: Connection, ant: ListPolicy, anne: str) -> None:
    memberships.subscribe_user(conn, ANT, anne, Role.MEMBER, NOW)
    assert join(conn, ant, as_user=True) is Outcome.ALREADY_MEMBER
    assert join(conn, ant, HOME) is Outcome.ALREADY_MEMBER
    assert join(conn, ant, WORK, as_user=True) is Outcome.ALREADY_MEMBER
    assert join(conn, ant, WORK) is Outcome.CONFIRMATION_SENT  # a membership of this address's own


def test_a_user_whose_preferred_address_is_a_member(conn: Connection, ant: ListPolicy, anne: str) -> None:
    assert anne
    join(conn, ant, HOME)
    confirm(conn, ant, HOME)
    assert join(conn, ant, WORK, as_user=True) is Outcome.ALREADY_MEMBER


def test_a_user_who_prefers_another_address_by_now(conn: Connection, ant: ListPolicy, anne: str) -> None:
    join(conn, ant, as_user=True)
    users.set_preferred(conn, anne, WORK)
    assert confirm(conn, ant, HOME) is Outcome.SUBSCRIBED
    assert on_list(conn) == [(WORK, True)]


def test_a_user_who_prefers_none_by_now(conn: Connection, ant: ListPolicy, anne: str) -> None:
    join(conn, ant, as_user=True)
    users.set_preferred(conn, anne, None)
    assert confirm(conn, ant, HOME) is Outcome.SUBSCRIBED
    assert on_list(conn) == [(HOME, False)]


def test_a_user_who_is_gone_by_now(conn: Connection, ant: ListPolicy, anne: str) -> None:
    join(conn, ant, as_user=True)
    users.remove(conn, anne)
    assert confirm(conn, ant, HOME) is Outcome.SUBSCRIBED
    assert on_list(conn) == [(HOME, False)]


def test_a_user_leaves_by_the_address_he_prefers(conn: Connection, ant: ListPolicy, anne: str) -> None:
    memberships.subscribe_user(conn, ANT, anne, Role.MEMBER, NOW)
    assert leave(conn, ant, HOME) is Outcome.CONFIRMATION_SENT
    assert confirm(conn, ant, HOME, "unsubscription") is Outcome.UNSUBSCRIBED
    assert on_list(conn) == []


def test_both_memberships_of_an_address_end(conn: Connection, ant: ListPolicy, anne: str) -> None:
    """Who leaves gets no more posts there."""
    join(conn, ant, HOME)
    confirm(conn, ant, HOME)
    users.set_preferred(conn, anne, WORK)
    memberships.subscribe_user(conn, ANT, anne, Role.MEMBER, NOW)
    users.set_preferred(conn, anne, HOME)
    leave(conn, ant, HOME)
    assert confirm(conn, ant, HOME, "unsubscription") is Outcome.UNSUBSCRIBED
    assert on_list(conn) == []


def test_mail_from_another_verified_address_asks_the_one_that_is_the_member(
    conn: Connection, ant: ListPolicy, anne: str
) -> None:
    assert anne
    join(conn, ant, HOME)
    confirm(conn, ant, HOME)
    sent(conn)
    assert leave(conn, ant, WORK) is Outcome.CONFIRMATION_SENT
    assert sent(conn) == [f"confirm-leave {HOME}"]
    assert confirm(conn, ant, HOME, "unsubscription") is Outcome.UNSUBSCRIBED


def test_an_address_that_nobody_verified_speaks_for_nobody_else(
    conn: Connection, ant: ListPolicy, anne: str
) -> None:
    assert anne
    join(conn, ant, HOME)
    confirm(conn, ant, HOME)
    addresses.unverify(conn, WORK)
    assert leave(conn, ant, WORK) is Outcome.NOT_MEMBER


def test_a_verified_address_of_nobody_speaks_for_nobody(conn: Connection, ant: ListPolicy) -> None:
    addresses.ensure(conn, WORK, "", NOW)
    addresses.verify(conn, WORK, NOW)
    assert leave(conn, ant, WORK) is Outcome.NOT_MEMBER


def test_a_user_without_preferred_address_leaves_by_any(conn: Connection, ant: ListPolicy, anne: str) -> None:
    memberships.subscribe_user(conn, ANT, anne, Role.MEMBER, NOW)
    users.set_preferred(conn, anne, None)
    sent(conn)
    assert leave(conn, ant, WORK) is Outcome.CONFIRMATION_SENT
    assert sent(conn) == [f"confirm-leave {WORK}"]
    assert confirm(conn, ant, WORK, "unsubscription") is Outcome.UNSUBSCRIBED
    assert on_list(conn) == []


def test_another_membership_of_the_user_is_not_ended_instead(
    conn: Connection, ant: ListPolicy, anne: str
) -> None:
    """What was asked about is gone by other ways; the person did not ask about the other one."""
    assert anne
    for address in (HOME, WORK):
        join(conn, ant, address)
        confirm(conn, ant, address)
    leave(conn, ant, WORK)
    member_rows.remove_many(conn, ANT, [WORK])
    assert confirm(conn, ant, WORK, "unsubscription") is Outcome.NOT_MEMBER
    assert on_list(conn) == [(HOME, False)]


def test_a_language_of_ones_own_is_kept_beside_other_wishes(conn: Connection, ant: ListPolicy) -> None:
    join(conn, ant, WORK, language="ja", mode=DeliveryMode.MIME_DIGESTS)
    confirm(conn, ant, WORK)
    (one,) = memberships.memberships_of_address(conn, WORK)
    assert one.preferences.preferred_language == "ja"
    assert one.preferences.delivery_mode is DeliveryMode.MIME_DIGESTS
