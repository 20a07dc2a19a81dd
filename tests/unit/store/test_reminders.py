"""When moderators were last reminded."""

from sqlalchemy import Connection

from mlcore.store import lists, notices, reminders

ANT = "ant.example.com"


def test_the_last_reminder_counts(conn: Connection) -> None:
    assert reminders.last(conn) == {}
    reminders.note(conn, ANT, 100.0)
    reminders.note(conn, ANT, 200.5)
    assert reminders.last(conn) == {ANT: 200.5}


def test_a_reminder_goes_with_its_list(conn: Connection) -> None:
    reminders.note(conn, ANT, 100.0)
    lists.remove(conn, ANT)
    assert reminders.last(conn) == {}


def test_whether_a_reminder_waits_to_be_sent(conn: Connection) -> None:
    notices.queue(conn, "welcome", ANT, [("anne@example.org", "")], 1.0)
    assert not reminders.is_queued(conn, ANT)
    notices.queue(conn, "pending", ANT, [("", "")], 1.0)
    assert reminders.is_queued(conn, ANT)
    assert not reminders.is_queued(conn, "bee.example.com")
