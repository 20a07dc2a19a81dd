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


def test_what_is_urgent_is_taken_before_all_others_in_its_order() -> None:
    waiting = Waiting("out")
    for name, urgent in (("a", False), ("b", True), ("c", False), ("d", True)):
        waiting.put(name, urgent=urgent)
    assert (waiting.ready, len(waiting), waiting.oldest()) == (4, 4, "a")
    assert list(waiting.names()) == ["b", "d", "a", "c"]
    assert [waiting.take() for _ in range(5)] == ["b", "d", "a", "c", None]


def test_the_bell_of_what_is_urgent_is_silent_about_the_rest() -> None:
    waiting = Waiting("out")
    waiting.put("a")
    assert not waiting.urgent_bell.is_set()
    assert waiting.take(urgent=True) is None
    assert waiting.bell.is_set()
    waiting.put("b", urgent=True)
    assert waiting.urgent_bell.is_set()
    assert waiting.take(urgent=True) == "b"
    assert waiting.urgent_bell.is_set()  # until somebody has asked in vain
    assert waiting.take(urgent=True) is None
    assert not waiting.urgent_bell.is_set()
    assert waiting.take() == "a"


def test_what_is_put_back_is_as_urgent_as_before() -> None:
    waiting = Waiting("out")
    waiting.put("a")
    waiting.put("b", urgent=True)
    assert (waiting.take(), waiting.take()) == ("b", "a")
    waiting.put("a")
    waiting.put("b")
    assert waiting.take() == "b"
    waiting.put_first("b")
    waiting.put_first("a")
    assert [waiting.take() for _ in range(2)] == ["b", "a"]
    waiting.put("b")
    assert waiting.take_this("b")
    assert "b" in waiting


def test_a_name_that_was_forgotten_is_not_urgent_any_more() -> None:
    waiting = Waiting("out")
    waiting.put("b", urgent=True)
    waiting.forget("b")
    assert "b" not in waiting
    assert len(waiting) == 0
    waiting.put("a")
    waiting.put("b")
    assert waiting.take() == "a"


def test_a_queue_that_is_counted_anew_keeps_nothing_urgent() -> None:
    waiting = Waiting("shunt")
    waiting.put("a", urgent=True)
    waiting.replace(["b"])
    assert list(waiting.names()) == ["b"]
