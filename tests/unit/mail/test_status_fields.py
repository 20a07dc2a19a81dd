"""Groups of fields in machine-readable reports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.mail import mime, status_fields
from mlcore.mail.fields import split
from mlcore.mail.mime import Part


def part(body: bytes, *fields: bytes) -> Part:
    head = b"".join(field + b"\r\n" for field in fields)
    return mime.parse(*split(head + b"\r\n" + body))


def names(body: bytes) -> list[list[str]]:
    return [list(group) for group in status_fields.groups(part(body))]


def test_an_empty_line_parts_two_recipients() -> None:
    one = b"Final-Recipient: rfc822; a@example.org\nAction: failed\n"
    assert names(b"Reporting-MTA: dns; x\n\n" + one + b"\n" + one) == [
        ["reporting-mta", "final-recipient", "action"],
        ["final-recipient", "action"],
    ]


def test_an_empty_line_within_a_group_does_not() -> None:
    assert names(b"Final-Recipient: rfc822; a@example.org\n\n\nAction: failed\n") == [
        ["final-recipient", "action"]
    ]


def test_recipients_without_an_empty_line_are_told_apart() -> None:
    one = b"Original-Recipient: a\nFinal-Recipient: b\nAction: failed\n"
    assert names(one + one) == [["original-recipient", "final-recipient", "action"]] * 2
    assert names(b"Final-Recipient: a\nFinal-Recipient: b\n") == [["final-recipient"]] * 2


def test_no_fields_are_no_group() -> None:
    assert names(b"") == []
    assert names(b"\n\nnothing here\n\n") == []


def test_folds_are_undone_and_what_is_no_field_is_skipped() -> None:
    found = list(status_fields.lines(part(b"A: one\r\n two\r\n\tthree\r\nno field\r\nB:\r\n \r\nC : x")))
    assert [line for line in found if line[0]] == [("a", b"one two three"), ("b", b""), ("c", b"x")]


def test_a_continuation_of_nothing_is_skipped() -> None:
    assert list(status_fields.lines(part(b" lost\nA: x"))) == [("a", b"x")]


def test_a_value_is_bounded() -> None:
    found = dict(status_fields.lines(part(b"A: " + b"x" * 3_990 + b"\n yyyy" * 1_000)))
    assert len(found["a"]) == 4_000


def test_a_group_holds_a_bounded_number_of_fields() -> None:
    (group,) = status_fields.groups(part(b"".join(b"A%d: x\n" % number for number in range(500))))
    assert len(group) == 200


def test_the_first_of_a_name_counts() -> None:
    (group,) = status_fields.groups(part(b"Action: failed\nAction: delivered\n"))
    assert group["action"] == b"failed"


@pytest.mark.parametrize(
    ("value", "address"),
    [
        (b"rfc822; anne@example.org", "anne@example.org"),
        (b"RFC822;<anne@example.org>", "anne@example.org"),
        (b"rfc822; Anne <anne@example.org>", "anne@example.org"),
        (b"rfc822; anne@example.org (Anne Person)", "anne@example.org"),
        (b"x-local; anne@example.org", "anne@example.org"),
        (b"anne@example.org", "anne@example.org"),
        (b"<anne@example.org>", "anne@example.org"),
        (b"anne@example.org>", "anne@example.org"),
        (b"rfc822; anne+2Btea@example.org", "anne+tea@example.org"),
        (b"rfc822; anne+2btea@example.org", "anne+2btea@example.org"),
        (b"utf-8; \\x{30A2}@example.org", "ア@example.org"),
        ("utf-8; ア@example.org".encode(), "ア@example.org"),
        (b"utf-8; \\x{D800}@example.org", "\ufffd@example.org"),
        (b"utf-8; \\x{FFFFFF}@example.org", "\ufffd@example.org"),
        (b"rfc822; \\x{30A2}@example.org", ""),
        (b"x400; /C=XX/S=Anne", ""),
        (b"rfc822; anne", ""),
        (b"rfc822;", ""),
        (b"", ""),
    ],
)
def test_the_address_of_a_recipient(value: bytes, address: str) -> None:
    assert status_fields.recipient(value) == address


@given(st.binary())
def test_no_octets_raise(octets: bytes) -> None:
    list(status_fields.groups(part(octets)))
    status_fields.recipient(octets)
