"""What a list keeps of each post that goes out: its number, and when it was."""

import pytest
from sqlalchemy import Connection

from mlcore.store import lists, numbers

ANT = "ant.example.com"


@pytest.mark.row("handler: after-delivery")
def test_number_and_time_are_taken_once_for_each_entry(conn: Connection) -> None:
    assert (lists.state(conn, ANT).post_id, lists.state(conn, ANT).last_post_at) == (1, None)
    assert numbers.take(conn, "first", ANT, 100.0) == 1
    assert numbers.take(conn, "first", ANT, 200.0) == 1  # the step was repeated
    assert (lists.state(conn, ANT).post_id, lists.state(conn, ANT).last_post_at) == (2, 100.0)
    assert numbers.take(conn, "second", ANT, 300.0) == 2
    assert (lists.state(conn, ANT).post_id, lists.state(conn, ANT).last_post_at) == (3, 300.0)
