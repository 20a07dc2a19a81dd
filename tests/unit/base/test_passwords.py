"""Hashes of passwords: those that Mailman makes are understood, and no hash or password does harm."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from passlib.hash import pbkdf2_sha256, pbkdf2_sha512, sha256_crypt, sha512_crypt

from mlcore.base.errors import BadInput
from mlcore.base.passwords import LONGEST, ROUNDS, hashed, matches


def test_a_password_matches_its_own_hash_alone() -> None:
    made = hashed("あめ secret")
    assert matches(made, "あめ secret")
    assert not matches(made, "あめ Secret")
    assert made.isascii()
    assert "secret" not in made


def test_new_hashes_are_the_scheme_of_mailman_with_todays_rounds() -> None:
    made = hashed("x")
    assert made.startswith(f"$6$rounds={ROUNDS}$")
    assert hashed("x") != made


@pytest.mark.parametrize(
    "hash_",
    [
        sha512_crypt.using(rounds=60_000).hash("ant"),
        sha512_crypt.using(rounds=120_000).hash("ant"),
        sha256_crypt.using(rounds=80_000).hash("ant"),
        "$6$saltsalt$kAx4r59vNR0ubXYFtG3YUX3UvE.PwBb1ruQ8gZMY8E2IFkKlkI6t4uvnXNkK8qAODrVyRmMqfJGXqYR/O1Q0A1",
        "$5$saltsalt$8L3woNaFsPMvNYwGtB6J3hJ/J3n4JeFHeVYa5hjAmp0",  # these two by openssl passwd
        pbkdf2_sha512.using(rounds=1_000).hash("ant"),
        pbkdf2_sha256.using(rounds=1_000).hash("ant"),
    ],
    ids=lambda text: text.rpartition("$")[0],
)
def test_hashes_that_mailman_has_made_are_understood(hash_: str) -> None:
    assert matches(hash_, "ant")
    assert not matches(hash_, "bee")
    assert not matches(hash_, "")


@pytest.mark.parametrize(
    "hash_",
    [
        "",
        "ant",
        "!",
        "$6$",
        "$6$rounds=x$salt$sum",
        "$6$rounds=60000$" + "s" * 17 + "$x",
        "$6$rounds=60000$salt$short",
        "$5$rounds=-1$salt$x",
        "$pbkdf2-sha512$0$$",
        "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
        "$2b$12$" + "x" * 53,
        "{SSHA}abc",
        "ａｎｔ",
        "\udcff",
        "$6$\0",
        "$6$" + "x" * 1_000_000,
    ],
    ids=lambda text: ascii(text[:30]),
)
def test_what_is_no_hash_matches_nothing(hash_: str) -> None:
    assert not matches(hash_, "ant")
    assert not matches(hash_, hash_)


def test_a_hash_that_would_take_minutes_matches_nothing_at_once() -> None:
    slow = "$6$rounds=999999999$saltsaltsaltsalt$" + "x" * 86
    begun = time.monotonic()
    assert not matches(slow, "ant")
    assert time.monotonic() - begun < 0.5


@pytest.mark.parametrize("password", ["", "a\nb", "a\0", "\x7f", "\udcff", "あ" * (LONGEST // 3 + 1)])
def test_what_is_no_password_is_refused_and_matches_nothing(password: str) -> None:
    with pytest.raises(BadInput):
        hashed(password)
    assert not matches(sha512_crypt.using(rounds=1_000).hash("ant"), password)


@settings(max_examples=200)
@given(st.text(max_size=600), st.text(max_size=600))
@example("00000000000000000", "0")  # taken for an old hash with a salt that is too long
def test_nothing_raises(hash_: str, password: str) -> None:
    assert not matches(hash_, password)
    assert not matches("$6$rounds=1000$" + hash_, password)
