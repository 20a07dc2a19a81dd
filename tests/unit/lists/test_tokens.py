"""Tokens: good for one thing, and not to be made by anybody without the key."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists import tokens
from mlcore.lists.tokens import Purpose, fits, is_token, new_identity, token, token_hash

KEY = bytes(range(32))
IDENTITY = "0123456789abcdef0123456789abcdef01234567"


def made(
    purpose: Purpose = "subscription",
    list_id: str = "ant.example.com",
    address_key: str = "anne@example.com",
    identity: str = IDENTITY,
    key: bytes = KEY,
) -> str:
    return token(key, purpose, list_id, address_key, identity)


def test_the_form_of_a_token_does_not_change() -> None:
    """Tokens stand in mail that people answer after an upgrade."""
    assert made() == "3feda7787ed2f0a3111cca3ac5d901594ac846db"
    assert token_hash(made()) == "609de74a28cb8ae345da55053f399407c9d5d68cc723f74a7d6d6c88917e7af4"


def test_p23_it_is_for_one_purpose_list_address_and_request() -> None:
    found = {
        made(),
        made(purpose="unsubscription"),
        made(purpose="held"),
        made(list_id="bee.example.com"),
        made(address_key="bart@example.com"),
        made(identity=IDENTITY[::-1]),
        made(key=bytes(32)),
    }
    assert len(found) == 7
    assert all(len(one) == 40 and is_token(one) for one in found)


def test_parts_do_not_run_together() -> None:
    assert made(list_id="a", address_key="bc") != made(list_id="ab", address_key="c")


@given(st.text(), st.text())
def test_any_text_can_be_part_of_one(list_id: str, address_key: str) -> None:
    assert is_token(made(list_id=list_id, address_key=address_key))
    assert is_token(made(list_id=list_id + "\udcff", address_key=address_key))


def test_p23_identities_are_160_random_bits() -> None:
    found = [new_identity() for _ in range(100)]
    assert len(set(found)) == 100
    assert all(is_token(one) for one in found)
    assert len({sign for one in found for sign in one}) == 16


def test_mail_programs_may_change_its_case() -> None:
    assert fits(made().upper(), made())
    assert token_hash(made().upper()) == token_hash(made())
    assert is_token(made().upper())


@pytest.mark.parametrize(
    "text", ["", "0" * 39, "0" * 41, "g" * 40, "0" * 40 + "\n", " " + "0" * 39, "０" * 40, "\udcff" * 40]
)
def test_what_is_no_token(text: str) -> None:
    assert not is_token(text)
    assert not fits(text, made())
    assert len(token_hash(text)) == 64


def test_every_digit_counts() -> None:
    right = made()
    for at, other in itertools.product(range(tokens.LENGTH), "0f"):
        wrong = right[:at] + other + right[at + 1 :]
        assert fits(wrong, right) is (wrong == right)
