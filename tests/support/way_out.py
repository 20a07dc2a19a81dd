"""A way out for a machine without a network: an HTTP proxy on its loopback, which connects from this host.

A socket belongs to the network namespace in which it was made. So the listener is made in that of the
machine, and the connections to the world are made here: nothing is routed, no port of this host is taken."""

import contextlib
import ctypes
import os
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Final, Self, TypeVar
from urllib.parse import urlsplit

PORT: Final = 3142
_CLONE_NEWNET: Final = 0x40000000
_BLOCK: Final = 64 * 1024
_HEAD_LIMIT: Final = 64 * 1024
_PATIENCE_S: Final = 120.0

Result = TypeVar("Result")
Address = tuple[str, int]


def inside(namespace: str, work: Callable[[], Result]) -> Result:
    """What `work` returns when a thread calls it that stands in a network namespace.

    namespace: its file, such as /proc/PID/ns/net. Raises OSError if it cannot be entered, and what `work`
    raises. Sockets that `work` makes stay there wherever they are used."""
    future: Future[Result] = Future()

    def run() -> None:
        try:
            _enter(namespace)
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001  (whoever asked gets it)
            future.set_exception(error)

    thread = threading.Thread(target=run, name=f"inside {namespace}")
    thread.start()
    thread.join()
    return future.result()


def _enter(namespace: str) -> None:
    """setns(2) concerns the calling thread alone, and that one ends soon."""
    descriptor = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), namespace)
    finally:
        os.close(descriptor)


class WayOut:
    """`with WayOut(namespace, proxies):` serves 127.0.0.1:3142 of that namespace until the end of the `with`.

    proxies: those that this host itself has to use, by scheme (`http`, `https`), as urllib.request.getproxies
    gives them. Understood are CONNECT and requests with an absolute http: address, each on a connection of
    its own."""

    def __init__(self, namespace: str, proxies: Mapping[str, str]) -> None:
        self._proxies = {scheme: _host_and_port(url) for scheme, url in proxies.items()}
        self._listener = inside(namespace, lambda: socket.create_server(("127.0.0.1", PORT), backlog=64))
        self._thread = threading.Thread(target=self._serve, name="way out", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the accept
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), name="way out", daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError, ValueError):
            client.settimeout(_PATIENCE_S)
            head, rest = _read_head(client)
            target, first, answer = self._route(head)
            with socket.create_connection(target, timeout=_PATIENCE_S) as server:
                if answer:
                    client.sendall(answer)
                server.sendall(first + rest)
                _pipe_both(client, server)

    def _route(self, head: bytes) -> tuple[Address, bytes, bytes]:
        """Where to, the octets to begin with there, the octets to answer the client with at once."""
        line, _, fields = head.partition(b"\r\n")
        method, address, version = line.decode("ascii").split(" ")
        if method == "CONNECT":
            upstream = self._proxies.get("https")
            if upstream:
                return upstream, head, b""
            host, _, port = address.rpartition(":")
            return (host.strip("[]"), int(port)), b"", b"HTTP/1.1 200 OK\r\n\r\n"
        lines = [field for field in fields.split(b"\r\n") if not _hop_by_hop(field)]
        url = urlsplit(address)
        path = (
            address if "http" in self._proxies else (url.path or "/") + (f"?{url.query}" if url.query else "")
        )
        begin = f"{method} {path} {version}\r\nConnection: close\r\n".encode("ascii")
        target = self._proxies.get("http") or (str(url.hostname), url.port or 80)
        return target, begin + b"\r\n".join(lines), b""


def _host_and_port(url: str) -> Address:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    return str(parts.hostname), parts.port or 80


def _read_head(client: socket.socket) -> tuple[bytes, bytes]:
    """The request with its empty line, and what came behind it."""
    octets = b""
    while b"\r\n\r\n" not in octets:
        block = client.recv(_BLOCK)
        if not block or len(octets) > _HEAD_LIMIT:
            raise ValueError("no request")
        octets += block
    end = octets.index(b"\r\n\r\n") + 4
    return octets[:end], octets[end:]


def _hop_by_hop(field: bytes) -> bool:
    return field.lower().startswith((b"connection:", b"proxy-connection:"))


def _pipe_both(one: socket.socket, other: socket.socket) -> None:
    thread = threading.Thread(target=_pipe, args=(one, other), name="way out", daemon=True)
    thread.start()
    _pipe(other, one)
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    thread.join()


def _pipe(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while block := source.recv(_BLOCK):
            sink.sendall(block)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
