"""Row "SMTP out, log events" of the budget: transactions of 10 recipients to the sink, 14 log lines each."""

import asyncio
import os
import random
import subprocess
import sys
from pathlib import Path

from load import post_octets
from measure import at_once, processor_time
from mlcore.base.clock import SystemClock
from mlcore.delivery.outcome import Delivered
from mlcore.delivery.settings import SmtpSettings
from mlcore.delivery.smtp import SmtpTransport
from mlcore.delivery.transport import SealedMessage, Transaction
from mlcore.server.logs import LogFile, make_log

POSTS = 4000
SINK = Path(__file__).with_name("sink.py")
MEMBERS = tuple(f"member{number}@example.net" for number in range(10))


async def main() -> None:
    sink = subprocess.Popen([sys.executable, str(SINK), "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert sink.stdout is not None
    port = int(sink.stdout.readline().split()[1])
    log = make_log(LogFile(os.devnull))
    try:
        settings = SmtpSettings(host="127.0.0.1", port=port)
        transport = SmtpTransport(settings, SystemClock(), log, random.random)
        message = SealedMessage(post_octets("bench@example.com", 1, 4096), eight_bit=True)

        async def one(number: int) -> None:
            async with transport.slot("bench.example.com") as slot:
                outcomes = await slot.send(
                    Transaction(
                        entry=str(number),
                        list_id="bench.example.com",
                        reverse_path="bench-bounces@example.com",
                        recipients=MEMBERS,
                        numbers=tuple(range(10)),
                        message=message,
                    )
                )
            assert all(isinstance(outcome, Delivered) for outcome in outcomes)

        for most in (1, 8):
            with processor_time(f"SMTP out, 10 recipients, {most} at once", POSTS):
                await at_once(POSTS, most, one)
        await transport.close()
    finally:
        sink.terminate()
        sink.wait(10)
    with processor_time("14 log events", POSTS):
        for _ in range(POSTS):
            for member in MEMBERS:
                log.info(
                    "delivered",
                    queue_id="1a1f86e3daa0000b957f8",
                    queue="out",
                    list_id="bench.example.com",
                    recipient=member,
                    reply="250 2.0.0 Ok: queued as 4ABCDE12345",
                )
            for _event in range(4):
                log.info(
                    "accepted",
                    queue_id="1a1f86e3daa0000b957f8",
                    queue="in",
                    list_id="bench.example.com",
                    number=1,
                    recipients=10,
                    message_id="<bench-1@example.net>",
                )


if __name__ == "__main__":
    asyncio.run(main())
