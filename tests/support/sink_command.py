"""The sink as a command: what `benchmarks/sink.py` runs."""

import argparse
import asyncio
import os
import signal
import time
from collections.abc import Sequence
from typing import Final

import msgspec

from support.sink import Sink, SinkSettings

_HELP: Final = """one JSON line per transaction whose content began: time, reverse_path, recipients,
digest (SHA-256 of the content, 32 hex digits), message_id, size, outcome. It is written before the final
reply is sent. outcome: accepted; refused (too big); dropped_in_data (content incomplete, nothing kept);
dropped_after_dot (content complete, copies made, no reply sent)."""


def _refusal(text: str) -> tuple[str, str]:
    """`ADDR=CODE` or `ADDR=CODE and text`, as a reply to RCPT."""
    address, _, reply = text.rpartition("=") if " " not in text else text.partition("=")
    code = reply[:3]
    if not address or not code.isdigit():
        raise argparse.ArgumentTypeError("write ADDRESS=CODE")
    default = f"{code} {code[0]}.1.1 Refused" if code[0] == "5" else f"{code} {code[0]}.2.0 Not now"
    return address, default if reply == code else reply


def read_arguments(arguments: Sequence[str] | None = None) -> tuple[int, str, SinkSettings]:
    """Port, path of the log (empty: none) and settings."""
    parser = argparse.ArgumentParser(
        description="An SMTP server that takes mail and counts it.",
        epilog=f"The log: {_HELP}",
    )
    parser.add_argument("--port", type=int, default=0, help="of 127.0.0.1; 0: any, printed as `port N`")
    parser.add_argument("--log", default="", metavar="FILE", help="append a line per transaction")
    parser.add_argument("--refuse", type=_refusal, action="append", default=[], metavar="ADDR=CODE")
    parser.add_argument("--temp-fail-rate", type=float, default=0.0, help="of RCPTs answered 450")
    parser.add_argument("--drop-rate", type=float, default=0.0, help="half in the content, half after it")
    parser.add_argument("--drop-in-data-rate", type=float, default=0.0)
    parser.add_argument("--drop-after-dot-rate", type=float, default=0.0)
    parser.add_argument("--delay-ms", type=float, default=0.0, help="before the final reply")
    parser.add_argument("--max-size", type=int, default=0)
    parser.add_argument("--seed", type=int, default=None)
    for switch in ("pipelining", "chunking", "8bitmime", "smtputf8", "size"):
        parser.add_argument(f"--no-{switch}", action="store_true")
    given = parser.parse_args(arguments)
    settings = SinkSettings(
        refuse=dict(given.refuse),
        temp_fail_rate=given.temp_fail_rate,
        drop_in_data_rate=given.drop_in_data_rate + given.drop_rate / 2,
        drop_after_dot_rate=given.drop_after_dot_rate + given.drop_rate / 2,
        delay_s=given.delay_ms / 1000,
        max_size=given.max_size,
        pipelining=not given.no_pipelining,
        chunking=not given.no_chunking,
        eight_bit=not given.no_8bitmime,
        smtputf8=not given.no_smtputf8,
        size=not given.no_size,
        seed=given.seed,
    )
    return given.port, given.log, settings


async def serve(port: int, log: str, settings: SinkSettings) -> None:
    """Runs until SIGTERM or SIGINT; then prints the counters as one JSON line."""
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if log else None
    sink = Sink(settings, log_handle=handle)
    await sink.start(port)
    print(f"port {sink.port}", flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await sink.stop()
    if handle is not None:
        os.close(handle)
    counters = {
        "connections": sink.connections,
        "transactions": sink.transactions,
        "copies": sink.copies,
        "processor_s": round(time.process_time(), 3),
    }
    print(msgspec.json.encode(counters).decode(), flush=True)


def main() -> None:
    """The command `benchmarks/sink.py`."""
    asyncio.run(serve(*read_arguments()))
