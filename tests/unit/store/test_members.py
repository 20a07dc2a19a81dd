"""Memberships as rows and as values."""

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, event, text

from mlcore.lists.model import DeliveryMode, DeliveryStatus, ListPolicy, Member, Recipient, Role
from mlcore.mail.address import BadAddress
from mlcore.store import lists, members
from mlcore.store.lists import NoSuchList

ANT = "ant.example.com"
BEE = ListPolicy(list_id="bee.example.com", list_name="bee", mail_host="example.com", display_name="Bee")


def add(conn: Connection, *several: Member, list_id: str = ANT) -> tuple[list[Member], list[Member]]:
    return members.add_many(conn, list_id, several, 2_000.0)


def many(number: int) -> Iterator[Member]:
    return (Member(address=f"member-{position}@example.net") for position in range(number))


def test_every_setting_comes_back(conn: Connection) -> None:
    anne = Member(
        address="Anne.Person@Example.net",
        display_name="Anne 日本",
        role=Role.MODERATOR,
        delivery_mode=DeliveryMode.MIME_DIGESTS,
        delivery_status=DeliveryStatus.BY_BOUNCES,
        receive_own_postings=False,
        receive_list_copy=False,
    )
    assert add(conn, anne) == ([anne], [])
    assert members.members(conn, ANT, Role.MODERATOR) == [anne]
    assert members.members(conn, ANT, Role.MEMBER) == []


def test_addresses_are_unique_without_regard_to_case_and_keep_their_spelling(conn: Connection) -> None:
    first = Member(address="Anne@Example.net")
    second = Member(address="anne@example.NET")
    assert add(conn, first) == ([first], [])
    assert add(conn, second) == ([], [second])
    assert members.recipients(conn, ANT) == (Recipient("Anne@Example.net"),)


def test_first_spelling_of_one_call_wins(conn: Connection) -> None:
    first, second = Member(address="Anne@example.net"), Member(address="ANNE@example.net")
    assert add(conn, first, second) == ([first], [second])
    assert [member.address for member in members.members(conn, ANT, Role.MEMBER)] == ["Anne@example.net"]


def test_duplicates_far_apart_in_one_call_are_found(conn: Connection) -> None:
    several = [*many(members.CHUNK), Member(address="MEMBER-0@example.net")]
    added, already = members.add_many(conn, ANT, several, 1.0)
    assert len(added) == members.CHUNK
    assert already == several[-1:]


def test_one_address_may_have_several_roles_and_lists(conn: Connection) -> None:
    lists.create(conn, BEE, 1.0)
    roles = [Member(address="anne@example.net", role=role) for role in Role]
    assert add(conn, *roles) == (roles, [])
    assert add(conn, roles[0], list_id=BEE.list_id) == ([roles[0]], [])
    assert conn.execute(text("SELECT count(*) FROM addresses")).scalar() == 1
    assert conn.execute(text("SELECT count(DISTINCT member_uuid) FROM members")).scalar() == 5


def test_bad_address_is_refused(conn: Connection) -> None:
    with pytest.raises(BadAddress):
        add(conn, Member(address="anne@example.net"), Member(address="bob"))


def test_unknown_list_is_refused(conn: Connection) -> None:
    with pytest.raises(NoSuchList):
        add(conn, Member(address="a@example.net"), list_id="wasp.example.com")
    with pytest.raises(NoSuchList):
        members.remove_many(conn, "wasp.example.com", ["a@example.net"])
    assert members.recipients(conn, "wasp.example.com") == ()
    assert members.members(conn, "wasp.example.com", Role.MEMBER) == []


def test_members_are_sorted_by_key(conn: Connection) -> None:
    add(conn, *(Member(address=f"{name}@example.net") for name in ("bob", "Zoe", "anne", "Émile", "Carl")))
    addresses = [member.address.partition("@")[0] for member in members.members(conn, ANT, Role.MEMBER)]
    assert addresses == ["anne", "bob", "Carl", "Zoe", "Émile"]


def test_recipients_are_regular_and_enabled_in_member_order(conn: Connection) -> None:
    add(
        conn,
        Member(address="z@example.net"),
        Member(address="digest@example.net", delivery_mode=DeliveryMode.PLAINTEXT_DIGESTS),
        Member(address="off@example.net", delivery_status=DeliveryStatus.BY_USER),
        Member(address="owner@example.net", role=Role.OWNER),
        Member(address="non@example.net", role=Role.NONMEMBER),
        Member(address="a@example.net", receive_own_postings=False),
        Member(address="m@example.net", receive_list_copy=False),
    )
    assert members.recipients(conn, ANT) == (
        Recipient("z@example.net"),
        Recipient("a@example.net", own_postings=False),
        Recipient("m@example.net", list_copy=False),
    )


def test_administrators_are_owners_and_moderators_once(conn: Connection) -> None:
    add(
        conn,
        Member(address="mod@example.net", role=Role.MODERATOR),
        Member(address="Both@example.net", role=Role.OWNER),
        Member(address="both@example.net", role=Role.MODERATOR),
        Member(address="away@example.net", role=Role.OWNER, delivery_status=DeliveryStatus.BY_USER),
        Member(address="member@example.net"),
    )
    assert [found.address for found in members.administrators(conn, ANT)] == [
        "mod@example.net",
        "Both@example.net",
    ]


def test_roles_of_the_first_sender_that_has_any(conn: Connection) -> None:
    lists.create(conn, BEE, 1.0)
    add(
        conn,
        Member(address="Anne@example.net"),
        Member(address="anne@example.net", role=Role.OWNER),
        Member(address="bob@example.net", role=Role.NONMEMBER),
    )
    add(conn, Member(address="carl@example.net"), list_id=BEE.list_id)

    def roles(*names: str) -> set[Role]:
        return set(members.roles_of(conn, ANT, [f"{name}@example.net" for name in names]))

    assert roles() == set()
    assert roles("carl") == set()
    assert roles("carl", "dora") == set()
    assert roles("anne") == {Role.MEMBER, Role.OWNER}
    assert roles("anne", "bob") == {Role.MEMBER, Role.OWNER}
    assert roles("carl", "bob", "anne") == {Role.NONMEMBER}
    assert roles("carl", "anne", "bob") == {Role.MEMBER, Role.OWNER}
    assert roles(*(f"x{number}" for number in range(1_000)), "bob") == {Role.NONMEMBER}


def test_remove_takes_any_spelling_and_one_role(conn: Connection) -> None:
    add(conn, Member(address="Anne@example.net"), Member(address="anne@example.net", role=Role.OWNER))
    assert members.remove_many(conn, ANT, ["ANNE@example.net", "bob@example.net", "no address"]) == 1
    assert members.members(conn, ANT, Role.MEMBER) == []
    assert len(members.members(conn, ANT, Role.OWNER)) == 1
    assert members.remove_many(conn, ANT, ["anne@example.net"], role=Role.OWNER) == 1


def test_whoever_comes_back_keeps_the_known_spelling(conn: Connection) -> None:
    add(conn, Member(address="Anne@example.net", display_name="Anne"))
    members.remove_many(conn, ANT, ["anne@example.net"])
    add(conn, Member(address="anne@example.net", display_name="A. Person"))
    (found,) = members.members(conn, ANT, Role.MEMBER)
    assert (found.address, found.display_name) == ("Anne@example.net", "A. Person")


def test_hundred_thousand_members(conn: Connection) -> None:
    """Added from an iterator and read as plain columns: seconds, and no object-relational layer anywhere."""
    began = time.process_time()
    added, already = members.add_many(conn, ANT, many(100_000), 1.0)
    assert (len(added), len(already)) == (100_000, 0)
    found = members.recipients(conn, ANT)
    assert len(found) == 100_000
    assert found[-1] == Recipient("member-99999@example.net")
    assert time.process_time() - began < 30
    assert sys.getsizeof(found) + sum(map(sys.getsizeof, found)) < 8_000_000


def test_no_object_relational_layer_is_imported() -> None:
    code = "import sys, mlcore.store.members, mlcore.store.engine; sys.exit('sqlalchemy.orm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_hot_queries_search_by_index_and_do_not_sort(conn: Connection) -> None:
    """No table is read as a whole, however many lists share it."""
    statements: list[tuple[str, object]] = []

    def note(connection: object, cursor: object, statement: str, parameters: object, *rest: object) -> None:
        statements.append((statement, parameters))

    event.listen(conn, "before_cursor_execute", note)
    members.recipients(conn, ANT)
    members.roles_of(conn, ANT, ["a@example.net"])
    event.remove(conn, "before_cursor_execute", note)
    assert len(statements) == 2
    for statement, parameters in statements:
        plan = [row.detail for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]  # type: ignore[arg-type]
        assert plan
        assert all(step.startswith("SEARCH") for step in plan), plan
