"""Addresses in fields."""

from mlcore.lists import mailboxes
from mlcore.mail.address import parse
from support.posts import draft


def _spelt(*lines: str | bytes, limit: int = 1_000) -> list[tuple[str, str]]:
    found = mailboxes.named(draft(*lines).fields, "to", "cc", limit=limit)
    return [(name, str(mailbox)) for name, mailbox in found]


def test_names_and_addresses_of_several_fields() -> None:
    assert _spelt("Cc: c@example.com", "To: Anne <A@Example.com>,", " b@example.com") == [
        ("Anne", "A@Example.com"),
        ("", "b@example.com"),
        ("", "c@example.com"),
    ]


def test_p9_an_encoded_comma_makes_no_second_address() -> None:
    assert _spelt("To: =?utf-8?q?Evil=2C_bad=40example=2Ecom=2C?= <a@example.com>") == [
        ("Evil, bad@example.com,", "a@example.com"),
    ]


def test_folded_and_latin_1_fields_are_read() -> None:
    assert _spelt(b"To: Ren\xe9", b"\t<r@example.com>")[0][1] == "r@example.com"


def test_the_limit_counts_over_all_fields() -> None:
    lines = ["To: " + ", ".join(f"u{n}@example.com" for n in range(5)), "Cc: x@example.com"]
    assert len(_spelt(*lines, limit=5)) == 5
    assert len(_spelt(*lines, limit=3)) == 3
    assert len(_spelt(*lines)) == 6


def test_written_is_one_address_a_line() -> None:
    found = [
        ("Anne Person", parse("a@example.com")),
        ("", parse("b@example.com")),
        ("あ", parse("c@example.com")),
    ]
    body = mailboxes.written(found, 10)
    first, second, third = body.split(b",\r\n ")
    assert first == b"Anne Person <a@example.com>"
    assert second == b"b@example.com"
    assert third.startswith(b"=?utf-8?")
    assert third.endswith(b" <c@example.com>")


def test_p9_a_name_with_line_ends_stays_in_the_field() -> None:
    body = mailboxes.written([("x\r\nBcc: evil@example.net\r\n\r\n", parse("a@example.com"))], 10)
    assert b"\nB" not in body
    assert body.endswith(b" <a@example.com>")
