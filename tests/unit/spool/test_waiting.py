from mlcore.mail.envelope import Notice
from mlcore.spool.entry import Entry
from mlcore.spool.records import Records
from mlcore.spool.waiting import Memory, Waiting


def test_names_are_taken_in_order_and_put_back() -> None:
    waiting = Waiting("in")
    for name in ("b", "a"):
        waiting.put(name)
    assert waiting.bell.is_set()
    assert (waiting.ready, len(waiting), waiting.oldest()) == (2, 2, "a")
    assert waiting.take() == "b"
    assert "b" in waiting
    assert list(waiting.names()) == ["b", "a"]
    waiting.put_first("b")
    assert (waiting.take(), waiting.take(), waiting.take()) == ("b", "a", None)
    assert not waiting.bell.is_set()
    waiting.forget("a")
    waiting.forget("never there")
    assert "a" not in waiting
    assert len(waiting) == 1


def test_one_name_can_be_taken_by_itself() -> None:
    waiting = Waiting("hold")
    waiting.put("a")
    assert waiting.take_this("a")
    assert not waiting.take_this("a")
    assert waiting.oldest() == "a"
    assert Waiting("out").oldest() is None


def test_a_queue_that_nobody_takes_from_is_counted_anew() -> None:
    waiting = Waiting("shunt")
    waiting.put("a")
    waiting.replace(["b", "c"])
    assert list(waiting.names()) == ["b", "c"]


def test_memory_is_bounded_and_given_back() -> None:
    entry = Entry(Notice(kind="x", arrived_at=1.0), ("a",), b"x" * 900)
    memory = Memory(octets=4000)
    records: Records = object()  # type: ignore[assignment]
    for name in ("a", "a", "b", "c"):
        memory.keep(name, entry, records)
    assert memory.take("a") == (entry, records)
    assert memory.take("a") is None
    assert memory.take("c") is None
    memory.keep("d", entry, records)
    assert memory.take("d") is not None
