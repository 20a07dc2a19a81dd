"""Whatever happens to addresses, users, memberships and preferences: what `store.rosters` keeps in memory is
recognised as old by the version of the list, and says what the statements for one post say."""

import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection

from mlcore.base.errors import BadInput
from mlcore.lists.model import DeliveryMode, DeliveryStatus, Domain, Member, Preferences, Role, Roster
from mlcore.lists.styles import new_policy
from mlcore.store import addresses, domains, lists, members, memberships, preferences, standings, users
from mlcore.store.connect import make_engine
from mlcore.store.engine import open_sync
from mlcore.store.upgrade import prepare

ADDRESSES = [f"p{number}@example.org" for number in range(7)]
LISTS = ["ant.example.com", "bee.example.com"]
STEPS = 300
OFTEN = ("prefer", "subscribe a user", "absorb", "add")
"""Without these users have one address each, and nothing to prefer."""


class People:
    """Does something to somebody, at random; much of it cannot be, and is a BadInput."""

    def __init__(self, conn: Connection, dice: random.Random) -> None:
        self._conn = conn
        self._dice = dice
        self.actions: dict[str, Callable[[], object]] = {
            "add": self._add,
            "end a role": lambda: members.remove_many(
                conn, self._list(), [self._address()], role=self._role()
            ),
            "end one": lambda: memberships.remove(conn, [self._membership()]),
            "subscribe a user": lambda: memberships.subscribe_user(
                conn, self._list(), self._user(), self._role(), 1.0
            ),
            "another address": lambda: memberships.change(conn, self._membership(), address=self._address()),
            "know": lambda: addresses.ensure(conn, self._address(), "", 1.0),
            "know a person": lambda: users.ensure(conn, self._address(), "", 1.0),
            "verify": lambda: addresses.verify(conn, self._address(), 1.0),
            "link": lambda: addresses.link(conn, self._address(), self._user()),
            "unlink": lambda: addresses.unlink(conn, self._address()),
            "rename": lambda: addresses.rename(conn, self._address(), self._address()),
            "forget": lambda: addresses.remove(conn, self._address()),
            "prefer": self._prefer,
            "prefer none": lambda: users.set_preferred(conn, self._user(), None),
            "absorb": lambda: users.absorb(conn, self._user(), self._user()),
            "remove": lambda: users.remove(conn, self._user()),
            "of an address": lambda: preferences.set_of_address(conn, self._address(), self._preferences()),
            "of a user": lambda: preferences.set_of_user(conn, self._user(), self._preferences()),
            "of a member": lambda: preferences.set_of_member(conn, self._membership(), self._preferences()),
        }

    def _address(self) -> str:
        found = self._dice.choice(ADDRESSES)
        return found.upper() if self._dice.random() < 0.2 else found

    def _list(self) -> str:
        return self._dice.choice(LISTS)

    def _role(self) -> Role:
        return Role.MEMBER if self._dice.random() < 0.3 else self._dice.choice(list(Role))

    def _user(self) -> str:
        known = users.all(self._conn)
        having = [one for one in known if users.addresses_of(self._conn, one.user_id)]
        return self._dice.choice(having or known or [users.create(self._conn, now=1.0)]).user_id

    def _membership(self) -> str:
        known = list(memberships.all_memberships(self._conn))
        return self._dice.choice(known).member_id if known else "nobody"

    def _preferences(self) -> Preferences:
        def some(*values: Any) -> Any:
            return self._dice.choice((None, *values))

        return Preferences(
            receive_list_copy=some(True, False),
            receive_own_postings=some(True, False),
            delivery_mode=some(*DeliveryMode),
            delivery_status=some(*DeliveryStatus),
        )

    def _add(self) -> None:
        wanted = [
            Member(address=self._address(), role=self._role(), receive_own_postings=self._dice.random() < 0.5)
            for _ in range(3)
        ]
        members.add_many(self._conn, self._list(), wanted, 1.0)

    def _prefer(self) -> None:
        user = self._user()
        known = users.addresses_of(self._conn, user)
        if known:
            chosen = self._dice.choice(known).address
            addresses.verify(self._conn, chosen, 1.0)
            users.set_preferred(self._conn, user, chosen)


def _look(conn: Connection, list_id: str) -> tuple[members.RosterVersion | None, Roster]:
    roster = standings.roster(conn, list_id, 1_000)
    assert roster is not None
    return members.roster_version(conn, list_id), roster


def _check(conn: Connection, list_id: str, roster: Roster) -> None:
    assert roster.recipients == members.recipients(conn, list_id)
    got = [recipient.address.lower() for recipient in roster.recipients]
    assert len(set(got)) == len(got)
    regular = [
        member.address.lower()
        for member in members.members(conn, list_id, Role.MEMBER)
        if (member.delivery_mode, member.delivery_status) == (DeliveryMode.REGULAR, DeliveryStatus.ENABLED)
    ]
    assert sorted(regular) == sorted(got)
    for key in (*ADDRESSES, "stranger@example.org"):
        found = standings.of_senders(conn, list_id, [key]).get(key)
        known = roster.standings.get(key)
        # Nonmembers are not in memory: of whoever is one besides, the rest says what counts.
        at_home = frozenset() if found is None else found.roles - {Role.NONMEMBER}
        assert (known.roles if known else frozenset()) == at_home
        if found is not None and Role.MEMBER in at_home:
            assert known == msgspec.structs.replace(found, roles=at_home)


@pytest.mark.parametrize("seed", range(4))
def test_no_roster_in_memory_is_old_without_a_sign(database_url: str, seed: int) -> None:
    prepare(database_url)
    with open_sync(database_url) as conn:
        domains.create(conn, Domain(mail_host="example.com"), 1.0)
        for list_id in LISTS:
            lists.create(conn, new_policy("legacy-default", list_id.partition(".")[0], "example.com"), 1.0)
    dice = random.Random(seed)
    with make_engine(database_url, writes=True).connect() as conn:
        people = People(conn, dice)
        with conn.begin():
            before = {list_id: _look(conn, list_id) for list_id in LISTS}
        for _ in range(STEPS):
            action = dice.choice((*sorted(people.actions), *OFTEN * 3))
            try:
                with conn.begin():
                    people.actions[action]()
            except BadInput:
                pass
            with conn.begin():
                for list_id in LISTS:
                    version, roster = _look(conn, list_id)
                    old_version, old_roster = before[list_id]
                    assert version != old_version or roster == old_roster, action
                    _check(conn, list_id, roster)
                    before[list_id] = version, roster
