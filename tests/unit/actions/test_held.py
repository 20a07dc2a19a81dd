"""Decisions about held posts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection

from mlcore.actions import held, lists
from mlcore.base.errors import BadInput
from mlcore.lists import tokens
from mlcore.lists.model import Action, Member, Role
from mlcore.lists.reasons import Reason
from mlcore.store import addresses, members, memberships
from mlcore.store import held as rows
from mlcore.store import lists as list_rows
from mlcore.store.held import HeldPost, insert_if_absent
from support.site import SiteInDirectory

NOW = 1_700_000_000.0
EVE = "eve@example.net"
ANT = "ant.example.com"


def token(letter: str) -> str:
    return letter * 40


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with SiteInDirectory(tmp_path).connection() as connection:
        for name in ("ant", "bee"):
            lists.create(connection, f"{name}@example.com", now=NOW)
        for entry, name in (("a" * 21, "ant"), ("b" * 21, "bee"), ("c" * 21, "ant")):
            post = HeldPost(
                spool="here",
                entry=f"{entry}.h",
                list_id=f"{name}.example.com",
                sender=EVE,
                subject="offer",
                reasons=(Reason("The message is not from a list member"),),
                arrived_at=NOW,
                held_at=NOW,
                identity=entry,
                token_hash=tokens.token_hash(token(entry[0])),
            )
            assert insert_if_absent(connection, post)
        yield connection


def test_what_waits_is_shown_oldest_first(connection: Connection) -> None:
    assert [post.entry[0] for post in held.waiting(connection)] == ["a", "b", "c"]
    assert [post.entry[0] for post in held.waiting(connection, "ant.example.com")] == ["a", "c"]


def test_a_decision_is_taken_once(connection: Connection) -> None:
    first, second, _ = held.waiting(connection)

    decided, before = held.decide(connection, [first.id, second.id, first.id], "accept", now=NOW)
    assert ([post.id for post in decided], before) == ([first.id, second.id], [])

    decided, before = held.decide(connection, [first.id], "discard", now=NOW)
    assert decided == []
    assert [(post.id, post.decision) for post in before] == [(first.id, "accept")]
    assert [post.entry[0] for post in held.waiting(connection)] == ["c"]


def test_a_number_of_nobody_is_refused(connection: Connection) -> None:
    with pytest.raises(BadInput, match=r"^No such held post: 99"):
        held.decide(connection, [99], "accept", now=NOW)


# -- what goes with a decision -----------------------------------------------------------------------------


def test_one_bad_number_or_address_decides_nothing(connection: Connection) -> None:
    first, *_ = held.waiting(connection)
    tried: tuple[dict[str, Any], ...] = (
        {"ids": [first.id, 99]},
        {"ids": [first.id], "forward_to": ["nobody"]},
        {"ids": [first.id], "forward_to": ["ant@example.com"]},
        {"ids": [first.id], "forward_to": ["ant-request@example.com"]},
        {"ids": [first.id], "forward_to": ["bee-confirm+x@example.com"]},
        {"ids": [first.id], "forward_to": [f"a{number}@example.org" for number in range(21)]},
        {"ids": [first.id], "comment": "x" * (held.LONGEST_COMMENT + 1)},
    )
    for wrong in tried:
        with pytest.raises(BadInput):
            held.decide(connection, decision="discard", now=NOW, **wrong)
    assert len(held.waiting(connection)) == 3


def test_all_that_was_said_is_written_down(connection: Connection) -> None:
    first, *_ = held.waiting(connection)
    held.decide(
        connection,
        [first.id],
        "reject",
        comment=" Not here.\r\nAsk\x1b[2J bee\ud800\x00 instead ",
        forward_to=["Anne@example.org", "anne@EXAMPLE.org", "bee@example.com"],
        preserve=True,
        now=NOW,
    )
    (found,) = rows.due(connection, "here")
    assert found.comment == "Not here.\nAsk[2J bee? instead"
    assert found.forward_to == ("anne@EXAMPLE.org", "bee@example.com")
    assert found.preserve


def test_posts_are_forwarded_and_go_on_waiting(connection: Connection) -> None:
    first, second, third = held.waiting(connection)
    held.decide(connection, [second.id], "discard", now=NOW)
    done = held.forward(connection, [first.id, second.id, first.id], ["anne@example.org"])
    assert [post.id for post in done] == [first.id]
    assert [post.id for post in held.waiting(connection)] == [first.id, third.id]
    assert [post.forward_to for post in rows.due(connection, "here")] == [("anne@example.org",), ()]
    with pytest.raises(BadInput, match="nobody"):
        held.forward(connection, [first.id], [])
    with pytest.raises(BadInput, match="99"):
        held.forward(connection, [99], ["anne@example.org"])


def test_posts_are_chosen(connection: Connection) -> None:
    assert len(held.chosen(connection)) == 3
    assert len(held.chosen(connection, list_id=ANT, sender="@example.net", held_before=NOW + 1)) == 2
    assert held.chosen(connection, held_before=NOW) == []


def test_a_token_stands_for_one_post_that_waits(connection: Connection) -> None:
    first, *_ = held.waiting(connection)
    assert held.by_token(connection, ANT, token("a")) == first
    assert held.by_token(connection, ANT, token("a").upper()) == first
    assert held.by_token(connection, "bee.example.com", token("a")) is None
    assert held.by_token(connection, ANT, token("d")) is None
    assert held.by_token(connection, ANT, "%") is None
    held.decide(connection, [first.id], "accept", now=NOW)
    assert held.by_token(connection, ANT, token("a")) is None


# -- and accept this sender from now on ----------------------------------------------------------------------


def actions_of(connection: Connection, role: Role, address: str = EVE) -> list[Action | None]:
    found = memberships.on_list(connection, ANT, role, [address])
    return [one.moderation_action for one in found]


def accept_first(connection: Connection) -> None:
    held.decide(connection, [held.waiting(connection)[0].id], "accept", accept_sender=True, now=NOW)


def test_a_stranger_becomes_a_nonmember_whose_posts_are_let_through(connection: Connection) -> None:
    accept_first(connection)
    assert actions_of(connection, Role.NONMEMBER) == [Action.ACCEPT]
    assert actions_of(connection, Role.MEMBER) == []
    assert held.accept_from(connection, ANT, EVE.upper(), NOW) is False


def test_a_nonmember_gets_the_action(connection: Connection) -> None:
    members.add_many(connection, ANT, [Member(address=EVE, role=Role.NONMEMBER)], NOW)
    accept_first(connection)
    assert actions_of(connection, Role.NONMEMBER) == [Action.ACCEPT]


def test_a_moderated_member_gets_the_action(connection: Connection) -> None:
    members.add_many(connection, ANT, [Member(address=EVE)], NOW)
    (one,) = memberships.on_list(connection, ANT, Role.MEMBER, [EVE])
    memberships.change(connection, one.member_id, moderation_action=Action.HOLD)
    accept_first(connection)
    assert actions_of(connection, Role.MEMBER) == [Action.ACCEPT]
    assert actions_of(connection, Role.NONMEMBER) == []


def test_a_member_whom_the_list_moderates_gets_the_action(connection: Connection) -> None:
    policy = list_rows.get(connection, ANT)
    assert policy is not None
    list_rows.change(connection, msgspec.structs.replace(policy, default_member_action=Action.HOLD))
    members.add_many(connection, ANT, [Member(address=EVE)], NOW)
    accept_first(connection)
    assert actions_of(connection, Role.MEMBER) == [Action.ACCEPT]


def test_a_member_who_is_not_moderated_stays_as_he_is(connection: Connection) -> None:
    """His post was held for what it was; accept would let all his posts pass the rules about that."""
    members.add_many(connection, ANT, [Member(address=EVE)], NOW)
    accept_first(connection)
    assert actions_of(connection, Role.MEMBER) == [None]
    assert actions_of(connection, Role.NONMEMBER) == []


def test_a_member_is_known_by_another_address_of_his(connection: Connection) -> None:
    members.add_many(connection, ANT, [Member(address="home@example.net")], NOW)
    (one,) = memberships.on_list(connection, ANT, Role.MEMBER, ["home@example.net"])
    memberships.change(connection, one.member_id, moderation_action=Action.HOLD)
    addresses.ensure(connection, EVE, "", NOW)
    addresses.link(connection, EVE, one.user_id)
    accept_first(connection)
    assert actions_of(connection, Role.MEMBER, "home@example.net") == [Action.ACCEPT]
    assert actions_of(connection, Role.NONMEMBER) == []


def test_who_was_decided_about_before_is_not_accepted(connection: Connection) -> None:
    first, *_ = held.waiting(connection)
    held.decide(connection, [first.id], "discard", now=NOW)
    held.decide(connection, [first.id], "accept", accept_sender=True, now=NOW)
    assert actions_of(connection, Role.NONMEMBER) == []


def test_nobody_is_accepted_where_there_is_nobody(connection: Connection) -> None:
    assert held.accept_from(connection, ANT, "", NOW) is False
    with pytest.raises(list_rows.NoSuchList):
        held.accept_from(connection, "wasp.example.com", EVE, NOW)
