"""Texts by HTTP. Only who runs the site says what is fetched, so an address of this host or of a private
network is as good as any other; what a server says in a redirection is not: it leads within that server, or
to public addresses (so nobody outside makes this host ask a service behind the firewall).

httpx is imported with the first text that is fetched: it takes a tenth of a second and 15 MiB."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Final

import mlcore
from mlcore.base.errors import MlcoreError
from mlcore.mail.words import one_line
from mlcore.sources.apart import apart
from mlcore.sources.plain import MOST_OCTETS, NoText, text_of

if TYPE_CHECKING:
    import httpx

MOST_REDIRECTIONS: Final = 3
_MOST_ADDRESSES: Final = 4
"""Of one host that are tried."""
_REDIRECTIONS: Final = frozenset({301, 302, 303, 307, 308})
_GONE: Final = frozenset({404, 410})
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_UNICAST: Final = ipaddress.ip_network("2000::/3")
"""Where the whole Internet is (RFC 4291 2.4, IANA): outside of it lie also old and local forms that hold an
IPv4 address (RFC 4291 2.5.5.1, RFC 6145 2.2, RFC 8215), and site-local addresses."""
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The addresses (IPv4, IPv6) of a host and port. Raises OSError."""


class Unreachable(MlcoreError):
    """A text could not be got now; its text says why, on one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds. step_s: for a connection, and for each read; whole_s: for everything."""

    step_s: float = 5.0
    whole_s: float = 30.0


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request. home: the server that somebody named; left: whether a redirection led away from it."""

    url: "httpx.URL"
    home: "httpx.URL"
    username: str = ""
    password: str = ""
    left: bool = False


async def resolve(host: str, port: int) -> list[str]:
    """See `Resolve`."""
    found = await apart(_look_up, host, port)
    return list(dict.fromkeys(found))


def _look_up(host: str, port: int) -> list[str]:
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in entries]


class Web:
    """Fetches texts for one event loop. resolve, tls: how hosts are found and certificates checked."""

    def __init__(
        self,
        *,
        resolve: Resolve = resolve,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        patience: Patience | None = None,
    ) -> None:
        self._resolve = resolve
        self._tls = tls
        self._patience = patience or Patience()
        self._made: asyncio.Future[tuple[ModuleType, httpx.AsyncClient]] | None = None

    async def fetch(self, uri: str, username: str = "", password: str = "") -> str | None:
        """The text under an address `http:` or `https:`; None where the server says that there is none.

        username, password: for basic authentication (RFC 7617), empty username: none; they go to the server
        of `uri` alone. Raises Unreachable."""
        try:
            async with asyncio.timeout(self._patience.whole_s):
                return await self._fetch(uri, username, password)
        except TimeoutError:
            raise Unreachable("no answer in time") from None
        except NoText as error:
            raise Unreachable(str(error)) from None
        except OSError as error:
            raise Unreachable(_reason(error.strerror or str(error))) from None

    async def close(self) -> None:
        """Nothing is fetched any more."""
        made, self._made = self._made, None
        if made is not None and made.done() and made.exception() is None:
            await made.result()[1].aclose()

    async def _fetch(self, uri: str, username: str, password: str) -> str | None:
        module, client = await self._client()
        try:
            url = module.URL(uri)
            ask = _Ask(url, url, username, password)
            for _ in range(MOST_REDIRECTIONS + 1):
                answer = await self._answer(client, module, ask)
                client.cookies.clear()
                if not isinstance(answer, _Ask):
                    return answer
                ask = answer
        except module.TimeoutException:
            raise Unreachable("no answer in time") from None
        except (module.HTTPError, module.InvalidURL) as error:
            raise Unreachable(_reason(str(error)) or type(error).__name__) from None
        raise Unreachable(f"more than {MOST_REDIRECTIONS} redirections")

    async def _client(self) -> "tuple[ModuleType, httpx.AsyncClient]":
        if self._made is None:
            self._made = apart(self._make)
        try:
            return await asyncio.shield(self._made)
        except OSError:
            self._made = None  # no certificates now: there may be some next time
            raise

    def _make(self) -> "tuple[ModuleType, httpx.AsyncClient]":
        import httpx  # noqa: PLC0415  (see above)

        client = httpx.AsyncClient(
            verify=self._tls(),  # of the system, which is kept up to date
            timeout=self._patience.step_s,
            # A connection is made to an address, so one that is kept could serve another name of that host.
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=False,
            headers={
                "User-Agent": f"mlcore/{mlcore.__version__}",
                "Accept": "text/plain, */*;q=0.1",
                "Accept-Encoding": "identity",  # what is unpacked could be a thousand times as long
            },
        )
        return httpx, client

    async def _answer(self, client: "httpx.AsyncClient", module: ModuleType, ask: _Ask) -> str | _Ask | None:
        """The text, None for none, or what to ask next."""
        trouble = "no address"
        for address in await self._addresses(ask):
            extensions = {"sni_hostname": _host(ask.url)}
            headers = {"Host": ask.url.netloc.decode("ascii")}
            request = client.build_request(
                "GET", ask.url.copy_with(host=address), headers=headers, extensions=extensions
            )
            auth = module.BasicAuth(ask.username, ask.password) if ask.username else None
            try:
                response = await client.send(request, auth=auth, stream=True)
            except (module.ConnectError, module.ConnectTimeout) as error:
                trouble = _reason(str(error)) or "no connection"
                continue
            try:
                return await _read(response, ask)
            finally:
                await response.aclose()
        raise Unreachable(trouble)

    async def _addresses(self, ask: _Ask) -> list[str]:
        """Where to connect to; of another server than the first one only what is public. They are looked up
        once, and the connection is made to just these: a second look-up might say something else."""
        port = ask.url.port or _DEFAULT_PORTS[ask.url.scheme]
        try:
            async with asyncio.timeout(self._patience.step_s):
                found = (await self._resolve(_host(ask.url), port))[:_MOST_ADDRESSES]
        except UnicodeError:
            raise Unreachable("a name that no host can have") from None
        if ask.left and not all(map(is_public, found)):
            raise Unreachable(f"redirected to {_host(ask.url)}, which is no public address")
        return found


async def _read(response: "httpx.Response", ask: _Ask) -> str | _Ask | None:
    status = response.status_code
    if status in _GONE:
        return None
    if status in _REDIRECTIONS:
        return _redirected(response.headers.get("location", ""), ask)
    if status != 200:
        raise Unreachable(f"HTTP status {status}")
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise Unreachable("the reply is compressed")
    octets = bytearray()
    async for chunk in response.aiter_raw():
        octets += chunk
        if len(octets) > MOST_OCTETS:
            break
    return text_of(bytes(octets), response.charset_encoding or "utf-8")


def _redirected(location: str, ask: _Ask) -> _Ask:
    """What a redirection asks for. Raises Unreachable, httpx.InvalidURL."""
    url = ask.url.join(location)
    if url.scheme not in _DEFAULT_PORTS or not url.host:
        raise Unreachable("redirected to something else than a web server")
    if ask.url.scheme == "https" and url.scheme == "http":
        raise Unreachable("redirected from https to http")
    url = url.copy_with(userinfo=b"")
    if ask.left or not _same_server(ask.home, url):
        return _Ask(url, ask.home, left=True)
    return _Ask(url, ask.home, ask.username, ask.password)


def _same_server(home: "httpx.URL", url: "httpx.URL") -> bool:
    """The same host and port, or its https where http was asked for, both at their usual ports."""
    if _host(home) != _host(url):
        return False
    ports = [one.port or _DEFAULT_PORTS[one.scheme] for one in (home, url)]
    return ports[0] == ports[1] or ports == [80, 443]


def _host(url: "httpx.URL") -> str:
    """In A-labels."""
    return url.raw_host.decode("ascii")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the whole Internet, also inside IPv6 (RFC 4291 2.5.5.2, RFC 6052)."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip.sixtofour is not None:
            ip = ip.sixtofour
        elif ip in _NAT64:
            ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        elif ip not in _UNICAST:
            return False
    return ip.is_global and not ip.is_multicast


def _reason(text: str) -> str:
    """What a peer or a library said, fit for a log."""
    return one_line(text[:200]).strip()
