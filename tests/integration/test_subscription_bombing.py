"""Somebody uses the -join addresses of a site to fill the mailboxes of others (P19)."""

import asyncio
import itertools
import re
from collections import Counter
from email import message_from_bytes
from pathlib import Path

from support.exchange import KeepingRelay, codes, post
from support.lmtp import LmtpClient
from support.server import RunningServer, wait_until

LISTS = ("ant", "bee", "cow", "dog", "elk", "fox")
VICTIMS = tuple(f"victim{number}@example.net" for number in range(10))
ROUNDS = 3


def request(author: str, token: str) -> bytes:
    """A mail to -join, as anybody can write it in another's name."""
    return (
        f"From: Spam <{author}>\r\nTo: ant-join@example.com\r\nSubject: buy this\r\n"
        f"Message-ID: <{token}@example.net>\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\n\r\nbuy\r\n"
    ).encode()


def bomb(port: int) -> int:
    """Every victim, under two spellings, wants to join every list, again and again; how many mails."""
    recipients = [f"{name}-join@example.com" for name in LISTS]

    async def talk() -> int:
        count = 0
        async with await LmtpClient.tcp("127.0.0.1", port) as client:
            await client.lhlo()
            for number, victim in itertools.product(range(ROUNDS), VICTIMS):
                for author in (victim, victim.replace("@", f"+{number}@")):
                    octets = request(author, f"{count}")
                    replies = await client.send(author, recipients, octets)
                    assert codes(replies) == [250] * len(LISTS)
                    count += len(replies)
        return count

    return asyncio.run(talk())


def victim_of(recipient: str) -> str:
    return re.sub(r"\+[^@]*", "", recipient)


def test_p19_hundreds_of_attempts_and_three_mails_a_victim(tmp_path: Path) -> None:
    with KeepingRelay() as relay, RunningServer(tmp_path, smtp_port=relay.port) as server:
        for name in LISTS:
            server.make_list(name, [], plain=False)
        server.start()

        attempts = bomb(server.lmtp_port)
        wait_until(lambda: len(server.events("commands")) >= attempts, 60.0, server.tail)
        wait_until(lambda: relay.copies().total() >= 3 * len(VICTIMS), 60.0, server.tail)
        server.wait_drained()

        assert attempts == 360
        mails = Counter(victim_of(recipient) for recipient in relay.copies().elements())
        assert mails == dict.fromkeys(VICTIMS, 3)
        for _, octets in relay.accepted():
            assert b"buy" not in octets
            assert b"Spam" not in octets
            text = message_from_bytes(octets)
            assert "Precedence" not in text
            assert text["Auto-Submitted"] == "auto-generated"

        # Whoever meant it answers, and is a member; the others hear no more.
        (taken, octets), *_ = relay.accepted(b"victim0@example.net")
        confirm = message_from_bytes(octets)["From"]
        (address,) = re.findall(r"[^<\s]+-confirm\+[0-9a-f]{40}@example\.com", confirm)
        author = taken.recipients[0]
        reply = (
            f"From: {author}\r\nTo: {address}\r\nSubject: Re: your confirmation\r\n"
            "Message-ID: <yes@example.net>\r\n\r\n"
        ).encode()
        assert codes(post(server.lmtp_port, reply, address, sender=author)) == [250]
        name = address.partition("-")[0]

        def members() -> str:
            return server.mlcore("members", f"{name}@example.com").stdout.decode()

        wait_until(lambda: author in members(), 20.0, server.tail)
        server.wait_drained()
        assert len(members().splitlines()) == 1
        again = post(server.lmtp_port, reply.replace(b"yes", b"no"), address, sender=author)
        assert codes(again) == [250]
