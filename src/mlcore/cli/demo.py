"""What `make run` shows: a list, three members, a post through the real LMTP socket, three copies."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from typing import Final

from mlcore.base.errors import LocalTrouble
from mlcore.cli.language import spoken
from mlcore.config.settings import Settings
from mlcore.mail import date, words

LIST: Final = "demo@lists.example"
AUTHOR: Final = "anne@example.com"
MEMBERS: Final = (f"Anne <{AUTHOR}>", "Bart <bart@example.com>", "太郎 <taro@example.jp>")
SUBJECT: Final = "こんにちは、皆さん"
_BODY: Final = "皆さん、はじめまして。\r\n\r\nThis is the first post to this list.\r\n"
_PATIENCE_S: Final = 30.0

Say = Callable[[str], None]


async def demo(settings: Settings, lmtp_port: int, say: Say) -> None:
    """Runs beside a server that is ready: without any list it makes one, posts to it and tells where the
    copies lie; otherwise it only tells where the outbox is.

    lmtp_port: where the server listens. say: takes one line. Raises LocalTrouble if no copies come."""
    outbox = settings.paths.outbox_dir
    where = f"{settings.mta.lmtp_host}:{lmtp_port}"
    if not await asyncio.to_thread(make_list, settings.database.url):
        say(
            spoken(
                "mlcore serves: LMTP on {where}, copies for each recipient under {directory}",
                where=where,
                directory=_short(outbox),
            )
        )
        return
    before = set(await asyncio.to_thread(copies, outbox))
    say(
        spoken(
            "mlcore serves: LMTP on {where}. The list {list} has {count} members; {author} posts to it.",
            where=where,
            list=LIST,
            count=len(MEMBERS),
            author=AUTHOR,
        )
    )
    await post(settings.mta.lmtp_host, lmtp_port, message(time.time()))
    found = await _wait(outbox, before)
    say(spoken("The {count} copies, each in the maildir of its recipient:", count=len(found)))
    for path in found:
        say(f"    {_short(path)}")
    for line in _advice(settings, found[0]):
        say(line)


def make_list(url: str) -> bool:
    """Makes the list and its members in the database at `url`, unless there is any list. Whether it did."""
    from mlcore.actions import lists, members
    from mlcore.store.engine import open_sync

    now = time.time()
    with open_sync(url) as connection:
        if lists.matching(connection):
            return False
        policy = lists.create(connection, LIST, owners=[AUTHOR], now=now)
        for lines in members.read(MEMBERS):
            members.add(connection, policy, lines.people, welcome=False, now=now)
    return True


def message(now: float) -> bytes:
    """The post: a subject in Japanese, a body in UTF-8. now: Unix seconds."""
    subject = words.encode(SUBJECT, first_column=len("Subject: ")).decode("ascii")
    fields = (
        f"From: Anne <{AUTHOR}>",
        f"To: {LIST}",
        f"Subject: {subject}",
        f"Date: {date.format(now)}",
        f"Message-ID: <demo.{now:.6f}@example.com>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
    )
    return ("\r\n".join(fields) + "\r\n\r\n" + _BODY).encode()


async def post(host: str, port: int, octets: bytes) -> None:
    """Hands `octets` (CRLF line ends, no line that begins with a dot) to the list by LMTP (RFC 2033)."""
    async with asyncio.timeout(_PATIENCE_S):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            await _expect(reader, 220)
            for line, code in (
                ("LHLO localhost", 250),
                (f"MAIL FROM:<{AUTHOR}> BODY=8BITMIME", 250),
                (f"RCPT TO:<{LIST}>", 250),
                ("DATA", 354),
            ):
                writer.write(f"{line}\r\n".encode())
                await _expect(reader, code)
            writer.write(octets + b".\r\n")
            await _expect(reader, 250)
            writer.write(b"QUIT\r\n")
            await _expect(reader, 221)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def _expect(reader: asyncio.StreamReader, code: int) -> None:
    """Reads one reply of one or more lines (RFC 5321 4.2.1)."""
    line = b"   -"
    while line[3:4] == b"-":
        line = await reader.readline()
    if not line.startswith(str(code).encode()):
        raise LocalTrouble(f"LMTP: {line.decode('ascii', 'replace').strip()!r} instead of {code}")


def copies(outbox: str) -> list[str]:
    """Paths of everything delivered into the maildirs under `outbox`."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for mailbox in sorted(os.listdir(outbox)):
            new = os.path.join(outbox, mailbox, "new")
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                found += [os.path.join(new, name) for name in sorted(os.listdir(new))]
    return found


async def _wait(outbox: str, before: set[str]) -> list[str]:
    limit = time.monotonic() + _PATIENCE_S
    while True:
        found = [path for path in await asyncio.to_thread(copies, outbox) if path not in before]
        if len(found) >= len(MEMBERS):
            return found
        if time.monotonic() > limit:
            raise LocalTrouble(
                f"{len(found)} copies after {_PATIENCE_S:.0f} s; `mlcore queues` shows the rest"
            )
        await asyncio.sleep(0.02)


def _advice(settings: Settings, first: str) -> list[str]:
    program = ".venv/bin/mlcore"
    if settings.config_file:
        program += f" -C {_short(settings.config_file)}"
    return [
        spoken("Try next, in another terminal:"),
        f"    less {_short(first)}",
        f"    {program} members {LIST}",
        f"    {program} settings {LIST} subject_prefix='[demo %d] '",
        f"    {program} create ant@lists.example",
        f"    echo 'Zoe <zoe@example.com>' | {program} addmembers - {LIST}",
        f"    printf 'From: bart@example.com\\nSubject: hello\\n\\nHello!\\n' | {program} inject {LIST}",
        f"    {program} queues",
        f"    {program} status",
        spoken("Ctrl-C stops the server."),
    ]


def _short(path: str) -> str:
    """`path` as seen from the working directory, if it lies below it."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
