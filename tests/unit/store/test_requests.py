"""Rows of requests that wait for the person or for a moderator."""

import msgspec
import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from mlcore.lists.model import DeliveryMode, DeliveryStatus, ListPolicy
from mlcore.lists.tokens import new_identity
from mlcore.store import lists, requests
from mlcore.store.lists import NoSuchList
from mlcore.store.requests import Request

ANT, BEE = "ant.example.com", "bee.example.com"
PLAIN = Request(
    list_id=ANT,
    kind="subscription",
    owner="subscriber",
    address="Anne@example.net",
    address_key="anne@example.net",
    identity="1" * 40,
    token_hash="2" * 64,
    created_at=10.0,
    expires_at=20.0,
)


@pytest.fixture(autouse=True)
def bee(conn: Connection) -> None:
    policy = ListPolicy(list_id=BEE, list_name="bee", mail_host="example.com", display_name="Bee")
    lists.create(conn, policy, 1.0)


def add(conn: Connection, key: str, **changes: object) -> Request:
    identity = new_identity()
    given = {"address": key, "address_key": key, "identity": identity, "token_hash": f"{identity:0>64}"}
    return requests.insert(conn, msgspec.structs.replace(PLAIN, **(given | changes)))


def test_every_column_comes_back(conn: Connection) -> None:
    full = msgspec.structs.replace(
        PLAIN,
        kind="unsubscription",
        owner="moderator",
        display_name="太郎",
        as_user=True,
        invitation=True,
        pre_approved=True,
        delivery_mode=DeliveryMode.MIME_DIGESTS,
        delivery_status=DeliveryStatus.BY_USER,
        language="ja",
        welcome=False,
    )
    for one in (PLAIN, full):
        added = requests.insert(
            conn, msgspec.structs.replace(one, identity=new_identity(), token_hash=new_identity())
        )
        assert requests.get(conn, ANT, "anne@example.net", one.kind) == added
        assert requests.by_id(conn, added.id) == added
        assert requests.by_token_hash(conn, added.token_hash) == added
        same = msgspec.structs.replace(added, id=0, identity=one.identity, token_hash=one.token_hash)
        assert same == one


def test_ids_are_not_given_again(conn: Connection) -> None:
    """Whoever accepts number N from a listing of some minutes ago must not accept somebody else."""
    seen = set()
    for _ in range(50):
        one = add(conn, "anne@example.net")
        seen.add(one.id)
        assert requests.remove(conn, one)
    assert len(seen) == 50
    assert all(10**8 <= number < 10**9 for number in seen)


def test_an_id_that_is_taken_is_not_given(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter([7, 7, 8])
    monkeypatch.setattr(requests.secrets, "randbelow", lambda _limit: next(numbers))  # type: ignore[attr-defined]
    assert add(conn, "anne@example.net").id == 10**8 + 7
    assert add(conn, "bart@example.net").id == 10**8 + 8


def test_what_is_not_there(conn: Connection) -> None:
    for number in (0, -1, 1, 2**31, 2**63, 10**30):
        assert requests.by_id(conn, number) is None
    assert requests.get(conn, ANT, "anne@example.net", "subscription") is None
    assert requests.by_token_hash(conn, "2" * 64) is None
    assert requests.rows(conn) == []
    assert not requests.remove(conn, PLAIN)


def test_a_list_has_one_of_each_kind_for_an_address(conn: Connection) -> None:
    add(conn, "anne@example.net")
    add(conn, "anne@example.net", kind="unsubscription")
    add(conn, "anne@example.net", list_id=BEE)
    with pytest.raises(IntegrityError), conn.begin_nested():
        add(conn, "anne@example.net")


def test_unknown_list_is_refused(conn: Connection) -> None:
    with pytest.raises(NoSuchList):
        add(conn, "anne@example.net", list_id="wasp.example.com")


def test_rows_are_chosen_and_sorted_by_age(conn: Connection) -> None:
    add(conn, "c@example.net", created_at=3.0)
    add(conn, "a@example.net", created_at=1.0, owner="moderator")
    add(conn, "b@example.net", created_at=2.0, kind="unsubscription", expires_at=30.0)
    add(conn, "d@example.net", created_at=4.0, list_id=BEE)

    def names(*arguments: str, **more: object) -> str:
        return "".join(one.address[0] for one in requests.rows(conn, *arguments, **more))  # type: ignore[arg-type]

    assert names() == "abcd"
    assert names(ANT) == "abc"
    assert names(BEE) == "d"
    assert names(ANT, kind="subscription") == "ac"
    assert names(ANT, owner="moderator") == "a"
    assert names(kind="subscription", owner="subscriber") == "cd"
    assert names(now=19.0) == "abcd"
    assert names(now=20.0) == "b"


def test_what_waits_is_counted_by_list_and_kind(conn: Connection) -> None:
    for number in range(3):
        add(conn, f"{number}@example.net", owner="moderator", created_at=float(number))
    add(conn, "late@example.net", owner="moderator", expires_at=5.0)
    add(conn, "himself@example.net")
    add(conn, "0@example.net", owner="moderator", kind="unsubscription")
    add(conn, "0@example.net", owner="moderator", list_id=BEE)

    assert requests.waiting(conn, "moderator", 15.0) == {
        ANT: {"subscription": 3, "unsubscription": 1},
        BEE: {"subscription": 1},
    }
    assert requests.waiting(conn, "moderator", 20.0) == {}
    first = requests.rows(conn, ANT, kind="subscription", owner="moderator", now=15.0, most=2)
    assert [one.address for one in first] == ["0@example.net", "1@example.net"]


def test_what_is_done_in_another_way_ends(conn: Connection) -> None:
    keys = ("anne@example.net", "bart@example.net")
    for key in keys:
        add(conn, key)
        add(conn, key, kind="unsubscription")
        add(conn, key, list_id=BEE)

    requests.remove_of(conn, ANT, "subscription", ["anne@example.net", "carl@example.net"])
    requests.remove_of(conn, "wasp.example.com", "subscription", keys)

    left = {(one.list_id, one.kind, one.address) for one in requests.rows(conn)}
    assert len(left) == 5
    assert (ANT, "subscription", "anne@example.net") not in left


def test_expired_ones_go_in_parts(conn: Connection) -> None:
    for number in (3, 1, 2, 9):
        add(conn, f"{number}@example.net", expires_at=float(number))

    assert [one.address[0] for one in requests.expire(conn, 3.0, 2)] == ["1", "2"]
    assert [one.address[0] for one in requests.expire(conn, 3.0, 2)] == ["3"]
    assert requests.expire(conn, 3.0, 2) == []
    assert [one.address[0] for one in requests.rows(conn)] == ["9"]


def test_they_go_with_their_list(conn: Connection) -> None:
    add(conn, "anne@example.net", list_id=BEE)
    lists.remove(conn, BEE)
    assert requests.rows(conn) == []
