"""Results of commands, kept until their entry is gone."""

from sqlalchemy import Connection

from mlcore.lists.command_answers import Result, Results
from mlcore.lists.reasons import Reason
from mlcore.store import command_results

RESULTS = Results(
    (Result("who", (Reason("Members found: {}", "1"),), rows=("お茶 <tea@example.org>",), due=False),),
    unknown=2,
    language="ja",
    answer="results",
    count=3,
)


def test_what_was_kept_comes_back_until_it_is_forgotten(conn: Connection) -> None:
    assert command_results.get(conn, "e1") is None
    command_results.put(conn, "e1", RESULTS, 5.0)
    assert command_results.get(conn, "e1") == RESULTS
    command_results.forget(conn, "e1")
    assert command_results.get(conn, "e1") is None
    command_results.forget(conn, "e1")


def test_the_first_results_of_an_entry_stay(conn: Connection) -> None:
    command_results.put(conn, "e1", RESULTS, 5.0)
    command_results.put(conn, "e1", Results(), 6.0)
    assert command_results.get(conn, "e1") == RESULTS


def test_what_nobody_asked_for_is_purged(conn: Connection) -> None:
    command_results.put(conn, "e1", RESULTS, 5.0)
    command_results.put(conn, "e2", RESULTS, 6.0)
    assert command_results.purge(conn, 5.0) == 1
    assert command_results.get(conn, "e1") is None
    assert command_results.get(conn, "e2") == RESULTS
