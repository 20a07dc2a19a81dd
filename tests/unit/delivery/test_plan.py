"""Transactions of a message: everybody once, domains together."""

import time

from hypothesis import given
from hypothesis import strategies as st

from mlcore.delivery.plan import plan

ADDRESSES = st.lists(st.sampled_from(["a@x.org", "b@X.ORG", "c@y.com", "d@z.net", "e", ""]), max_size=60)


@given(ADDRESSES, st.integers(min_value=1, max_value=9), st.data())
def test_p10_every_open_number_once(addresses: list[str], limit: int, data: st.DataObject) -> None:
    numbers = data.draw(st.sets(st.sampled_from(range(len(addresses))))) if addresses else set()
    chunks = list(plan(addresses, numbers, limit))
    assert sorted(number for chunk in chunks for number in chunk) == sorted(numbers)
    assert all(0 < len(chunk) <= limit for chunk in chunks)
    assert all(list(chunk) == sorted(chunk) for chunk in chunks)
    assert len(chunks) <= 2 * -(-len(numbers) // limit)


def test_what_fits_is_one_chunk_in_order() -> None:
    assert list(plan(["a@z", "b@y", "c@z"], [2, 0, 1], 3)) == [(0, 1, 2)]
    assert list(plan(["a@z", "b@y", "c@z"], [2, 0, 1], 0)) == [(0, 1, 2)]
    assert list(plan([], [], 3)) == []


def test_a_domain_stays_together() -> None:
    addresses = ["a@x", "b@y", "c@x", "d@y", "e@X", "f@y"]
    assert list(plan(addresses, range(6), 4)) == [(0, 2, 4), (1, 3, 5)]


def test_a_domain_too_large_is_cut_and_its_rest_shared() -> None:
    addresses = ["a@x"] + ["b@y"] * 7 + ["c@z"]
    assert list(plan(addresses, range(9), 3)) == [(0, 1, 2), (3, 4, 5), (6, 7, 8)]


def test_a_hundred_thousand_in_no_time() -> None:
    addresses = [f"member{number}@d{number % 3_000}.example" for number in range(100_000)]
    begin = time.process_time()
    chunks = list(plan(addresses, range(100_000), 500))
    assert time.process_time() - begin < 1.0
    assert sum(map(len, chunks)) == 100_000
    assert len(chunks) <= 220


def test_utf8_addresses_do_not_make_the_others_need_smtputf8() -> None:
    addresses = ["a@z", "太郎@y", "c@例え.jp", "d@z"]
    assert list(plan(addresses, range(4), 10)) == [(0, 3), (1, 2)]
    assert list(plan(addresses, [1, 2], 1)) == [(1,), (2,)]
