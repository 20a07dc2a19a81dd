"""So many within a span of time, for each key."""

from mlcore.runners import budget
from mlcore.runners.budget import Budget


def test_each_key_has_its_own_budget_within_a_window_that_moves() -> None:
    two = Budget(2, 10.0)
    assert [two.take("a", now) for now in (0.0, 5.0, 9.0)] == [True, True, False]
    assert two.take("b", 9.0)
    assert [two.take("a", now) for now in (10.0, 11.0, 15.0)] == [True, False, True]


def test_what_is_over_is_forgotten_before_memory_fills() -> None:
    one = Budget(1, 10.0)
    for number in range(budget._MOST_KEYS):
        assert one.take(str(number), 0.0 if number else 5.0)
    assert one.take("new", 11.0)
    assert len(one._taken) == 2
    assert not one.take("0", 11.0)


def test_a_flood_of_keys_within_one_window_does_not_fill_memory() -> None:
    one = Budget(1, 10.0)
    for number in range(budget._MOST_KEYS + 1):
        assert one.take(str(number), 0.0)
    assert len(one._taken) == 1
