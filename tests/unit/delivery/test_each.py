"""Transactions of one recipient each, one behind the other on one connection."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from mlcore.base.errors import Stopping
from mlcore.delivery.connection import BLOCK, SMALL_MESSAGE
from mlcore.delivery.outcome import Deferred, Delivered, Failed, Outcome, Unknown
from mlcore.delivery.settings import Timeouts
from mlcore.delivery.transport import PeerDown, Transaction
from mlcore.mail.reply import Reply
from support.delivery import BODY, PATIENT, SHORT, connection_to, smtp_transport, transaction
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
    Step,
    Take,
    TakeToDot,
    greeted,
)
from support.sink import Sink, SinkSettings
from support.workshop import until

WHO = [f"m{number}@x.example" for number in range(4)]
SENT = Delivered(Reply(250, "2.0.0", "Sent"))


def heard(*addresses: str, first: bool = True, body: bytes = BODY) -> list[Step]:
    """What the peer hears of some transactions in one write."""
    steps: list[Step] = []
    for number, address in enumerate(addresses):
        if number or not first:
            steps.append(Await("RSET"))
        steps += [Await("MAIL FROM:<ant-bounces@example.com>"), Await(f"RCPT TO:<{address}>")]
        steps += [Await(f"BDAT {len(body)} LAST"), Take(len(body))]
    return steps


ACCEPTED: list[Step] = [Say("250 2.1.0 Ok"), Say("250 2.1.5 Ok"), Say("250 2.0.0 Sent")]
RESET: list[Step] = [Say("250 2.0.0 Ok")]


async def each(
    steps: Sequence[Step], *addresses: str, ehlo: str = EHLO_ALL, timeouts: Timeouts = PATIENT
) -> tuple[tuple[Outcome, ...], bool, bool]:
    """Outcomes, whether the connection may be used again, and whether nothing was taken."""
    async with ScriptedPeer([[*greeted(ehlo), *steps]]) as peer:
        connection = await connection_to(peer.port, timeouts)
        try:
            outcomes = await connection.transact_each([transaction(address) for address in addresses])
            return outcomes, connection.usable, connection.untouched
        finally:
            connection.abort()
            await connection.gone()


async def test_all_of_them_go_out_before_any_reply() -> None:
    steps = [*heard(*WHO), *ACCEPTED, *RESET, *ACCEPTED, *RESET, *ACCEPTED, *RESET, *ACCEPTED]

    assert await each(steps, *WHO) == ((SENT,) * 4, True, False)


async def test_p11_a_refusal_concerns_its_own_transaction() -> None:
    refused: list[Step] = [Say("250 Ok"), Say("550 5.1.1 Gone"), Say("554 5.5.1 No valid recipients")]
    not_now: list[Step] = [Say("450 4.3.2 Not now"), Say("503 5.5.1 No"), Say("503 5.5.1 No")]
    steps = [*heard(*WHO), *ACCEPTED, *RESET, *refused, *RESET, *not_now, *RESET, *ACCEPTED]

    outcomes, usable, _ = await each(steps, *WHO)

    gone, later = Failed(Reply(550, "5.1.1", "Gone")), Deferred(Reply(450, "4.3.2", "Not now"))
    assert outcomes == (SENT, gone, later, SENT)
    assert usable


async def test_p12_a_connection_lost_in_the_middle_leaves_the_rest_unknown() -> None:
    steps = [*heard(*WHO), *ACCEPTED, *RESET, Say("250 Ok"), Drop()]

    outcomes, usable, untouched = await each(steps, *WHO)

    assert outcomes[0] == SENT
    assert [type(one) for one in outcomes[1:]] == [Unknown] * 3
    assert (usable, untouched) == (False, False)


async def test_a_peer_that_leaves_with_421_has_taken_nothing_more() -> None:
    steps = [*heard(*WHO), *ACCEPTED, *RESET, Say("421 4.3.2 Closing"), Drop()]

    outcomes, usable, untouched = await each(steps, *WHO)

    assert outcomes == (SENT, *[Deferred(Reply(421, "4.3.2", "Closing"))] * 3)
    assert (usable, untouched) == (False, False)


async def test_a_peer_that_leaves_at_once_has_taken_nothing_at_all() -> None:
    steps: list[Step] = [Await("MAIL"), Say("421 4.3.2 Closing"), Drop()]

    outcomes, _, untouched = await each(steps, *WHO)

    assert {type(one) for one in outcomes} == {Deferred}
    assert untouched


async def test_p11_a_peer_that_hangs_is_given_up() -> None:
    steps: list[Step] = [*heard(*WHO), *ACCEPTED, Hang()]

    outcomes, usable, _ = await each(steps, *WHO, timeouts=SHORT)

    assert outcomes[0] == SENT
    assert [type(one) for one in outcomes[1:]] == [Unknown] * 3
    assert not usable


async def test_an_address_that_cannot_be_written_takes_no_turn() -> None:
    steps = [*heard(WHO[0], WHO[1]), *ACCEPTED, *RESET, *ACCEPTED]

    outcomes, usable, _ = await each(steps, WHO[0], "no\r\nRCPT TO:<x@x.example>", WHO[1])

    assert [outcomes[0], outcomes[2]] == [SENT, SENT]
    assert isinstance(outcomes[1], Failed)
    assert usable


async def test_a_peer_without_chunking_gets_one_after_the_other() -> None:
    one: list[Step] = [Await("MAIL"), Await("RCPT"), Await("DATA"), Say("250 Ok"), Say("250 Ok")]
    one += [Say("354 Go"), TakeToDot(), Say("250 2.0.0 Sent")]

    assert await each([*one, *one], *WHO[:2], ehlo=EHLO_DATA) == ((SENT, SENT), True, False)


async def test_a_peer_without_pipelining_hears_one_command_at_a_time() -> None:
    one: list[Step] = [Await("MAIL"), Say("250 Ok"), Await("RCPT"), Say("250 Ok"), Await("DATA")]
    one += [Say("354 Go"), TakeToDot(), Say("250 2.0.0 Sent")]

    assert await each([*one, *one], *WHO[:2], ehlo=EHLO_BARE) == ((SENT, SENT), True, False)


async def test_what_is_large_is_not_sent_before_it_is_wanted() -> None:
    large = b"Subject: x\r\n\r\n" + b"x" * SMALL_MESSAGE + b"\r\n"
    steps: list[Step] = []
    for address in WHO[:2]:
        steps += [Await("MAIL"), Await(f"RCPT TO:<{address}>"), Await("BDAT"), Take(len(large)), *ACCEPTED]
    async with Sink() as sink:
        connection = await connection_to(sink.port)
        some = [transaction(address, octets=large) for address in WHO[:2]]
        outcomes = await connection.transact_each(some)
        assert {type(one) for one in outcomes} == {Delivered}
        assert connection.transactions == 2
        connection.abort()
        await connection.gone()


async def test_one_write_holds_no_more_than_a_block() -> None:
    body = b"Subject: x\r\n\r\n" + b"x" * (SMALL_MESSAGE - 100) + b"\r\n"
    count = 3 * BLOCK // len(body)
    async with Sink() as sink:
        connection = await connection_to(sink.port)
        some = [transaction(f"m{number}@x.example", octets=body) for number in range(count)]
        outcomes = await connection.transact_each(some)
        assert len(outcomes) == count
        assert {type(one) for one in outcomes} == {Delivered}
        assert sink.transactions == count
        connection.abort()
        await connection.gone()


async def send_each(port: int, some: Sequence[Transaction], **more: Any) -> tuple[Outcome, ...]:
    transport = smtp_transport(port, **more)
    try:
        async with transport.slot("ant") as slot:
            return await slot.send_each(some)
    finally:
        await transport.close()


async def test_a_connection_is_replaced_after_as_many_as_it_may_carry() -> None:
    async with Sink() as sink:
        some = [transaction(f"m{number}@x.example") for number in range(10)]
        outcomes = await send_each(sink.port, some, max_sessions_per_connection=4)
        assert {type(one) for one in outcomes} == {Delivered}
        assert (sink.connections, sink.transactions) == (3, 10)


async def test_a_kept_connection_that_the_peer_dropped_repeats_nobody() -> None:
    async with ScriptedPeer(
        [
            [*greeted(EHLO_ALL), *heard(WHO[0]), *ACCEPTED, Await("MAIL"), Drop()],
            [*greeted(EHLO_ALL), *heard(*WHO[:2]), *ACCEPTED, *RESET, *ACCEPTED],
        ]
    ) as peer:
        transport = smtp_transport(peer.port)
        async with transport.slot("ant") as slot:
            assert await slot.send(transaction(WHO[0])) == (SENT,)
            outcomes = await slot.send_each([transaction(address) for address in WHO[:2]])
        # The peer may have had all of it when it fell silent, so nothing is said again at once.
        assert {type(one) for one in outcomes} <= {Unknown, Delivered}
        await transport.close()


async def test_a_limit_of_messages_a_minute_holds_for_each() -> None:
    async with Sink() as sink:
        some = [transaction(f"m{number}@x.example") for number in range(5)]
        outcomes = await send_each(sink.port, some, messages_per_minute=6_000)
        assert {type(one) for one in outcomes} == {Delivered}
        assert sink.transactions == 5


async def test_xverp_is_said_where_it_is_offered_and_asked_for() -> None:
    ehlo = "250-peer.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-XVERP\r\n250 CHUNKING"
    one = transaction(*WHO[:2])
    asked = Transaction(
        entry=one.entry,
        list_id=one.list_id,
        reverse_path=one.reverse_path,
        recipients=one.recipients,
        numbers=one.numbers,
        message=one.message,
        xverp="+=",
    )
    rest: list[Step] = [Await("RCPT"), Await("RCPT"), Await("BDAT"), Take(len(BODY))]
    rest += [Say("250 Ok"), *ACCEPTED]
    for offered, line in ((ehlo, "XVERP=+="), (EHLO_ALL, "MAIL FROM:<ant-bounces@example.com>")):
        async with ScriptedPeer([[*greeted(offered), Await("MAIL"), *rest]]) as peer:
            transport = smtp_transport(peer.port)
            async with transport.slot("ant") as slot:
                assert await slot.send(asked) == (SENT, SENT)
            assert transport.offers_xverp is (offered == ehlo)
            mail = next(text for text in peer.heard if text.startswith(b"MAIL"))
            assert line.encode() in mail
            assert (b"XVERP" in mail) is (offered == ehlo)
            await transport.close()


async def test_a_slow_sink_gets_each_copy_once() -> None:
    async with Sink(SinkSettings(delay_s=0.001)) as sink:
        some = [transaction(f"m{number}@x.example") for number in range(50)]
        outcomes = await send_each(sink.port, some)
        assert {type(one) for one in outcomes} == {Delivered}
        assert sink.transactions == 50


async def test_p10_a_peer_that_goes_away_for_good_in_the_middle_takes_no_outcome_with_it() -> None:
    """It answers the next MAIL with 421 and refuses new connections: this hid what was delivered before."""
    steps: list[Step] = [*greeted(), *heard(WHO[0]), *ACCEPTED]
    steps += [Await("MAIL"), Say("421 4.3.2 Closing"), Drop()]
    async with ScriptedPeer([steps]) as peer:
        transport = smtp_transport(peer.port, messages_per_minute=60_000, failures_until_open=1)
        async with transport.slot("ant") as slot:

            async def gone() -> None:
                raise PeerDown("nobody there", retry_after_s=1.0)

            transport.connect = gone  # type: ignore[method-assign,assignment]
            outcomes = await slot.send_each([transaction(address) for address in WHO[:3]])
        await transport.close()
    assert outcomes[0] == SENT
    assert [type(one) for one in outcomes[1:]] == [Deferred, Deferred]


async def test_p16_who_waits_for_leave_at_a_stop_is_let_go_with_what_he_has() -> None:
    async with Sink() as sink:
        transport = smtp_transport(sink.port, messages_per_minute=1)
        async with transport.slot("ant") as slot:
            sending = asyncio.create_task(slot.send_each([transaction(address) for address in WHO]))
            await until(lambda: transport.rate.waiting)
            transport.stop()
            outcomes = await asyncio.wait_for(sending, 5)
            with pytest.raises(Stopping):
                await slot.send(transaction(WHO[0]))
        assert [type(one) for one in outcomes] == [Delivered, Deferred, Deferred, Deferred]
        assert sink.transactions == 1
        await transport.close()


async def test_with_a_limit_no_more_go_out_before_a_record_than_in_a_second() -> None:
    for limit, at_once in ((0, 50), (1, 1), (600, 10), (6_000, 50)):
        assert smtp_transport(1, messages_per_minute=limit).at_once(50) == at_once


async def test_p10_what_a_peer_said_before_it_is_hung_up_on_is_known() -> None:
    steps = [*greeted(), *heard(*WHO), *ACCEPTED, *RESET, *ACCEPTED, *RESET, Say("250 Ok"), Hang()]
    async with ScriptedPeer([steps]) as peer:
        transport = smtp_transport(peer.port)
        async with transport.slot("ant") as slot:
            sending = asyncio.create_task(slot.send_each([transaction(address) for address in WHO]))
            await asyncio.sleep(0.05)
            transport.hang_up()
            outcomes = await asyncio.wait_for(sending, 5)
            assert outcomes[:2] == (SENT, SENT)
            assert [type(one) for one in outcomes[2:]] == [Unknown, Unknown]
            with pytest.raises(PeerDown):
                await slot.send(transaction(WHO[0]))
        await transport.close()


async def test_p12_a_content_in_the_middle_has_as_long_as_the_last_one() -> None:
    """Ten minutes (RFC 5321 4.5.3.2.6), not the five of RCPT: what is given up early goes out twice."""
    slow = Timeouts(rcpt_s=0.05, dot_s=5.0, quit_s=0.05)
    steps = [
        *heard(*WHO[:2]),
        Say("250 Ok"),
        Say("250 Ok"),
        Pause(0.2),
        Say("250 2.0.0 Sent"),
        *RESET,
        *ACCEPTED,
    ]

    outcomes, usable, _ = await each(steps, *WHO[:2], timeouts=slow)

    assert (outcomes, usable) == ((SENT, SENT), True)


@pytest.mark.parametrize("together", [True, False])
async def test_p11_a_peer_that_takes_two_on_a_connection_gets_all_of_them_on_several(
    *, together: bool
) -> None:
    """It says 421 to the third; that put the others off for five minutes, each time."""
    ehlo = EHLO_ALL if together else EHLO_BARE
    if together:
        steps = [*heard(*WHO[:2]), *ACCEPTED, *RESET, *ACCEPTED, Say("421 4.7.0 Too many messages"), Drop()]
        rest = [*heard(*WHO[2:]), *ACCEPTED, *RESET, *ACCEPTED]
    else:
        one: list[Step] = [Await("MAIL"), Say("250 Ok"), Await("RCPT"), Say("250 Ok"), Await("DATA")]
        one += [Say("354 Go on"), TakeToDot(), Say("250 2.0.0 Sent")]
        steps = [*one, *one, Await("MAIL"), Say("421 4.7.0 Too many messages"), Drop()]
        rest = [*one, *one]
    async with ScriptedPeer([[*greeted(ehlo), *steps], [*greeted(ehlo), *rest]]) as peer:
        transport = smtp_transport(peer.port)
        async with transport.slot("ant") as slot:
            assert await slot.send_each([transaction(address) for address in WHO]) == (SENT,) * 4
        await transport.close()


async def test_p12_octets_left_of_many_do_not_prove_that_the_first_was_not_sent() -> None:
    """Only the last one of a write was surely not sent as a whole."""
    large = BODY + b"x" * 60_000 + b"\r\n"
    some = [transaction(address, octets=large) for address in WHO]
    async with ScriptedPeer([[*greeted(), *heard(WHO[0], body=large), Drop()]]) as peer:
        connection = await connection_to(peer.port)
        connection._dialogue.pause_writing()  # as if the kernel had not taken all of it
        outcomes = await connection.transact_each(some)
        assert [type(one) for one in outcomes] == [Unknown, Unknown, Unknown, Deferred]
        assert (connection.untouched, connection.not_begun) == (False, 0)
        await connection.gone()


async def test_a_connection_that_is_ready_after_the_hang_up_carries_nothing() -> None:
    async with ScriptedPeer([[Pause(0.1), *greeted(), Hang()]]) as peer:
        transport = smtp_transport(peer.port)

        async def send() -> None:
            async with transport.slot("ant") as slot:
                await slot.send(transaction(WHO[0]))

        sending = asyncio.create_task(send())
        await asyncio.sleep(0.02)
        transport.hang_up()
        with pytest.raises(PeerDown, match="closed"):
            await asyncio.wait_for(sending, 5)
        await transport.close()
