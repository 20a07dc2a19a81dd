"""How an entry is cut into what is sent at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.delivery.plan import Portions, has_own_sender, portions

WHO = [f"m{number}@{'ab'[number % 2]}.example" for number in range(20)]


@given(
    st.sets(st.integers(0, 19), min_size=1),
    st.integers(0, 5),
    st.integers(0, 7),
    st.integers(1, 6),
    st.integers(1, 6),
    st.booleans(),
    st.booleans(),
)
def test_every_open_number_once_and_each_in_its_way(
    wanted: set[int],
    verp: int,
    post: int,
    most: int,
    at_once: int,
    personal: bool,
    xverp: bool,
) -> None:
    cut = list(portions(WHO, wanted, Portions(most, at_once, xverp), personal=personal, verp=verp, post=post))

    assert sorted(number for portion in cut for number in portion.numbers) == sorted(wanted)
    for portion in cut:
        assert portion.numbers
        assert len(portion.numbers) <= (at_once if portion.how == "each" else most)
        own = {has_own_sender(verp, post, number) for number in portion.numbers}
        if personal:
            assert portion.how == "each"
        elif portion.how == "shared":
            assert own == {False}
        else:
            assert own == {True}
            assert portion.how == ("xverp" if xverp else "each")


@pytest.mark.parametrize(("xverp", "how"), [(True, "xverp"), (False, "each")])
def test_who_has_no_room_in_a_sender_gets_the_shared_one(xverp: bool, how: str) -> None:
    who = ["a@x.example", "b" * 20 + "@x.example", "c@x.example", "あああ@x.example"]
    cut = list(portions(who, range(4), Portions(9, 9, xverp, 17), personal=False, verp=1))
    assert cut == [((0, 2), how), ((1,), "shared"), ((3,), "shared")]


def test_with_every_nth_sender_others_have_theirs_next_time() -> None:
    told = {number for post in range(3) for number in range(20) if has_own_sender(3, post, number)}
    assert told == set(range(20))
    assert not any(has_own_sender(0, post, 0) for post in range(3))
    assert sum(has_own_sender(3, 1, number) for number in range(20)) in {6, 7}
