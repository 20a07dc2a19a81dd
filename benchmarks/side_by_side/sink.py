"""An SMTP server that only counts, so that it is never what a measurement waits for.

It runs in a process of its own (`serve`) and counts in a file that both processes have mapped (`Counts`):
reading a count costs it nothing. It believes its clients: it looks at what is needed to count, and refuses
nothing."""

import argparse
import mmap
import re
import select
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

OFFERED: Final = ("PIPELINING", "CHUNKING", "8BITMIME", "SMTPUTF8", "SIZE", "ENHANCEDSTATUSCODES")

_LINE: Final = rb"[^\r\n]*\r\n"
_RECIPIENTS: Final = re.compile(rb"(?:RCPT TO:" + _LINE + rb")+", re.IGNORECASE)
_WHOLE: Final = re.compile(
    rb"MAIL FROM:" + _LINE + rb"((?:RCPT TO:" + _LINE + rb")+)BDAT ([0-9]+) LAST\r\n", re.IGNORECASE
)
_OK: Final = b"250 2.0.0 Ok\r\n"
_END: Final = b"\r\n.\r\n"
_READ: Final = 256 * 1024
_BACKLOG: Final = 1_024


class Counts:
    """What was taken since `reset`; times are those of `time.monotonic`, the same in all processes.

    copies: one for each recipient of a message; octets: of contents, once a transaction; first and last: when
    the first and the last transaction was complete, 0.0 before."""

    OCTETS: Final = 6 * 8

    def __init__(self, octets: mmap.mmap | bytearray) -> None:
        view = memoryview(octets)
        self._numbers = view[: 4 * 8].cast("q")
        self._times = view[4 * 8 : self.OCTETS].cast("d")

    @property
    def copies(self) -> int:
        return int(self._numbers[0])

    @property
    def transactions(self) -> int:
        return int(self._numbers[1])

    @property
    def octets(self) -> int:
        return int(self._numbers[2])

    @property
    def connections(self) -> int:
        return int(self._numbers[3])

    @property
    def first(self) -> float:
        return float(self._times[0])

    @property
    def last(self) -> float:
        return float(self._times[1])

    def reset(self) -> None:
        """Only while nothing is under way: nobody locks."""
        for number in range(4):
            self._numbers[number] = 0
        self._times[0] = self._times[1] = 0.0

    def add(self, copies: int, transactions: int, octets: int) -> None:
        now = time.monotonic()
        if not self._times[0]:
            self._times[0] = now
        self._times[1] = now
        self._numbers[2] += octets
        self._numbers[1] += transactions
        self._numbers[0] += copies  # last: who waits for it finds the rest there

    def connected(self) -> None:
        self._numbers[3] += 1


class Dialog:
    """One connection, without the connection: octets in, replies out."""

    def __init__(self, counts: Counts, offered: Sequence[str] = OFFERED) -> None:
        lines = ("sink", *offered)
        self._hello = b"".join(
            f"250{' ' if number == len(lines) else '-'}{line}\r\n".encode()
            for number, line in enumerate(lines, 1)
        )
        self._counts = counts
        self._rest = b""
        self._recipients = 0
        self._octets = 0
        self._missing = 0  # octets of the BDAT chunk that have not come yet
        self._last_chunk = False
        self._in_content = False
        self.ended = False

    def feed(self, octets: bytes) -> bytes:
        """The replies to all that is complete now."""
        data = self._rest + octets if self._rest else octets
        position, size = 0, len(data)
        replies: list[bytes] = []
        copies = transactions = taken = 0
        while position < size:
            if self._missing:
                step = min(self._missing, size - position)
                self._missing -= step
                position += step
                if self._missing:
                    break
                replies.append(_OK)
                if self._last_chunk:
                    copies, transactions, taken = (
                        copies + self._recipients,
                        transactions + 1,
                        taken + self._octets,
                    )
                    self._recipients = self._octets = 0
                continue
            if self._in_content:
                end = data.find(_END, position)
                if end < 0:
                    step = max(0, size - len(_END) + 1 - position)
                    self._octets += step
                    position += step
                    break
                self._in_content = False
                self._octets += end - position
                copies, transactions, taken = (
                    copies + self._recipients,
                    transactions + 1,
                    taken + self._octets,
                )
                self._recipients = self._octets = 0
                position = end + len(_END)
                replies.append(_OK)
                continue
            whole = _WHOLE.match(data, position)
            if whole and whole.end() + int(whole[2]) <= size:
                chunk, recipients = int(whole[2]), whole[1].count(b"\n")
                replies.append(_OK * (recipients + 2))
                copies, transactions, taken = copies + recipients, transactions + 1, taken + chunk
                position = whole.end() + chunk
                continue
            before = position
            position = self._command(data, position, replies)
            if position == before:
                break
        self._rest = data[position:]
        if transactions:
            self._counts.add(copies, transactions, taken)
        return b"".join(replies)

    def _command(self, data: bytes, position: int, replies: list[bytes]) -> int:
        """Where the next one begins; `position` if this one is not complete."""
        several = _RECIPIENTS.match(data, position)
        if several:
            number = several[0].count(b"\n")
            self._recipients += number
            replies.append(_OK * number)
            return several.end()
        end = data.find(b"\r\n", position)
        if end < 0:
            return position
        words = data[position:end].upper().split()
        verb = words[0] if words else b""
        if verb == b"EHLO":
            replies.append(self._hello)
        elif verb == b"BDAT":
            self._missing = int(words[1])
            self._octets += self._missing
            self._last_chunk = len(words) > 2
            if not self._missing:
                return self._empty_chunk(end + 2, replies)
        elif verb == b"DATA":
            self._in_content = True
            replies.append(b"354 Go on\r\n")
            return end  # the line before a content of one dot ends with the CRLF of this command
        elif verb == b"QUIT":
            self.ended = True
            replies.append(b"221 2.0.0 Bye\r\n")
        else:
            if verb == b"RSET":
                self._recipients = self._octets = 0
            replies.append(_OK)
        return end + 2

    def _empty_chunk(self, position: int, replies: list[bytes]) -> int:
        replies.append(_OK)
        if self._last_chunk:
            self._counts.add(self._recipients, 1, self._octets)
            self._recipients = self._octets = 0
        return position


def serve(counts: Counts, listener: socket.socket, offered: Sequence[str] = OFFERED) -> None:
    """Until the process is ended from outside."""
    poll = select.epoll()
    listener.setblocking(False)
    poll.register(listener, select.EPOLLIN)
    open_now: dict[int, tuple[socket.socket, Dialog]] = {}
    room = bytearray(_READ)
    view = memoryview(room)
    while True:
        for handle, _ in poll.poll():
            if handle == listener.fileno():
                peer = listener.accept()[0]
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                peer.settimeout(10)  # for replies that a client does not read; what is there is read at once
                peer.sendall(b"220 sink ESMTP\r\n")
                poll.register(peer, select.EPOLLIN)
                open_now[peer.fileno()] = peer, Dialog(counts, offered)
                counts.connected()
                continue
            peer, dialog = open_now[handle]
            try:
                number = peer.recv_into(room)
                if number:
                    replies = dialog.feed(bytes(view[:number]))
                    if replies:
                        peer.sendall(replies)
            except OSError:
                number = 0
            if not number or dialog.ended:
                poll.unregister(peer)
                del open_now[handle]
                peer.close()


def main() -> None:
    """`python sink.py FILE`: prints `port N`, counts in FILE."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", help="what is counted in; made by who reads it")
    parser.add_argument("--offer", action="append", default=[], help="one more keyword for EHLO, as XVERP")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Path(options.file).open("r+b") as file:
        counts = Counts(mmap.mmap(file.fileno(), Counts.OCTETS))
    listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
    print(f"port {listener.getsockname()[1]}", flush=True)
    serve(counts, listener, (*OFFERED, *options.offer))


if __name__ == "__main__":
    main()
