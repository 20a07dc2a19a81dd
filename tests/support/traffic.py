"""Senders that hand posts to a server under test, and keep on through its crashes."""

import itertools
import smtplib
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Self

from support.ledger import Ledger

_AGAIN_S = 0.02
_FAILURES = (OSError, smtplib.SMTPException)


class Sender:
    """Hands in one post after the other over one LMTP connection, and a new one after each failure."""

    def __init__(self, ledger: Ledger, name: str = "s") -> None:
        self._ledger = ledger
        self._name = name
        self._numbers = itertools.count(1)
        self._client: smtplib.LMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hangs up."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def send(
        self,
        posting_address: str,
        members: Sequence[str],
        *,
        sender: str = "",
        subject: str = "tea",
        size: int = 200,
    ) -> bool:
        """One post for `members`, from the first of them unless told otherwise; whether it got 250."""
        message_id = f"<{self._name}.{next(self._numbers)}@chaos.example>"
        self._ledger.sending(message_id, members)
        sender = sender or members[0]
        octets = post(message_id, posting_address, sender, subject, size)
        try:
            if self._client is None:
                self._client = smtplib.LMTP("127.0.0.1", self._ledger.server.lmtp_port, timeout=20)
            self._client.sendmail(sender, [posting_address], octets)
        except _FAILURES:
            self.close()
            return False
        self._ledger.acknowledge(message_id)
        return True


class Traffic:
    """Several senders at once, each posting to the lists in turn: `with Traffic(...):`.

    lists: members by posting address. pause_s: between two posts of one sender."""

    def __init__(
        self,
        ledger: Ledger,
        lists: Mapping[str, Sequence[str]],
        *,
        senders: int = 3,
        pause_s: float = 0.01,
    ) -> None:
        self._ledger = ledger
        self._lists = lists
        self._pause_s = pause_s
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._send, args=(number,), name=f"sender {number}")
            for number in range(senders)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _send(self, number: int) -> None:
        with Sender(self._ledger, f"t{number}") as sender:
            turns = itertools.cycle(sorted(self._lists))
            for size in itertools.cycle((100, 2_000, 100, 20_000)):
                if self._stopping.is_set():
                    return
                address = next(turns)
                done = sender.send(address, self._lists[address], size=size)
                time.sleep(self._pause_s if done else _AGAIN_S)


def post(message_id: str, posting_address: str, sender: str, subject: str, size: int) -> bytes:
    """A plain message with about `size` octets of body."""
    header = (
        f"From: {sender}\r\nTo: {posting_address}\r\nSubject: {subject}\r\n"
        f"Message-ID: {message_id}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n"
    )
    return header.encode() + b"All work and no play.\r\n" * max(1, size // 23)
