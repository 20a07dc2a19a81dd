import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.base.clock import FakeClock
from mlcore.base.ids import NAME, ROOT_ID, IdMaker, RandomHex, root_of


def test_ids_are_sorted_by_birth() -> None:
    clock = FakeClock()
    ids = IdMaker(clock)
    first = [ids.new() for _ in range(3)]
    clock.advance(0.001)
    made = [*first, ids.new()]
    assert made == sorted(made)
    assert all(ROOT_ID.match(name) and NAME.match(name) for name in made)


@given(st.lists(st.floats(-1e6, 1e6)))
def test_a_clock_that_jumps_makes_no_id_twice_nor_out_of_order(jumps: list[float]) -> None:
    clock = FakeClock(2e6)
    ids = IdMaker(clock, lambda size: "00" * size)
    made = []
    for jump in jumps:
        clock.jump(jump)
        made += [ids.new(), ids.new()]
    assert made == sorted(set(made))


def test_a_clock_before_1970_is_1970() -> None:
    assert IdMaker(FakeClock(-5.0)).new().startswith("0" * 11)


def test_a_full_counter_borrows_from_the_next_millisecond() -> None:
    ids = IdMaker(FakeClock())
    first = ids.new()
    ids._count = 0xFFFF
    assert ids.new()[:15] == f"{int(first[:11], 16) + 1:011x}0000"


def test_a_group_shares_a_prefix() -> None:
    ids = IdMaker(FakeClock())
    first, second, third = ids.group(3)
    assert (second, third) == (f"{first}-2", f"{first}-3")
    assert ids.group(1)[0] > first
    assert ROOT_ID.match(third)
    for size in (0, 100_000):
        with pytest.raises(ValueError, match="99,999"):
            ids.group(size)


def test_names() -> None:
    root = IdMaker(FakeClock()).new()
    assert root_of(f"{root}.h.p.o") == root_of(root) == root
    assert NAME.match(f"{root}.h.p.v12")
    for wrong in ("", "lock", f"{root}.", f"{root}.O", f"{root}/x", f"{root}\n", f"s-{root}"):
        assert not NAME.match(wrong)


def test_random_digits_are_asked_for_in_blocks() -> None:
    asked: list[int] = []

    def source(octets: int) -> str:
        asked.append(octets)
        return "0123456789abcdef" * (octets // 8)

    digits = RandomHex(source)
    assert digits(3) == "012345"
    assert digits(5) == "6789abcdef"
    assert asked == [512]
    for _ in range(200):
        assert len(digits(3)) == 6
    assert asked == [512, 512]
