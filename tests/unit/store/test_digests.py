"""Posts that wait for digests, and issues made of them."""

import msgspec
import pytest
from sqlalchemy import Connection, func, select

from mlcore.lists.model import DeliveryMode, Domain, ListPolicy
from mlcore.store import digests, domains, lists
from mlcore.store.digests import DigestPost, StoredIssue
from mlcore.store.lists import NoSuchList
from mlcore.store.schema import digest_issues, digest_items

ANT = "ant.example.com"
BEE = "bee.example.com"
DAY = 86_400.0


def post(number: int | None, *, size: int = 4, entry: str = "", at: float = 100.0) -> DigestPost:
    return DigestPost(entry or f"{number}.d", number, b"x" * size, at)


def fill(conn: Connection, *numbers: int, list_id: str = ANT) -> None:
    for number in numbers:
        assert digests.keep(conn, list_id, post(number, entry=f"{list_id}{number}.d"))


def make(conn: Connection, number: int = 1, *, list_id: str = ANT, now: float = 200.0) -> StoredIssue:
    taken = digests.unsent(conn, list_id)
    return digests.make(conn, list_id, 1, number, f"{list_id}{number}", taken, now)


@pytest.fixture
def bee(conn: Connection) -> str:
    bee = ListPolicy(list_id=BEE, list_name="bee", mail_host="example.com", display_name="Bee")
    lists.create(conn, bee, 1_000.0)
    return BEE


def test_a_post_is_taken_once_however_often_its_entry_comes(conn: Connection) -> None:
    assert digests.keep(conn, ANT, post(1))
    assert not digests.keep(conn, ANT, post(1, size=99))
    assert digests.size(conn, ANT) == 4
    issue = make(conn)
    assert not digests.keep(conn, ANT, post(1))
    assert digests.hand_over(conn, issue, (), 300.0)
    assert not digests.keep(conn, ANT, post(1))
    assert digests.unsent(conn, ANT) == []


def test_what_waits_is_counted_for_each_list(conn: Connection, bee: str) -> None:
    assert (digests.size(conn, ANT), digests.waiting(conn)) == (0, {})
    fill(conn, 1, 2)
    fill(conn, 7, list_id=bee)
    assert (digests.size(conn, ANT), digests.size(conn, bee)) == (8, 4)
    assert digests.waiting(conn) == {ANT: 2, bee: 1}
    make(conn)
    assert (digests.size(conn, ANT), digests.waiting(conn)) == (0, {bee: 1})


def test_octets_are_what_they_were_and_posts_come_in_the_order_of_their_numbers(conn: Connection) -> None:
    octets = bytes(range(256))
    for number in (12, 3, None, 7):
        digests.keep(conn, ANT, DigestPost(f"{number}.d", number, octets, 1.0))
    issue = make(conn)
    found = digests.posts_of(conn, issue.key)
    assert [one.number for one in found] == [3, 7, 12, None]
    assert {one.octets for one in found} == {octets}


def test_an_issue_takes_what_fits_and_the_rest_waits(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(conn, 1, 2, 3, 4)
    monkeypatch.setattr(digests, "MOST_OCTETS", 8)
    assert digests.unsent(conn, ANT) == [f"{ANT}1.d", f"{ANT}2.d"]
    monkeypatch.setattr(digests, "MOST_OCTETS", 3)  # a large post goes alone, but it goes
    make(conn)
    assert digests.unsent(conn, ANT) == [f"{ANT}2.d"]
    monkeypatch.setattr(digests, "MOST_OCTETS", 1_000)
    monkeypatch.setattr(digests, "MOST_ITEMS", 2)
    assert len(digests.unsent(conn, ANT)) == 2


def test_issues_are_open_until_they_are_handed_over(conn: Connection, bee: str) -> None:
    fill(conn, 1)
    fill(conn, 2, list_id=bee)
    first, second = make(conn), make(conn, list_id=bee)
    assert digests.open_issues(conn) == [first, second]
    assert digests.hand_over(conn, first, (), 300.0)
    assert digests.open_issues(conn) == [second]
    assert digests.posts_of(conn, first.key) == []
    row = conn.execute(select(digest_items).where(digest_items.c.issue == first.key)).one()
    assert (row.octets, row.sent_at, row.size) == (None, 300.0, 4)


def test_to_hand_over_again_changes_nothing(conn: Connection) -> None:
    fill(conn, 1)
    issue = make(conn)
    assert digests.hand_over(conn, issue, (), 300.0)
    assert digests.hand_over(conn, issue, (), 400.0)
    assert conn.execute(select(digest_items.c.sent_at)).scalar() == 300.0


def test_what_belongs_to_a_list_goes_with_it(conn: Connection) -> None:
    fill(conn, 1, 2)
    issue = make(conn)
    fill(conn, 3)
    digests.remember_last(conn, ANT, "anne@example.org", "anne@example.org", DeliveryMode.MIME_DIGESTS)
    lists.remove(conn, ANT)
    assert not digests.hand_over(conn, issue, (), 300.0)
    assert digests.open_issues(conn) == []
    assert conn.execute(select(func.count()).select_from(digest_items)).scalar() == 0
    with pytest.raises(NoSuchList):
        digests.keep(conn, ANT, post(4))
    with pytest.raises(NoSuchList):
        digests.unsent(conn, ANT)


def test_numbers_are_those_of_the_list(conn: Connection) -> None:
    digests.set_number(conn, ANT, 7, 3, 500.0)
    state = lists.state(conn, ANT)
    assert (state.volume, state.next_digest_number, state.digest_last_sent_at) == (7, 3, 500.0)


# -- once a day ---------------------------------------------------------------------------------------------


@pytest.mark.row("attribute: digest_send_periodic")
def test_the_issue_of_the_day_is_due_where_something_waits_from_before(
    conn: Connection, ant: ListPolicy
) -> None:
    digests.keep(conn, ANT, post(1, at=DAY - 1))
    assert digests.due(conn, 0.0) == []
    assert digests.due(conn, DAY) == [ANT]
    assert digests.is_due(conn, ANT, DAY)
    assert not digests.is_due(conn, BEE, DAY)
    lists.change(conn, msgspec.structs.replace(ant, digest_send_periodic=False))
    assert digests.due(conn, DAY) == []


def test_there_is_one_issue_of_the_day(conn: Connection) -> None:
    digests.keep(conn, ANT, post(1, at=DAY - 1))
    make(conn, now=DAY + 60)
    digests.keep(conn, ANT, post(2, at=DAY - 2))  # it came late
    assert digests.due(conn, DAY) == []
    assert digests.due(conn, 2 * DAY) == [ANT]


# -- one last digest ----------------------------------------------------------------------------------------


def test_nobody_is_owed_a_digest_where_nothing_waits(conn: Connection) -> None:
    one = ("anne@example.org", "anne@example.org", DeliveryMode.PLAINTEXT_DIGESTS)
    assert not digests.remember_last(conn, ANT, *one)
    assert digests.last_ones(conn, ANT) == {}
    fill(conn, 1)
    assert digests.remember_last(conn, ANT, *one)
    assert digests.remember_last(conn, ANT, *one)
    assert digests.last_ones(conn, ANT) == {"anne@example.org": DeliveryMode.PLAINTEXT_DIGESTS}


def test_an_issue_that_is_not_handed_over_is_owed_too(conn: Connection) -> None:
    fill(conn, 1)
    issue = make(conn)
    one = ("anne@example.org", "anne@example.org", DeliveryMode.MIME_DIGESTS)
    assert digests.remember_last(conn, ANT, *one)
    other = ("bart@example.org", "bart@example.org", DeliveryMode.MIME_DIGESTS)
    assert digests.remember_last(conn, ANT, *other)
    digests.hand_over(conn, issue, ["anne@example.org"], 300.0)
    assert list(digests.last_ones(conn, ANT)) == ["bart@example.org"]
    assert not digests.remember_last(conn, ANT, *one)


def test_who_leaves_is_owed_nothing(conn: Connection) -> None:
    fill(conn, 1)
    digests.remember_last(conn, ANT, "anne@example.org", "anne@example.org", DeliveryMode.MIME_DIGESTS)
    digests.forget_last(conn, ANT, ["bart@example.org", "anne@example.org"])
    assert digests.last_ones(conn, ANT) == {}


# -- forgetting ---------------------------------------------------------------------------------------------


def test_posts_are_forgotten_once_they_were_sent_and_their_entries_are_gone(conn: Connection) -> None:
    fill(conn, 1, 2)
    issue = make(conn)
    digests.hand_over(conn, issue, (), 300.0)
    fill(conn, 3)
    assert digests.purge(conn, 300.0, lambda _: False) == 0
    assert digests.purge(conn, 301.0, {f"{ANT}2.d"}.__contains__) == 1
    assert not digests.keep(conn, ANT, post(2, entry=f"{ANT}2.d"))
    assert conn.execute(select(digest_issues.c.id)).scalars().all() == [issue.key]
    assert digests.purge(conn, 301.0, lambda _: False) == 1
    assert conn.execute(select(digest_issues.c.id)).scalars().all() == []
    assert digests.waiting(conn) == {ANT: 1}


def test_issues_that_are_open_or_young_are_kept(conn: Connection) -> None:
    fill(conn, 1)
    make(conn, now=200.0)
    assert digests.purge(conn, 1e9, lambda _: False) == 0
    assert len(digests.open_issues(conn)) == 1


def test_more_than_a_page_is_forgotten(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "CHUNK", 2)
    monkeypatch.setattr(digests, "PAGE", 2)
    monkeypatch.setattr(digests, "_OLD", digests._OLD.limit(2))
    fill(conn, 1, 2, 3, 4, 5)
    digests.hand_over(conn, make(conn), (), 300.0)
    assert digests.purge(conn, 301.0, lambda _: False, limit=2) == 2
    assert digests.purge(conn, 301.0, lambda _: False) == 3


def test_lists_of_other_domains_have_their_own(conn: Connection) -> None:
    domains.create(conn, Domain(mail_host="example.net"), 1.0)
    lists.create(
        conn,
        ListPolicy(list_id="ant.example.net", list_name="ant", mail_host="example.net", display_name="A"),
        1.0,
    )
    fill(conn, 1)
    assert digests.waiting(conn) == {ANT: 1}
    assert digests.unsent(conn, "ant.example.net") == []
