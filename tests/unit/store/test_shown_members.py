"""The part of a roster that is shown."""

import msgspec
import pytest
from sqlalchemy import Connection

from mlcore.lists.model import DeliveryMode, DeliveryStatus, Member, Preferences, Role
from mlcore.store import members, memberships, preferences
from mlcore.store.shown_members import Shown, ShownMember, is_hidden, shown

ANT = "ant.example.com"
PLAIN = DeliveryMode.PLAINTEXT_DIGESTS


@pytest.fixture
def conn(conn: Connection) -> Connection:
    people = [
        Member(address="dora@example.org", display_name="Dora"),
        Member(address="Bart@example.org", delivery_mode=PLAIN),
        Member(address="cate@example.org", delivery_status=DeliveryStatus.BY_USER),
        Member(address="anne@example.org"),
        Member(address="olga@example.org", role=Role.OWNER),
    ]
    members.add_many(conn, ANT, people, 1.0)
    return conn


def hide(conn: Connection, address: str) -> str:
    (found,) = memberships.on_list(conn, ANT, Role.MEMBER, [address])
    wanted = msgspec.structs.replace(found.preferences, hide_address=True)
    preferences.set_of_member(conn, found.member_id, wanted)
    return found.member_id


def addresses(found: Shown) -> list[str]:
    return [one.address.partition("@")[0] for one in found.members]


def test_members_are_sorted_by_address(conn: Connection) -> None:
    found = shown(conn, ANT, most=10)
    assert addresses(found) == ["anne", "Bart", "cate", "dora"]
    assert found.members[3] == ShownMember("dora@example.org", "Dora")
    assert found[1:] == (0, 0)
    assert shown(conn, "bee.example.com", most=10) == Shown((), 0, 0)


@pytest.mark.parametrize(
    ("enabled", "digest", "names"),
    [
        (True, None, ["anne", "Bart", "dora"]),
        (False, None, ["cate"]),
        (None, True, ["Bart"]),
        (None, False, ["anne", "cate", "dora"]),
        (False, True, []),
    ],
)
def test_filters(conn: Connection, enabled: bool | None, digest: bool | None, names: list[str]) -> None:
    assert addresses(shown(conn, ANT, enabled=enabled, digest=digest, most=10)) == names


def test_who_hides_is_counted_alone(conn: Connection) -> None:
    member_id = hide(conn, "anne@example.org")
    assert is_hidden(conn, member_id)
    found = shown(conn, ANT, most=10)
    assert (addresses(found), found.more, found.hidden) == (["Bart", "cate", "dora"], 0, 1)
    found = shown(conn, ANT, hidden_too=True, most=10)
    assert (addresses(found), found.more, found.hidden) == (["anne", "Bart", "cate", "dora"], 0, 0)


def test_an_address_may_be_hidden_on_all_lists(conn: Connection) -> None:
    preferences.set_of_address(conn, "anne@example.org", Preferences(hide_address=True))
    assert shown(conn, ANT, most=10).hidden == 1
    (anne,) = memberships.on_list(conn, ANT, Role.MEMBER, ["anne@example.org"])
    assert is_hidden(conn, anne.member_id)
    preferences.set_of_member(conn, anne.member_id, Preferences(hide_address=False))
    assert shown(conn, ANT, most=10).hidden == 0


def test_a_roster_of_any_size_gives_a_part(conn: Connection) -> None:
    found = shown(conn, ANT, most=2)
    assert (addresses(found), found.more) == (["Bart", "dora"], 2)


def test_nobody_is_hidden_by_default(conn: Connection) -> None:
    (anne,) = memberships.on_list(conn, ANT, Role.MEMBER, ["anne@example.org"])
    assert not is_hidden(conn, anne.member_id)
    assert not is_hidden(conn, "none")
