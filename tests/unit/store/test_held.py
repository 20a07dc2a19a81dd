"""Rows of held posts, and the one decision each of them takes."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection

from mlcore.lists.model import ListPolicy
from mlcore.lists.reasons import Reason
from mlcore.store import held, lists
from mlcore.store.engine import Store
from mlcore.store.held import HeldPost
from mlcore.store.lists import NoSuchList

POST = HeldPost(
    spool="host-a",
    entry="e1.h",
    list_id="ant.example.com",
    sender="anne@example.net",
    subject="Grüße",
    reasons=(Reason("The message is not from a list member"), Reason("More than {} recipients", "10")),
    message_id="<1@example.net>",
    arrived_at=10.5,
    held_at=11.5,
    identity="0" * 40,
    token_hash="1" * 64,
)


def post(entry: str, *, spool: str = "host-a", **changes: object) -> HeldPost:
    identity = held.identity(b"key", spool, entry)
    own = {"entry": entry, "spool": spool, "identity": identity, "token_hash": f"hash of {identity}"}
    return msgspec.structs.replace(POST, **(own | changes))


def test_every_column_comes_back(conn: Connection) -> None:
    assert held.insert_if_absent(conn, POST)
    found = held.get(conn, "host-a", "e1.h")
    assert found is not None
    assert found.id > 0
    assert found == msgspec.structs.replace(POST, id=found.id)
    assert held.by_id(conn, found.id) == found
    assert held.rows(conn) == held.matching(conn) == [found]
    assert held.by_token(conn, "ant.example.com", "1" * 64) == found
    assert held.names_of_spool(conn, "host-a") == ["e1.h"]


def test_insert_is_repeatable_and_keeps_the_first(conn: Connection) -> None:
    assert held.insert_if_absent(conn, POST)
    assert held.decide(conn, POST.spool, POST.entry, "reject", 12.0)
    assert not held.insert_if_absent(conn, post("e1.h", subject="other"))
    (found,) = held.rows(conn)
    assert (found.subject, found.decision) == ("Grüße", "reject")


def test_same_entry_in_another_spool_is_another_post(conn: Connection) -> None:
    assert held.insert_if_absent(conn, POST)
    assert held.insert_if_absent(conn, post("e1.h", spool="host-b"))
    assert [found.spool for found in held.rows(conn)] == ["host-a", "host-b"]
    assert held.names_of_spool(conn, "host-b") == ["e1.h"]


@pytest.mark.parametrize(
    ("reasons", "found"),
    [
        ((), ()),
        ((Reason("one"),), (Reason("one"),)),
        ((Reason("a\nb\rc", "x\ny"), Reason("d")), (Reason("a b c", "x y"), Reason("d"))),
    ],
)
def test_reasons_are_one_line_each(
    conn: Connection, reasons: tuple[Reason, ...], found: tuple[Reason, ...]
) -> None:
    held.insert_if_absent(conn, post("e1.h", reasons=reasons))
    assert held.rows(conn)[0].reasons == found


def test_the_identity_of_a_post_is_its_own_and_the_sites() -> None:
    mine = held.identity(b"key", "host-a", "e1.h")
    assert mine == held.identity(b"key", "host-a", "e1.h")
    assert len(mine) == 40
    assert int(mine, 16) >= 0
    others = [(b"other", "host-a", "e1.h"), (b"key", "host-b", "e1.h"), (b"key", "host-a", "e2.h")]
    assert mine not in {held.identity(*other) for other in others}
    assert held.identity(b"key", "host-\udcff", "e1.h")


def test_unknown_list_is_refused(conn: Connection) -> None:
    with pytest.raises(NoSuchList):
        held.insert_if_absent(conn, post("e1.h", list_id="wasp.example.com"))


def test_what_is_not_there(conn: Connection) -> None:
    assert held.get(conn, "host-a", "e1.h") is None
    assert held.by_id(conn, 1) is None
    assert held.rows(conn) == held.rows(conn, "wasp.example.com") == held.due(conn, "host-a") == []
    assert held.names_of_spool(conn, "host-a") == []
    assert held.by_token(conn, "ant.example.com", "1" * 64) is None
    assert held.waiting(conn) == []
    assert not held.decide(conn, "host-a", "e1.h", "accept", 12.0)
    assert not held.delete(conn, "host-a", "e1.h")


def test_rows_of_one_list_in_order(conn: Connection) -> None:
    bee = ListPolicy(list_id="bee.example.com", list_name="bee", mail_host="example.com", display_name="Bee")
    lists.create(conn, bee, 1.0)
    for entry, list_id in (("e3", POST.list_id), ("e2", bee.list_id), ("e1", POST.list_id)):
        held.insert_if_absent(conn, post(entry, list_id=list_id))
    assert [found.entry for found in held.rows(conn)] == ["e3", "e2", "e1"]
    assert [found.entry for found in held.rows(conn, POST.list_id)] == ["e3", "e1"]


def test_first_decision_holds(conn: Connection) -> None:
    held.insert_if_absent(conn, POST)
    held.insert_if_absent(conn, post("e2.h"))
    assert held.decide(conn, "host-a", "e1.h", "accept", 12.0)
    assert not held.decide(conn, "host-a", "e1.h", "discard", 13.0)
    first, second = held.rows(conn)
    assert [found.entry for found in held.matching(conn)] == ["e2.h"]
    assert (first.decision, first.decided_at) == ("accept", 12.0)
    assert (second.decision, second.decided_at) == (None, None)


async def test_of_two_moderators_at_once_one_decides(store: Store) -> None:
    await store.write(held.insert_if_absent, POST)
    accepted = store.write(held.decide, "host-a", "e1.h", "accept", 12.0)
    discarded = store.write(held.decide, "host-a", "e1.h", "discard", 12.0)
    assert (await accepted, await discarded) == (True, False)
    (found,) = await store.read(held.rows)
    assert found.decision == "accept"


def test_delete_removes_the_one(conn: Connection) -> None:
    held.insert_if_absent(conn, POST)
    held.insert_if_absent(conn, post("e2.h"))
    assert held.delete(conn, "host-a", "e1.h")
    assert [found.entry for found in held.rows(conn)] == ["e2.h"]


def test_number_that_no_row_can_have(conn: Connection) -> None:
    """SQLite's driver refuses what has more than 64 bits."""
    for number in (0, -1, 2**31, 2**63, 10**30):
        assert held.by_id(conn, number) is None


# -- a decision with all that goes with it -----------------------------------------------------------------


def test_what_goes_with_a_decision_comes_back(conn: Connection) -> None:
    held.insert_if_absent(conn, POST)
    assert held.decide(
        conn,
        *("host-a", "e1.h", "reject", 12.0),
        comment="not here:\nplease",
        forward_to=["a@example.org", "b@example.org"],
        preserve=True,
    )
    (found,) = held.due(conn, "host-a")
    assert (found.comment, found.preserve) == ("not here:\nplease", True)
    assert found.forward_to == ("a@example.org", "b@example.org")


def test_a_decision_that_comes_too_late_changes_nothing(conn: Connection) -> None:
    held.insert_if_absent(conn, POST)
    held.decide(conn, "host-a", "e1.h", "accept", 12.0)
    assert not held.decide(
        conn, "host-a", "e1.h", "reject", 13.0, comment="no", forward_to=["a@example.org"], preserve=True
    )
    (found,) = held.rows(conn)
    assert (found.decision, found.comment, found.forward_to, found.preserve) == ("accept", "", (), False)


def test_only_posts_of_this_spool_with_something_to_do_are_due(conn: Connection) -> None:
    for entry, spool in (("e1.h", "host-a"), ("e2.h", "host-a"), ("e3.h", "host-a"), ("e1.h", "host-b")):
        held.insert_if_absent(conn, post(entry, spool=spool))
    held.decide(conn, "host-a", "e1.h", "accept", 12.0)
    held.forward(conn, "host-a", "e2.h", ["a@example.org"])
    held.decide(conn, "host-b", "e1.h", "accept", 12.0)
    assert [found.entry for found in held.due(conn, "host-a")] == ["e1.h", "e2.h"]


def test_addresses_are_forwarded_to_once_each(conn: Connection) -> None:
    held.insert_if_absent(conn, POST)
    held.forward(conn, "host-a", "e1.h", ["a@example.org", "b@example.org"])
    held.forward(conn, "host-a", "e1.h", ["b@example.org", "c@example.org"])
    assert held.rows(conn)[0].forward_to == ("a@example.org", "b@example.org", "c@example.org")
    assert held.rows(conn)[0].decision is None

    held.forwarded(conn, "host-a", "e1.h", ["a@example.org", "b@example.org"])
    assert held.rows(conn)[0].forward_to == ("c@example.org",)

    held.decide(conn, "host-a", "e1.h", "accept", 12.0, forward_to=["d@example.org"])
    assert held.rows(conn)[0].forward_to == ("c@example.org", "d@example.org")
    held.forward(conn, "host-a", "gone.h", ["a@example.org"])
    held.forwarded(conn, "host-a", "gone.h", ["a@example.org"])


def test_a_token_is_for_one_list_and_until_the_decision(conn: Connection) -> None:
    held.insert_if_absent(conn, POST)
    found = held.by_token(conn, "ant.example.com", POST.token_hash)
    assert found is not None
    assert found.entry == "e1.h"
    assert held.by_token(conn, "bee.example.com", POST.token_hash) is None
    held.decide(conn, "host-a", "e1.h", "discard", 12.0)
    assert held.by_token(conn, "ant.example.com", POST.token_hash) is None


# -- choosing ----------------------------------------------------------------------------------------------


def test_posts_are_chosen_by_list_sender_and_age(conn: Connection) -> None:
    bee = ListPolicy(list_id="bee.example.com", list_name="bee", mail_host="example.com", display_name="Bee")
    lists.create(conn, bee, 1.0)
    held.insert_if_absent(conn, post("e1", sender="Eve@Example.NET", held_at=10.0))
    held.insert_if_absent(conn, post("e2", sender="eve@example.net", held_at=20.0, list_id=bee.list_id))
    held.insert_if_absent(conn, post("e3", sender="bob@sub.example.net", held_at=30.0))
    held.insert_if_absent(conn, post("e4", sender="", held_at=40.0))

    def chosen(**by: Any) -> list[str]:
        return [found.entry for found in held.matching(conn, **by)]

    assert chosen() == ["e1", "e2", "e3", "e4"]
    assert chosen(list_id="ant.example.com") == ["e1", "e3", "e4"]
    assert chosen(sender="EVE@example.net") == ["e1", "e2"]
    assert chosen(sender="@example.net") == ["e1", "e2"]
    assert chosen(sender="@SUB.example.net") == ["e3"]
    assert chosen(sender="no address") == []
    assert chosen(held_before=20.0) == ["e1"]
    assert chosen(most=2) == ["e1", "e2"]
    assert chosen(list_id="ant.example.com", held_before=99.0, most=2) == ["e1", "e3"]
    assert chosen(held_before=25.0, sender="@example.net", list_id=bee.list_id) == ["e2"]


def test_a_number_that_a_moderator_has_seen_never_means_another_post(conn: Connection) -> None:
    """He has listed one post, somebody else has decided about it, and the next one is held."""
    held.insert_if_absent(conn, post("e1"))
    (seen,) = held.rows(conn)
    held.delete(conn, "host-a", "e1")
    held.insert_if_absent(conn, post("e2"))
    assert held.by_id(conn, seen.id) is None


def test_many_are_found_by_their_numbers(conn: Connection) -> None:
    for number in range(held.CHUNK + 2):
        held.insert_if_absent(conn, post(f"e{number}"))
    numbers = [found.id for found in held.rows(conn)]
    found = held.by_ids(conn, [*numbers, *numbers, 0, 2**63, numbers[-1] + 1])
    assert list(found) == numbers


def test_lists_with_waiting_posts_are_counted(conn: Connection) -> None:
    bee = ListPolicy(list_id="bee.example.com", list_name="bee", mail_host="example.com", display_name="Bee")
    lists.create(conn, bee, 1.0)
    for entry, held_at in (("e1", 20.0), ("e2", 10.0), ("e3", 5.0)):
        held.insert_if_absent(conn, post(entry, held_at=held_at))
    held.insert_if_absent(conn, post("e4", list_id=bee.list_id))
    held.decide(conn, "host-a", "e3", "accept", 12.0)
    assert held.waiting(conn) == [
        held.Waiting(list_id="ant.example.com", count=2, oldest=10.0),
        held.Waiting(list_id="bee.example.com", count=1, oldest=11.5),
    ]
