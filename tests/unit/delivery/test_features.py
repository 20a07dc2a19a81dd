"""EHLO replies as servers write them."""

import pytest

from mlcore.delivery.features import Features, read_features


def test_what_postfix_says() -> None:
    lines = (
        "mail.example.com",
        "PIPELINING",
        "SIZE 10240000",
        "VRFY",
        "ETRN",
        "STARTTLS",
        "AUTH PLAIN login",
        "ENHANCEDSTATUSCODES",
        "8BITMIME",
        "DSN",
        "SMTPUTF8",
        "CHUNKING",
    )
    assert read_features(lines) == Features(
        pipelining=True,
        chunking=True,
        eight_bit=True,
        smtputf8=True,
        starttls=True,
        dsn=True,
        size=10_240_000,
        auth=frozenset({"PLAIN", "LOGIN"}),
    )


def test_a_name_is_no_keyword() -> None:
    assert read_features(("PIPELINING",)) == Features()
    assert read_features(("",)) == Features()


@pytest.mark.parametrize(
    ("line", "size"),
    [("SIZE", 0), ("SIZE 0", 0), ("size 17", 17), ("SIZE x", 0), ("SIZE " + "9" * 5_000, 0), ("SIZE -1", 0)],
)
def test_size(line: str, size: int) -> None:
    assert read_features(("peer", line)).size == size


def test_old_and_new_auth_lines_add_up() -> None:
    assert read_features(("peer", "AUTH=LOGIN", "AUTH PLAIN", "")).auth == {"LOGIN", "PLAIN"}
