"""What goes on the wire, and what never does."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.delivery.commands import (
    BAD_RECIPIENT,
    BAD_SENDER,
    MAX_ADDRESS,
    NO_EIGHT_BIT,
    NO_UTF8_ADDRESS,
    NO_UTF8_HEADER,
    TOO_BIG,
    _xtext,
    prepare,
    sendable,
    stuffed,
)
from mlcore.delivery.features import Features
from mlcore.delivery.outcome import Delivered
from mlcore.delivery.transport import SealedMessage, Transaction
from mlcore.mail.reply import ACCEPTED
from support.delivery import transaction as transaction_to

ALL = Features(pipelining=True, chunking=True, eight_bit=True, smtputf8=True, size=0)
BARE = Features()
BODY = b"Subject: x\r\n\r\nbody\r\n"


def transaction(
    *recipients: str,
    reverse_path: str = "ant-bounces@example.com",
    octets: bytes = BODY,
    eight_bit: bool = False,
    utf8_header: bool = False,
) -> Transaction:
    return Transaction(
        entry="e",
        list_id="ant.example.com",
        reverse_path=reverse_path,
        recipients=recipients,
        numbers=tuple(range(len(recipients))),
        message=SealedMessage(octets, eight_bit=eight_bit, utf8_header=utf8_header),
    )


@pytest.mark.parametrize(
    "address",
    [
        "ant@example.com",
        "postmaster",
        "o'neil+x=y@example.com",
        '"john doe"@example.com',
        '"a\\"b"@example.com',
        "user@[IPv6:::1]",
        "用户@例え.jp",
        "a" * (MAX_ADDRESS - 4) + "@b.c",
    ],
)
def test_sendable(address: str) -> None:
    assert sendable(address)


INJECTIONS = [
    "",
    "a@b\r\nRCPT TO:<evil@example.com",
    "a@b\nDATA",
    "a@b\r",
    "a@b\0",
    "a@b> SIZE=1",
    "<a@b",
    "a@b SIZE=99999999",
    "a b@example.com",
    "a\t@example.com",
    '"a\r\nb"@example.com',
    '"a>b"@example.com',
    '"a"b@example.com',
    "a\\@example.com",
    "a\x7f@example.com",
    "a\x85@example.com",
    "a\u2028@example.com",
    "a\ud800@example.com",
    "a" * (MAX_ADDRESS - 3) + "@b.c",
    "ü" * (MAX_ADDRESS // 2) + "@b.c",
]


@pytest.mark.parametrize("address", INJECTIONS)
def test_p9_what_could_be_a_second_command_is_refused(address: str) -> None:
    assert not sendable(address)
    prepared = prepare(transaction("good@example.com", address, "fine@example.com"), ALL)
    assert prepared.settled == {1: BAD_RECIPIENT}
    assert list(prepared.recipients) == ["good@example.com", "fine@example.com"]
    if address:
        whole = prepare(transaction("good@example.com", reverse_path=address), ALL)
        assert whole.outcomes(()) == (BAD_SENDER,)


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5), st.text(max_size=30))
def test_p9_a_group_has_one_line_per_command(recipients: list[str], reverse_path: str) -> None:
    prepared = prepare(transaction(*recipients, reverse_path=reverse_path), ALL)
    if not prepared.recipients:
        return
    group = prepared.envelope("DATA")
    lines = group.split(b"\r\n")
    assert len(lines) == len(prepared.recipients) + 3
    assert group.count(b"\r") == group.count(b"\n") == len(lines) - 1
    assert b"\0" not in group
    assert lines[0].startswith(b"MAIL FROM:<")
    assert all(re.fullmatch(rb"RCPT TO:<[^<>]+>", line) for line in lines[1:-2])
    assert all(len(line) <= 510 for line in lines[1:])


def test_the_plain_case() -> None:
    prepared = prepare(transaction("a@x", "b@y"), ALL)
    assert prepared.envelope("BDAT 20 LAST") == (
        b"MAIL FROM:<ant-bounces@example.com> SIZE=20\r\nRCPT TO:<a@x>\r\nRCPT TO:<b@y>\r\nBDAT 20 LAST\r\n"
    )
    assert prepared.outcomes((Delivered(ACCEPTED),) * 2) == (Delivered(ACCEPTED),) * 2


def test_the_null_sender() -> None:
    assert (
        prepare(transaction("a@x", reverse_path=""), BARE).envelope() == b"MAIL FROM:<>\r\nRCPT TO:<a@x>\r\n"
    )


@pytest.mark.parametrize(
    ("eight_bit", "utf8_header", "recipient", "parameters"),
    [
        (False, False, "a@x", " SIZE=20"),
        (True, False, "a@x", " SIZE=20 BODY=8BITMIME"),
        (False, True, "a@x", " SIZE=20 BODY=8BITMIME SMTPUTF8"),
        (False, False, "ä@x", " SIZE=20 SMTPUTF8"),
    ],
)
def test_p13_parameters_say_what_the_message_needs(
    eight_bit: bool, utf8_header: bool, recipient: str, parameters: str
) -> None:
    prepared = prepare(transaction(recipient, eight_bit=eight_bit, utf8_header=utf8_header), ALL)
    assert prepared.mail == f"MAIL FROM:<ant-bounces@example.com>{parameters}"


def test_p13_no_eight_bit_content_without_8bitmime() -> None:
    prepared = prepare(transaction("a@x", "b@y", eight_bit=True), Features(smtputf8=True))
    assert not prepared.recipients
    assert prepared.outcomes(()) == (NO_EIGHT_BIT, NO_EIGHT_BIT)
    assert NO_EIGHT_BIT.reply.enhanced == "5.6.3"
    assert NO_EIGHT_BIT.policy


def test_p13_without_smtputf8_only_utf8_addresses_fail() -> None:
    prepared = prepare(transaction("a@x", "ä@y", "c@z"), Features(eight_bit=True))
    assert prepared.settled == {1: NO_UTF8_ADDRESS}
    assert prepared.mail == "MAIL FROM:<ant-bounces@example.com>"
    assert prepared.outcomes((Delivered(ACCEPTED),) * 2) == (
        Delivered(ACCEPTED),
        NO_UTF8_ADDRESS,
        Delivered(ACCEPTED),
    )
    assert NO_UTF8_ADDRESS.reply.enhanced == "5.6.7"


def test_p13_without_smtputf8_a_utf8_header_or_sender_reaches_nobody() -> None:
    peer = Features(eight_bit=True)
    assert prepare(transaction("a@x", utf8_header=True), peer).outcomes(()) == (NO_UTF8_HEADER,)
    assert prepare(transaction("a@x", reverse_path="ä@x"), peer).outcomes(()) == (NO_UTF8_HEADER,)
    assert NO_UTF8_HEADER.reply.enhanced == "5.6.7"


def test_p13_size_is_obeyed() -> None:
    assert prepare(transaction("a@x"), Features(size=19)).outcomes(()) == (TOO_BIG,)
    assert prepare(transaction("a@x"), Features(size=20)).recipients == ("a@x",)
    assert TOO_BIG.reply.enhanced == "5.3.4"


def test_the_last_line_ends() -> None:
    assert prepare(transaction("a@x", octets=b"x"), ALL).octets == b"x\r\n"
    assert prepare(transaction("a@x", octets=b""), ALL).octets == b"\r\n"


@given(st.lists(st.sampled_from([b"", b".", b"..", b".a", b"a.", b"a"])).map(b"\r\n".join))
def test_p4_no_line_of_stuffed_content_is_a_lone_dot(octets: bytes) -> None:
    octets += b"\r\n"
    sent = stuffed(octets)
    assert not sent.startswith(b".\r\n")
    assert b"\r\n.\r\n" not in sent
    lines = [line[1:] if line.startswith(b".") else line for line in sent.split(b"\r\n")]
    assert b"\r\n".join(lines) == octets


DSN = Features(pipelining=True, dsn=True)


def test_where_reports_are_offered_each_address_is_said_for_them_too() -> None:
    """RFC 3461 4.2 to 4.4, and xtext of its section 4."""
    one = transaction_to("anne@example.org", "bart+list=x@example.org", "c" * 161 + "@example.org")
    assert prepare(one, DSN).envelope("DATA").decode().splitlines() == [
        f"MAIL FROM:<ant-bounces@example.com> RET=HDRS ENVID={one.entry}",
        "RCPT TO:<anne@example.org> ORCPT=rfc822;anne@example.org",
        "RCPT TO:<bart+list=x@example.org> ORCPT=rfc822;bart+2Blist+3Dx@example.org",
        f"RCPT TO:<{'c' * 161}@example.org>",
        "DATA",
    ]


def test_an_address_that_is_not_ascii_is_not_said_for_reports() -> None:
    one = transaction_to("あ@example.org")
    prepared = prepare(one, Features(pipelining=True, dsn=True, smtputf8=True))
    assert prepared.envelope().decode().splitlines()[1:] == ["RCPT TO:<あ@example.org>"]


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40))
def test_p9_xtext_holds_no_second_parameter(text: str) -> None:
    written = _xtext(text)
    assert written.isascii()
    assert not set(written) & {" ", "=", "\r", "\n"}
    assert re.sub(r"\+([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), written) == text
