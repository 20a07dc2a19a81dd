from mlcore.spool.layout import ACTIVE, DEAD_ENDS, DIRECTORIES, INJECTABLE, PARENTS, QUEUES, ancestors


def test_every_ancestor_is_a_prefix_up_to_a_dot() -> None:
    assert list(ancestors("ID.h.p.o")) == ["ID", "ID.h", "ID.h.p"]
    assert list(ancestors("ID")) == []


def test_dead_ends_are_neither_active_nor_parents() -> None:
    assert set(ACTIVE) | DEAD_ENDS == set(QUEUES) == set(DIRECTORIES) - {"tmp"}
    assert not DEAD_ENDS & PARENTS
    assert set(INJECTABLE) <= PARENTS
