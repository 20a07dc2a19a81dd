"""The sink that is measured against counts right and misbehaves as told."""

import asyncio
import json
import sys
from pathlib import Path

from mlcore.delivery.outcome import Deferred, Delivered, Failed, Unknown
from support.delivery import BODY, connection_to, transaction
from support.sink import Sink, SinkSettings
from support.sink_command import read_arguments

ROOT = Path(__file__).parents[3]


async def outcomes(settings: SinkSettings, *addresses: str, octets: bytes = BODY) -> tuple[list[type], Sink]:
    async with Sink(settings) as sink:
        connection = await connection_to(sink.port)
        found = await connection.transact(transaction(*addresses, octets=octets))
        connection.abort()
        await connection.gone()
    return [type(outcome) for outcome in found], sink


async def test_it_refuses_and_puts_off() -> None:
    kinds, sink = await outcomes(SinkSettings(refuse={"b@x": "550 5.1.1 No"}, keep=True), "a@x", "b@x")
    assert kinds == [Delivered, Failed]
    assert sink.received() == [("a@x", BODY)]
    kinds, _ = await outcomes(SinkSettings(temp_fail_rate=1.0), "a@x")
    assert kinds == [Deferred]


async def test_drops_are_told_apart() -> None:
    kinds, sink = await outcomes(SinkSettings(drop_after_dot_rate=1.0, keep=True), "a@x")
    assert kinds == [Unknown]
    assert sink.taken[0].outcome == "dropped_after_dot"
    assert sink.received() == [("a@x", BODY)]
    kinds, sink = await outcomes(SinkSettings(drop_in_data_rate=1.0, chunking=False, keep=True), "a@x")
    assert kinds == [Deferred]
    assert sink.taken[0].outcome == "dropped_in_data"
    assert sink.received() == []


async def test_it_refuses_what_is_too_big() -> None:
    kinds, _ = await outcomes(SinkSettings(max_size=10, size=False), "a@x")
    assert kinds == [Failed]


async def test_it_takes_its_time() -> None:
    kinds, _ = await outcomes(SinkSettings(delay_s=0.005), "a@x")
    assert kinds == [Delivered]


def test_arguments() -> None:
    port, log, settings = read_arguments(
        [
            *("--port", "7", "--log", "x", "--refuse", "a=b@x=550", "--refuse", "c@x=450 4.2.0 =later"),
            *("--drop-rate", "0.5", "--delay-ms", "3", "--no-chunking", "--seed", "1"),
        ]
    )
    assert (port, log) == (7, "x")
    assert settings.refuse == {"a=b@x": "550 5.1.1 Refused", "c@x": "450 4.2.0 =later"}
    assert (settings.drop_in_data_rate, settings.drop_after_dot_rate) == (0.25, 0.25)
    assert not settings.chunking
    assert settings.pipelining


async def test_the_command_logs_a_line_per_transaction_before_it_answers(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = str(ROOT / "benchmarks" / "sink.py")
    process = await asyncio.create_subprocess_exec(
        sys.executable, program, "--log", str(log), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        port = int((await process.stdout.readline()).split()[1])
        connection = await connection_to(port)
        octets = b"Message-ID: <1@x>\r\n\r\nbody\r\n"
        await connection.transact(transaction("a@x", "b@x", octets=octets))
        line = json.loads(log.read_text())
        connection.abort()
        await connection.gone()
    finally:
        process.terminate()
        output, _ = await process.communicate()
    counters = json.loads(output)
    assert line["recipients"] == ["a@x", "b@x"]
    assert line["message_id"] == "<1@x>"
    assert line["outcome"] == "accepted"
    assert (counters["transactions"], counters["copies"]) == (1, 2)
