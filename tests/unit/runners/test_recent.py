"""Posts of the last day, in memory."""

from pathlib import Path

from mlcore.base.clock import FakeClock
from mlcore.lists.model import Domain, ListPolicy
from mlcore.runners.recent import DAY_S, RecentPosts
from mlcore.store import domains, lists, numbers
from mlcore.store.engine import Store, open_sync
from mlcore.store.upgrade import prepare

ANT = "ant.example.com"


def test_the_same_again_on_the_same_list() -> None:
    recent = RecentPosts(FakeClock())
    assert recent.duplicate_of(ANT, "e1", "c") == ""
    recent.note(ANT, "e1", content_key="c")
    assert recent.duplicate_of(ANT, "e2", "c") == "e1"
    assert recent.duplicate_of(ANT, "e2", "d") == ""
    assert recent.duplicate_of("bee.example.com", "e2", "c") == ""


def test_a_post_is_no_duplicate_of_itself() -> None:
    """Its step may be repeated, and it may come back by way of a moderator."""
    recent = RecentPosts(FakeClock())
    recent.note(ANT, "e1", content_key="c")
    assert recent.duplicate_of(ANT, "e1", "c") == ""
    assert recent.duplicate_of(ANT, "e1.h.p", "c") == ""


def test_two_copies_at_the_same_moment() -> None:
    recent = RecentPosts(FakeClock())
    assert recent.begin(ANT, "e1", "c") == ""
    assert recent.begin(ANT, "e2", "c") == "e1"
    assert recent.begin(ANT, "e1", "c") == ""  # its step is repeated
    assert recent.begin(ANT, "e3", "") == ""
    recent.note(ANT, "e1", content_key="c")
    recent.end("e1")
    recent.end("e2")
    assert recent.begin(ANT, "e4", "c") == "e1"


def test_who_was_refused_may_send_the_same_again() -> None:
    """He has joined meanwhile."""
    recent = RecentPosts(FakeClock())
    assert recent.begin(ANT, "e1", "c") == ""
    recent.end("e1")
    assert recent.begin(ANT, "e2", "c") == ""


def test_what_cannot_be_compared_is_no_duplicate() -> None:
    recent = RecentPosts(FakeClock())
    recent.note(ANT, "e1", content_key="")
    assert recent.duplicate_of(ANT, "e2", "") == ""


def test_posts_are_counted_by_sender_and_once_each() -> None:
    recent = RecentPosts(FakeClock())
    for entry in ("e1", "e2", "e2.h.p"):
        recent.note(ANT, entry, sender_key="anne@example.net")
    assert recent.posts_of(ANT, "anne@example.net") == 2
    assert recent.posts_of(ANT, "bart@example.net") == 0
    assert recent.posts_of("bee.example.com", "anne@example.net") == 0


def test_what_a_moderator_refused_may_come_again() -> None:
    """Its author was told why."""
    recent = RecentPosts(FakeClock())
    recent.note_held(ANT, "e1", "c")
    assert recent.duplicate_of(ANT, "e2", "c") == "e1"
    recent.refused(ANT, "e1.h")
    assert recent.duplicate_of(ANT, "e2", "c") == ""
    recent.refused(ANT, "e1.h")
    recent.note(ANT, "e2", content_key="c")
    recent.refused(ANT, "e2.h")
    assert recent.duplicate_of(ANT, "e3", "c") == "e2"


def test_a_refused_post_does_not_take_away_what_is_known_of_its_copy() -> None:
    recent = RecentPosts(FakeClock())
    recent.note_held(ANT, "e1", "c")
    recent.note(ANT, "e2", content_key="c")
    recent.refused(ANT, "e1.h")
    assert recent.duplicate_of(ANT, "e3", "c") == "e2"


def test_a_held_post_that_comes_again_with_the_password_is_no_duplicate() -> None:
    """Moderators take it out of the notice, and send it with `Approved:`. Once, though."""
    recent = RecentPosts(FakeClock())
    recent.note_held(ANT, "e1", "c")
    assert recent.begin(ANT, "e2", "c") == "e1"
    assert recent.begin(ANT, "e3", "c", approved=True) == ""
    recent.note(ANT, "e3", content_key="c")
    recent.end("e3")
    assert recent.begin(ANT, "e4", "c", approved=True) == "e3"
    recent.note_held(ANT, "e5", "c")
    recent.note_held(ANT, "e6", "")
    assert recent.begin(ANT, "e4", "c", approved=True) == "e3"


def test_held_and_then_accepted() -> None:
    """It is known from when it was held, and counts from when it was accepted."""
    recent = RecentPosts(FakeClock())
    recent.note_held(ANT, "e1", "c")
    assert recent.posts_of(ANT, "anne@example.net") == 0
    recent.note(ANT, "e1.h.p", sender_key="anne@example.net", content_key="c")
    assert recent.posts_of(ANT, "anne@example.net") == 1
    assert recent.duplicate_of(ANT, "e2", "c") == "e1"


def test_after_a_day_all_is_forgotten() -> None:
    clock = FakeClock()
    recent = RecentPosts(clock)
    recent.note(ANT, "e1", sender_key="anne@example.net", content_key="c")
    clock.advance(DAY_S - 1)
    recent.note(ANT, "e2", sender_key="anne@example.net", content_key="d")
    clock.advance(2)
    assert recent.duplicate_of(ANT, "e3", "c") == ""
    assert recent.duplicate_of(ANT, "e3", "d") == "e2"
    assert recent.posts_of(ANT, "anne@example.net") == 1
    clock.advance(DAY_S)
    assert recent.posts_of(ANT, "anne@example.net") == 0


def test_memory_has_a_bound() -> None:
    recent = RecentPosts(FakeClock(), most=10)
    for number in range(30):
        recent.note(ANT, f"e{number}", sender_key="anne@example.net", content_key=f"c{number}")
    assert recent.posts_of(ANT, "anne@example.net") == 10
    assert recent.duplicate_of(ANT, "x", "c19") == ""
    assert recent.duplicate_of(ANT, "x", "c20") == "e20"
    for number in range(30, 60):
        recent.note_held(ANT, f"e{number}", f"c{number}")
    recent.refused(ANT, "e31")
    assert recent.duplicate_of(ANT, "x", "c31") == ""
    assert recent.duplicate_of(ANT, "x", "c59") == "e59"


async def test_a_start_reads_what_went_through(database_url: str, tmp_path: Path) -> None:
    prepare(database_url)
    clock = FakeClock()
    now = clock.time()
    with open_sync(database_url) as conn:
        domains.create(conn, Domain(mail_host="example.com"), now)
        ant = ListPolicy(list_id=ANT, list_name="ant", mail_host="example.com", display_name="Ant")
        lists.create(conn, ant, now)
        numbers.take(conn, "old", ANT, now - DAY_S - 1, numbers.Post("anne@example.net", "m", "c0"))
        numbers.take(conn, "e1.h.p", ANT, now - 5, numbers.Post("anne@example.net", "m", "c1"))
    store = Store(database_url)
    await store.start()
    recent = RecentPosts(clock)
    await recent.load(store)
    await store.stop()
    assert recent.posts_of(ANT, "anne@example.net") == 1
    assert recent.duplicate_of(ANT, "e2", "c1") == "e1"
    assert recent.duplicate_of(ANT, "e2", "c0") == ""
