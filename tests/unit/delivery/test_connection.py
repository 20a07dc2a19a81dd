"""Transactions over real sockets, with a peer that follows a script.

The rows of the fault matrix "SMTP dialogue" are here."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from mlcore.delivery.connection import BLOCK, SMALL_MESSAGE
from mlcore.delivery.outcome import Deferred, Delivered, Failed, Outcome, Unknown
from mlcore.delivery.settings import Timeouts
from mlcore.delivery.transport import Transaction
from mlcore.mail.reply import Reply
from support.delivery import BODY, PATIENT, SHORT, connection_to, transaction
from support.scripted_peer import (
    EHLO_ALL,
    EHLO_BARE,
    EHLO_DATA,
    Await,
    Drop,
    Hang,
    Pause,
    Say,
    ScriptedPeer,
    Stall,
    Step,
    Take,
    TakeToDot,
    greeted,
)
from support.sink import Sink, SinkSettings

A, B = "a@x.example", "b@y.example"
TWO = transaction(A, B)
STUFFED = b"Subject: x\r\n\r\n..dot\r\nbody\r\n"
SENT = Delivered(Reply(250, "2.0.0", "Sent"))
GONE = Failed(Reply(550, "5.1.1", "Gone"))
LATER = Deferred(Reply(450, "4.2.0", "Later"))
LOST = Reply(451, "4.4.2", "The connection to the mail server was lost")
LATE = Reply(451, "4.4.2", "The mail server did not answer in time")
NONSENSE = Reply(451, "4.5.0", "The mail server's answer made no sense")

ENVELOPE: list[Step] = [
    Await("MAIL FROM:<ant-bounces@example.com>"),
    Await(f"RCPT TO:<{A}>"),
    Await(f"RCPT TO:<{B}>"),
]
BDAT: list[Step] = [*ENVELOPE, Await(f"BDAT {len(BODY)} LAST"), Take(len(BODY))]
DATA: list[Step] = [*ENVELOPE, Await("DATA")]
ENVELOPE_OK: list[Step] = [Say("250 2.1.0 Ok"), Say("250 2.1.5 Ok"), Say("250 2.1.5 Ok")]
GO: list[Step] = [Say("354 Go")]
OK: list[Step] = [Say("250 2.0.0 Sent")]
RESET: list[Step] = [Await("RSET"), Say("250 2.0.0 Ok")]


@dataclass
class Conversation:
    outcomes: list[tuple[Outcome, ...]]
    usable: bool
    untouched: bool
    heard: list[bytes]
    finished: int


async def converse(
    steps: Sequence[Step], *transactions: Transaction, ehlo: str = EHLO_ALL, timeouts: Timeouts = PATIENT
) -> Conversation:
    async with ScriptedPeer([[*greeted(ehlo), *steps]]) as peer:
        connection = await connection_to(peer.port, timeouts)
        try:
            outcomes = [await connection.transact(one) for one in transactions]
            for _ in range(3):
                await asyncio.sleep(0)
            return Conversation(outcomes, connection.usable, connection.untouched, peer.heard, peer.finished)
        finally:
            connection.abort()
            await connection.gone()


async def test_chunking_takes_one_round_trip() -> None:
    """The whole transaction is there before the peer says a word."""
    talk = await converse([*BDAT, *ENVELOPE_OK, *OK, Hang()], TWO)
    assert talk.outcomes == [(SENT, SENT)]
    assert talk.usable
    assert BODY in talk.heard


async def test_pipelining_takes_two() -> None:
    talk = await converse([*DATA, *ENVELOPE_OK, *GO, TakeToDot(), *OK, Hang()], TWO, ehlo=EHLO_DATA)
    assert talk.outcomes == [(SENT, SENT)]
    assert talk.usable
    assert STUFFED in talk.heard


async def test_without_pipelining_each_command_waits_for_its_reply() -> None:
    steps: list[Step] = []
    for command, reply in zip(DATA, [*ENVELOPE_OK, *GO], strict=True):
        steps += [command, reply]
    talk = await converse([*steps, TakeToDot(), *OK, Hang()], TWO, ehlo=EHLO_BARE)
    assert talk.outcomes == [(SENT, SENT)]
    assert STUFFED in talk.heard
    assert talk.usable


async def test_chunking_without_pipelining() -> None:
    steps: list[Step] = []
    for command, reply in zip(ENVELOPE, ENVELOPE_OK, strict=True):
        steps += [command, reply]
    talk = await converse([*steps, *BDAT[3:], *OK, Hang()], TWO, ehlo="250-peer\r\n250 CHUNKING\r\n")
    assert talk.outcomes == [(SENT, SENT)]


async def test_several_transactions_in_one_conversation() -> None:
    steps = [*BDAT, *ENVELOPE_OK, *OK]
    talk = await converse([*steps, *steps, *steps, Hang()], TWO, TWO, TWO)
    assert talk.outcomes == [(SENT, SENT)] * 3


async def test_split_replies() -> None:
    """Fault matrix: garbage, 4,000-character or split replies."""
    text = "250-2.1.0 Ok\r\n250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n550 5.1.1 Gone\r\n250 2.0.0 Sent\r\n"
    talk = await converse([*BDAT, Say(text, octet_by_octet=True), Hang()], TWO)
    assert talk.outcomes == [(SENT, GONE)]
    assert talk.usable


async def test_a_reply_of_4000_characters() -> None:
    talk = await converse([*BDAT, *ENVELOPE_OK, Say("450 4.2.0 " + "x" * 4_000), *RESET, Hang()], TWO)
    (first, second), *_ = talk.outcomes
    assert isinstance(first, Deferred)
    assert first == second
    assert len(first.reply.text) == 500
    assert talk.usable


@pytest.mark.parametrize("garbage", ["Ok", "999 Ok", "250-a\r\n251 b", "250 a\n250 b", "250~Ok"])
async def test_garbage_counts_as_temporary_and_ends_the_conversation(garbage: str) -> None:
    talk = await converse([*BDAT, *ENVELOPE_OK, Say(garbage), Hang()], TWO)
    assert talk.outcomes == [(Deferred(NONSENSE), Deferred(NONSENSE))]
    assert not talk.usable


async def test_more_replies_than_commands_end_the_conversation() -> None:
    talk = await converse([*BDAT, Say("250 Ok\r\n" * 3 + "250 2.0.0 Sent\r\n250 Ok"), Hang()], TWO)
    assert talk.outcomes == [(SENT, SENT)]
    assert not talk.usable


# 4xx and 5xx


@pytest.mark.parametrize("refusal", [GONE, LATER])
async def test_p11_a_refusal_at_rcpt_is_for_one_recipient(refusal: Failed | Deferred) -> None:
    said: list[Step] = [Say("250 Ok"), Say(refusal.reply.line()), Say("250 Ok")]
    for group, ehlo, rest in (
        (BDAT, EHLO_ALL, OK),
        (DATA, EHLO_DATA, [*GO, TakeToDot(), *OK]),
    ):
        talk = await converse([*group, *said, *rest, Hang()], TWO, ehlo=ehlo)
        assert talk.outcomes == [(refusal, SENT)]
        assert talk.usable


async def test_p11_greylisting_defers_only_those() -> None:
    said = [Say("250 Ok"), Say("450 4.2.0 Later"), Say("450 4.2.0 Later"), Say("503 5.5.1 No recipients")]
    talk = await converse([*BDAT, *said, *RESET, *BDAT, *ENVELOPE_OK, *OK, Hang()], TWO, TWO)
    assert talk.outcomes == [(LATER, LATER), (SENT, SENT)]


async def test_p11_all_refused_with_chunking_ends_in_a_reset() -> None:
    said = [Say("250 Ok"), Say("550 5.1.1 Gone"), Say("450 4.2.0 Later"), Say("554 5.5.1 No recipients")]
    talk = await converse([*BDAT, *said, *RESET, *BDAT, *ENVELOPE_OK, *OK, Hang()], TWO, TWO)
    assert talk.outcomes == [(GONE, LATER), (SENT, SENT)]


async def test_p11_all_refused_with_data_refused_ends_in_a_reset() -> None:
    said = [Say("250 Ok"), Say("550 5.1.1 Gone"), Say("450 4.2.0 Later"), Say("554 5.5.1 No recipients")]
    again = [*DATA, *ENVELOPE_OK, *GO, TakeToDot(), *OK]
    talk = await converse([*DATA, *said, *RESET, *again, Hang()], TWO, TWO, ehlo=EHLO_DATA)
    assert talk.outcomes == [(GONE, LATER), (SENT, SENT)]


async def test_p11_all_refused_but_data_taken_gets_the_dot_alone() -> None:
    """RFC 2920 3.1: nobody gets the content, and the next transaction begins cleanly."""
    said = [Say("250 Ok"), Say("550 5.1.1 Gone"), Say("450 4.2.0 Later"), *GO]
    again = [*DATA, *ENVELOPE_OK, *GO, TakeToDot(), *OK]
    talk = await converse(
        [*DATA, *said, Await(".\r\n"), Say("554 No recipients"), *again, Hang()], TWO, TWO, ehlo=EHLO_DATA
    )
    assert talk.outcomes == [(GONE, LATER), (SENT, SENT)]


async def test_p11_all_refused_without_pipelining() -> None:
    steps: list[Step] = []
    said = [Say("250 Ok"), Say("550 5.1.1 Gone"), Say("450 4.2.0 Later")]
    for command, reply in zip(ENVELOPE, said, strict=True):
        steps += [command, reply]
    talk = await converse([*steps, *RESET, Hang()], TWO, ehlo=EHLO_BARE)
    assert talk.outcomes == [(GONE, LATER)]
    assert talk.usable


@pytest.mark.parametrize(("code", "kind"), [("550 5.7.1 Not you", Failed), ("451 4.3.0 Later", Deferred)])
async def test_p11_a_refusal_at_mail_is_for_all(code: str, kind: type[Failed] | type[Deferred]) -> None:
    need = [Say("503 5.5.1 Need MAIL")] * 2
    talks = [
        await converse([*BDAT, Say(code), *need, Say("503 Need RCPT"), Hang()], TWO),
        await converse([*DATA, Say(code), *need, Say("503 Need RCPT"), Hang()], TWO, ehlo=EHLO_DATA),
        await converse([ENVELOPE[0], Say(code), Hang()], TWO, ehlo=EHLO_BARE),
    ]
    for talk in talks:
        (outcomes,) = talk.outcomes
        assert [type(outcome) for outcome in outcomes] == [kind, kind]
        assert all(outcome.policy for outcome in outcomes if isinstance(outcome, Failed))
        assert talk.usable


@pytest.mark.parametrize(("code", "kind"), [("554 5.7.1 Spam", Failed), ("451 4.3.0 Later", Deferred)])
async def test_p11_a_refusal_of_the_content_is_for_those_accepted(
    code: str, kind: type[Failed] | type[Deferred]
) -> None:
    said = [Say("250 Ok"), Say("550 5.1.1 Gone"), Say("250 Ok")]
    talks = [
        await converse([*BDAT, *said, Say(code), *RESET, Hang()], TWO),
        await converse([*DATA, *said, *GO, TakeToDot(), Say(code), Hang()], TWO, ehlo=EHLO_DATA),
        await converse([*DATA, *said, Say(code), *RESET, Hang()], TWO, ehlo=EHLO_DATA),
    ]
    for talk in talks:
        ((first, second),) = talk.outcomes
        assert first == GONE
        assert type(second) is kind
        assert not isinstance(second, Failed) or second.policy
        assert talk.usable


async def test_2xx_to_data_makes_no_sense() -> None:
    talk = await converse([*DATA, *ENVELOPE_OK, Say("250 Ok"), Hang()], TWO, ehlo=EHLO_DATA)
    assert talk.outcomes == [(Deferred(NONSENSE),) * 2]
    assert not talk.usable


async def test_421_ends_the_conversation_wherever_it_comes() -> None:
    """What was answered before stands, the rest is deferred: the peer said that it took nothing."""
    closing = Deferred(Reply(421, "4.3.2", "Closing"))
    answers = ["250 Ok", "550 5.1.1 Gone", "250 Ok", "250 2.0.0 Sent"]
    expected = [(closing, closing), (closing, closing), (GONE, closing), (GONE, closing)]
    for place, outcomes in enumerate(expected):
        said = [Say(answer) for answer in answers[:place]]
        talk = await converse([*BDAT, *said, Say("421 4.3.2 Closing"), Hang()], TWO)
        assert talk.outcomes == [outcomes], place
        assert not talk.usable
        assert talk.untouched is (place == 0)


# Drops and hangs


async def test_p12_lost_after_the_content_is_unknown() -> None:
    """Fault matrix: drop after dot. What a recipient was told before stands."""
    said = [Say("250 Ok"), Say("550 5.1.1 Gone"), Say("250 Ok")]
    talks = [
        await converse([*BDAT, *said, Drop()], TWO),
        await converse([*DATA, *said, *GO, TakeToDot(), Drop()], TWO, ehlo=EHLO_DATA),
    ]
    for talk in talks:
        assert talk.outcomes == [(GONE, Unknown(LOST))]
        assert not talk.usable
        assert not talk.untouched


async def test_p12_lost_without_any_reply_after_everything_was_sent_is_unknown() -> None:
    talk = await converse([*BDAT, Drop()], TWO)
    assert talk.outcomes == [(Unknown(LOST), Unknown(LOST))]
    assert not talk.untouched


async def test_p11_lost_before_the_content_is_deferred() -> None:
    """Fault matrix: drop in DATA."""
    said = [Say("250 Ok"), Say("550 5.1.1 Gone"), Say("250 Ok")]
    for steps in ([*DATA, *said, Drop()], [*DATA, *said[:2], Drop()]):
        talk = await converse(steps, TWO, ehlo=EHLO_DATA)
        assert talk.outcomes == [(GONE, Deferred(LOST))]
        assert not talk.untouched
    talk = await converse([*DATA, Drop()], TWO, ehlo=EHLO_DATA)
    assert talk.outcomes == [(Deferred(LOST), Deferred(LOST))]
    assert talk.untouched


@pytest.mark.parametrize("ehlo", [EHLO_ALL, EHLO_DATA])
async def test_p11_lost_in_the_middle_of_the_content_is_deferred(ehlo: str) -> None:
    """More than the network holds: it cannot have been complete, so nobody has a copy."""
    big = transaction(A, B, octets=b"x" * 70 + b"\r\n" + b"y" * 40_000_000 + b"\r\n")
    if ehlo == EHLO_ALL:
        steps: list[Step] = [*ENVELOPE, *ENVELOPE_OK, Await("BDAT"), Take(1_000), Drop()]
    else:
        steps = [*DATA, *ENVELOPE_OK, *GO, Take(1_000), Drop()]
    talk = await converse(steps, big, ehlo=ehlo)
    assert talk.outcomes == [(Deferred(LOST), Deferred(LOST))]


async def test_p11_the_peer_stops_reading_the_content() -> None:
    """Fault matrix: hang, in a block of content."""
    big = transaction(A, B, octets=b"y" * 40_000_000 + b"\r\n")
    talk = await converse([*ENVELOPE, *ENVELOPE_OK, Await("BDAT"), Stall()], big, timeouts=SHORT)
    assert talk.outcomes == [(Deferred(LATE), Deferred(LATE))]
    assert not talk.usable


async def test_p11_the_peer_refuses_while_the_content_is_still_coming() -> None:
    big = transaction(A, B, octets=b"y" * 40_000_000 + b"\r\n")
    talk = await converse(
        [*ENVELOPE, *ENVELOPE_OK, Await("BDAT"), Take(BLOCK), Say("552 5.3.4 Enough"), Stall()], big
    )
    refused = Failed(Reply(552, "5.3.4", "Enough"), policy=True)
    assert talk.outcomes == [(refused, refused)]
    assert not talk.usable


async def test_p11_hangs_are_cut_by_the_times_of_rfc_5321() -> None:
    """Fault matrix: hang. Before the content is out it is deferred, after it nobody knows."""
    said = [Say("250 Ok"), Say("550 5.1.1 Gone"), Say("250 Ok")]
    for steps, ehlo, outcomes in (
        ([*DATA, Hang()], EHLO_DATA, (Deferred(LATE), Deferred(LATE))),
        ([*DATA, *said, Hang()], EHLO_DATA, (GONE, Deferred(LATE))),
        ([*DATA, *said, *GO, TakeToDot(), Hang()], EHLO_DATA, (GONE, Unknown(LATE))),
        ([*BDAT, *said, Hang()], EHLO_ALL, (GONE, Unknown(LATE))),
        ([ENVELOPE[0], Hang()], EHLO_BARE, (Deferred(LATE), Deferred(LATE))),
    ):
        talk = await converse(steps, TWO, ehlo=ehlo, timeouts=SHORT)
        assert talk.outcomes == [outcomes]
        assert not talk.usable
        assert not talk.untouched


async def test_a_hang_at_rset_costs_no_outcome() -> None:
    said = [Say("250 Ok"), Say("550 5.1.1 Gone"), Say("550 5.1.1 Gone"), Say("503 No")]
    timeouts = Timeouts(command_s=0.1)
    talk = await converse([*BDAT, *said, Await("RSET"), Hang()], TWO, timeouts=timeouts)
    assert talk.outcomes == [(GONE, GONE)]
    assert not talk.usable


async def test_a_refused_rset_ends_the_conversation() -> None:
    said = [Say("250 Ok"), Say("550 5.1.1 Gone"), Say("550 5.1.1 Gone"), Say("503 No")]
    talk = await converse([*BDAT, *said, Await("RSET"), Say("500 What?"), Hang()], TWO)
    assert talk.outcomes == [(GONE, GONE)]
    assert not talk.usable


async def test_each_reply_of_a_group_has_its_own_time() -> None:
    """A peer that answers slowly but steadily is not cut."""
    slow: list[Step] = []
    for say in [*ENVELOPE_OK, *OK]:
        slow += [Pause(0.03), say]
    talk = await converse([*BDAT, *slow, Hang()], TWO, timeouts=Timeouts(rcpt_s=0.1, dot_s=0.1))
    assert talk.outcomes == [(SENT, SENT)]


async def test_p16_being_cancelled_closes_the_connection_and_goes_up() -> None:
    async with ScriptedPeer([[*greeted(), *BDAT, Hang()]]) as peer:
        connection = await connection_to(peer.port)
        task = asyncio.create_task(connection.transact(TWO))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not connection.usable
        await connection.gone()


# What the peer offers


async def test_p13_what_the_peer_did_not_offer_is_not_asked() -> None:
    """Nothing at all is said for a message that it cannot take."""
    eight_bit = transaction(A, octets=b"\xff\r\n", eight_bit=True)
    utf8_header = transaction(A, utf8_header=True)
    utf8_sender = transaction(A, reverse_path="ä@example.com")
    talk = await converse([Hang()], eight_bit, utf8_header, utf8_sender, ehlo=EHLO_BARE)
    codes = []
    for (outcome,) in talk.outcomes:
        assert isinstance(outcome, Failed)
        assert outcome.policy
        codes.append(outcome.reply.enhanced)
    assert codes == ["5.6.3", "5.6.7", "5.6.7"]
    assert len(talk.heard) == 1
    assert talk.usable


async def test_p13_only_the_utf8_address_fails_without_smtputf8() -> None:
    async with Sink(SinkSettings(smtputf8=False, keep=True)) as sink:
        connection = await connection_to(sink.port)
        first, second, third = await connection.transact(transaction(A, "ä@x.example", B))
        connection.abort()
        await connection.gone()
    assert isinstance(first, Delivered)
    assert isinstance(second, Failed)
    assert second.reply.enhanced == "5.6.7"
    assert isinstance(third, Delivered)
    assert [recipient for recipient, _ in sink.received()] == [A, B]


async def test_p13_size_is_obeyed_before_a_word_is_said() -> None:
    async with Sink(SinkSettings(max_size=100, keep=True)) as sink:
        connection = await connection_to(sink.port)
        (big,) = await connection.transact(transaction(A, octets=b"x" * 99 + b"\r\n"))
        (fits,) = await connection.transact(transaction(A, octets=b"x" * 98 + b"\r\n"))
        connection.abort()
        await connection.gone()
    assert big == Failed(Reply(552, "5.3.4", "The message is larger than the mail server takes"), policy=True)
    assert isinstance(fits, Delivered)
    assert sink.mails == ["MAIL FROM:<ant-bounces@example.com> SIZE=100"]


@pytest.mark.parametrize("chunking", [True, False])
@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("size", [0, 10, SMALL_MESSAGE - 2, SMALL_MESSAGE + 1, BLOCK, 3 * BLOCK + 17])
async def test_p8_the_content_arrives_as_it_is(chunking: bool, pipelining: bool, size: int) -> None:
    octets = (b".\r\n..\r\n" + b"." * 60 + b"\r\n\xe4\r\n") * (size // 64 + 1)
    octets = octets[:size].rstrip(b"\r\n") + b"\r\n"
    message = transaction(A, octets=octets, eight_bit=True)
    async with Sink(SinkSettings(chunking=chunking, pipelining=pipelining, keep=True)) as sink:
        connection = await connection_to(sink.port)
        outcomes = [await connection.transact(message) for _ in range(2)]
        connection.abort()
        await connection.gone()
    assert all(isinstance(outcome, Delivered) for (outcome,) in outcomes)
    assert sink.contents == [octets, octets]
    assert sink.mails[0] == f"MAIL FROM:<ant-bounces@example.com> SIZE={len(octets)} BODY=8BITMIME"


async def test_p9_an_address_with_a_command_in_it_reaches_no_socket() -> None:
    evil = "a@x.example>\r\nRCPT TO:<victim@x.example"
    talk = await converse(
        [*BDAT, *ENVELOPE_OK, *OK, Hang()],
        transaction(A, evil, B),
        transaction(evil),
        transaction(A, reverse_path=evil),
    )
    (first, second, third), (alone,), (sender,) = talk.outcomes
    assert (first, third) == (SENT, SENT)
    assert second == alone
    assert isinstance(second, Failed)
    assert second.reply.enhanced == "5.1.3"
    assert isinstance(sender, Failed)
    assert sender.policy
    assert not any(b"victim" in line for line in talk.heard)


async def test_long_addresses_keep_within_a_command_line() -> None:
    long = "a" * 480 + "@x.example"
    too_long = "a" * 481 + "@x.example"
    async with Sink(SinkSettings(keep=True)) as sink:
        connection = await connection_to(sink.port)
        first, second = await connection.transact(transaction(long, too_long))
        connection.abort()
        await connection.gone()
    assert isinstance(first, Delivered)
    assert isinstance(second, Failed)
    assert [recipient for recipient, _ in sink.received()] == [long]


async def test_five_hundred_recipients() -> None:
    many = tuple(f"member{number}@d{number % 7}.example" for number in range(500))
    async with Sink(SinkSettings(refuse={many[7]: "550 5.1.1 Gone"}, keep=True)) as sink:
        connection = await connection_to(sink.port)
        outcomes = await connection.transact(transaction(*many))
        connection.abort()
        await connection.gone()
    assert outcomes[7] == GONE
    assert sum(isinstance(outcome, Delivered) for outcome in outcomes) == 499
    assert {recipient for recipient, _ in sink.received()} == set(many) - {many[7]}
