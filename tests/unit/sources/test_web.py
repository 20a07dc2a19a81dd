"""Texts by HTTP: what is taken for one, where a server may lead to, and how long it may take."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mlcore.sources import web as module
from mlcore.sources.plain import MOST_OCTETS
from mlcore.sources.web import Patience, Resolve, Unreachable, Web, is_public, resolve
from support.certificates import self_signed
from support.web import WebServer, web_server

QUICK = Patience(step_s=0.2, whole_s=1.0)


@pytest.fixture
async def server() -> AsyncIterator[WebServer]:
    async with web_server() as server:
        yield server


def table(**hosts: str) -> Resolve:
    """Hosts (`_` for a dot) and their addresses, separated by blanks; others do not exist."""

    async def look_up(host: str, _port: int) -> list[str]:
        found = hosts.get(host.replace(".", "_"))
        if found is None:
            raise OSError(-2, "Name or service not known")
        return found.split()

    return look_up


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    hosts = table(
        **{"127_0_0_1": "127.0.0.1"},
        texts_example="127.0.0.1",
        inside_example="127.0.0.1",
        both_example="127.0.0.2 127.0.0.1",
        outside_example="192.0.2.1",
        nowhere_example="",
    )
    web = Web(resolve=hosts, patience=QUICK)
    yield web
    await web.close()


async def trouble(web: Web, uri: str) -> str:
    with pytest.raises(Unreachable) as caught:
        await web.fetch(uri)
    reason = str(caught.value)
    assert reason.isprintable()
    return reason


async def test_a_text(web: Web, server: WebServer) -> None:
    server.says("/a?b=c@d", "Hello $listname\r\n")
    assert await web.fetch(server.url("/a?b=c@d", "texts.example")) == "Hello $listname\n"
    (request,) = server.asked
    lines = request.lower().split("\r\n")
    assert f"host: texts.example:{server.port}" in lines
    assert "accept-encoding: identity" in lines
    assert not any(line.startswith(("authorization:", "cookie:")) for line in lines)


async def test_the_charset_of_the_reply(web: Web, server: WebServer) -> None:
    server.says("/a", "ようこそ".encode("iso-2022-jp"), content_type="text/plain; charset=ISO-2022-JP")
    server.says("/b", "ようこそ")
    server.says("/c", b"\xff")
    server.says("/d", b"x", content_type="text/plain; charset=none-such")
    assert await web.fetch(server.url("/a")) == "ようこそ"
    assert await web.fetch(server.url("/b")) == "ようこそ"
    assert await trouble(web, server.url("/c")) == "not UTF-8"
    assert await trouble(web, server.url("/d")) == "unknown charset 'none-such'"


async def test_an_empty_text_is_a_text(web: Web, server: WebServer) -> None:
    server.says("/a", "")
    assert await web.fetch(server.url("/a")) == ""


async def test_404_says_that_there_is_no_text(web: Web, server: WebServer) -> None:
    server.answers["/gone"] = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"
    assert await web.fetch(server.url("/missing")) is None
    assert await web.fetch(server.url("/gone")) is None


async def test_name_and_password(web: Web, server: WebServer) -> None:
    server.says("/a", "text")
    await web.fetch(server.url("/a"), "anne", "sécret:x")
    token = base64.b64encode("anne:sécret:x".encode()).decode()
    assert f"authorization: basic {token}".lower() in server.asked[0].lower()


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "HTTP status 500"),
        (b"HTTP/1.1 204 Oh\r\n\r\n", "HTTP status 204"),
        (b"HTTP/1.1 400 Oh\r\nContent-Length: 0\r\n\r\n", "HTTP status 400"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
            "the reply is compressed",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<!doctype", "a page of HTML"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "peer closed connection"),
        (b"\x00\x01 what\r\n\r\n", "illegal status line"),
        (b"", "Server disconnected"),
    ],
)
async def test_replies_that_are_no_text(web: Web, server: WebServer, reply: bytes, reason: str) -> None:
    server.answers["/a"] = reply
    if reason.startswith("a page"):
        server.says("/a", "<!doctype html>")
    assert (await trouble(web, server.url("/a"))).startswith(reason)


async def test_a_text_without_an_end_is_cut_off(web: Web, server: WebServer) -> None:
    server.answers["/a"] = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MOST_OCTETS + 70_000)
    server.answers["/b"] = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * MOST_OCTETS
    assert (await trouble(web, server.url("/a"))).startswith("longer than")
    assert len(await web.fetch(server.url("/b")) or "") == MOST_OCTETS


async def test_a_server_that_says_nothing(web: Web, server: WebServer) -> None:
    server.hanging = True
    assert await trouble(web, server.url("/a")) == "no answer in time"


async def test_the_whole_has_an_end_too(server: WebServer) -> None:
    async def slow(_host: str, _port: int) -> list[str]:
        await asyncio.sleep(5)
        raise AssertionError

    web = Web(resolve=slow, patience=Patience(step_s=9.0, whole_s=0.05))
    assert await trouble(web, server.url("/a")) == "no answer in time"
    await web.close()


async def test_where_nobody_is(web: Web, server: WebServer) -> None:
    assert await trouble(web, "http://none.example/") == "Name or service not known"
    assert await trouble(web, "http://nowhere.example/") == "no address"
    assert await trouble(web, "http://127.0.0.1:1/") == "All connection attempts failed"
    server.says("/a", "text")
    assert await web.fetch(server.url("/a", "both.example")) == "text"


@pytest.mark.parametrize("uri", ["http://a..b/", f"http://{'x' * 64}.example/"])
async def test_names_that_no_host_has(uri: str) -> None:
    web = Web(patience=QUICK)
    with pytest.raises(Unreachable):
        await web.fetch(uri)
    await web.close()


async def test_names_of_this_host_are_found() -> None:
    assert "127.0.0.1" in await resolve("127.0.0.1", 80)
    assert await resolve("::1", 80) == ["::1"]


# -- redirections ------------------------------------------------------------------------------------------


async def test_within_one_server(web: Web, server: WebServer) -> None:
    server.leads("/a", "b?c")
    server.leads("/b?c", server.url("/d", "texts.example"), 308)
    server.says("/d", "text")
    assert await web.fetch(server.url("/a", "texts.example"), "anne", "secret") == "text"
    assert all("authorization: basic" in request.lower() for request in server.asked)


async def test_three_are_enough(web: Web, server: WebServer) -> None:
    for number in range(4):
        server.leads(f"/{number}", f"/{number + 1}")
    server.says("/4", "text")
    assert await web.fetch(server.url("/1")) == "text"
    assert await trouble(web, server.url("/0")) == "more than 3 redirections"


async def test_a_server_does_not_lead_to_what_is_not_public(web: Web, server: WebServer) -> None:
    """Else whoever holds the server of a text has this host ask what is behind the firewall."""
    server.says("/secret", "secret")
    for target in (
        server.url("/secret", "inside.example"),
        server.url("/secret", "127.0.0.1"),
        f"http://texts.example:{server.port + 1}/",
    ):
        server.leads("/a", target)
        reason = await trouble(web, server.url("/a", "texts.example"))
        assert reason.endswith("which is no public address")
    assert server.paths == ["/a"] * 3


async def test_who_has_left_does_not_come_back(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A public server in between must not lead back behind the firewall, and never gets the password."""
    monkeypatch.setattr(module, "is_public", lambda address: address == "127.0.0.2")
    other = await asyncio.start_server(server.serve, "127.0.0.2", server.port)
    web = Web(resolve=table(texts_example="127.0.0.1", public_example="127.0.0.2"), patience=QUICK)
    server.leads("/a", server.url("/b", "public.example"))
    server.says("/b", "text")
    assert await web.fetch(server.url("/a", "texts.example"), "anne", "secret") == "text"
    assert ["authorization" in request.lower() for request in server.asked] == [True, False]
    server.leads("/b", server.url("/c", "texts.example"))
    with pytest.raises(Unreachable, match="no public address"):
        await web.fetch(server.url("/a", "texts.example"), "anne", "secret")
    await web.close()
    other.close()
    await other.wait_closed()


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("ftp://127.0.0.1/x", "redirected to something else"),
        ("file:///etc/passwd", "redirected to something else"),
        ("gopher://127.0.0.1:70/", "redirected to something else"),
        ("http://[::1/", "Invalid URL in location header"),
    ],
)
async def test_what_is_no_web_server(web: Web, server: WebServer, location: str, reason: str) -> None:
    server.leads("/a", location)
    assert (await trouble(web, server.url("/a"))).startswith(reason)


async def test_a_password_in_a_redirection_is_not_used(web: Web, server: WebServer) -> None:
    server.leads("/a", f"http://root:toor@127.0.0.1:{server.port}/b")
    server.says("/b", "text")
    assert await web.fetch(server.url("/a")) == "text"
    assert "authorization" not in server.asked[1].lower()


async def test_cookies_are_not_kept(web: Web, server: WebServer) -> None:
    server.says("/a", "text", more="Set-Cookie: id=1\r\n")
    await web.fetch(server.url("/a"))
    await web.fetch(server.url("/a"))
    assert "cookie" not in server.asked[1].lower()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("fec0::1", False),
        ("::127.0.0.1", False),
        ("::ffff:0:127.0.0.1", False),
        ("64:ff9b:1::a00:1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", True),
        ("2002:7f00:1::1", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(address) is public


# -- TLS ---------------------------------------------------------------------------------------------------


async def test_the_certificate_is_that_of_the_name(tmp_path: Path) -> None:
    """The connection is made to an address, and the name is checked all the same."""
    context, certificate = self_signed(tmp_path, "texts.example")
    hosts = table(texts_example="127.0.0.1", other_example="127.0.0.1")
    web = Web(resolve=hosts, tls=lambda: ssl.create_default_context(cafile=certificate), patience=QUICK)
    async with web_server(context) as server:
        server.says("/a", "text")
        server.leads("/b", server.url("/a", "texts.example"))
        assert await web.fetch(server.url("/a", "texts.example", "https")) == "text"
        assert "certificate verify failed" in await trouble(web, server.url("/a", "other.example", "https"))
        reason = await trouble(web, server.url("/b", "texts.example", "https"))
        assert reason == "redirected from https to http"
    await web.close()


async def test_a_certificate_that_nobody_has_signed(tmp_path: Path) -> None:
    context, _ = self_signed(tmp_path, "texts.example")
    web = Web(resolve=table(texts_example="127.0.0.1"), patience=QUICK)
    async with web_server(context) as server:
        server.says("/a", "text")
        reason = await trouble(web, server.url("/a", "texts.example", "https"))
        assert "certificate verify failed" in reason
    await web.close()


async def test_certificates_that_cannot_be_read_now_may_be_next_time(server: WebServer) -> None:
    times = 0

    def contexts() -> ssl.SSLContext:
        nonlocal times
        times += 1
        if times == 1:
            raise OSError(24, "Too many open files")
        return ssl.create_default_context()

    server.says("/a", "text")
    web = Web(resolve=table(texts_example="127.0.0.1"), tls=contexts, patience=QUICK)
    assert await trouble(web, server.url("/a", "texts.example")) == "Too many open files"
    assert await web.fetch(server.url("/a", "texts.example")) == "text"
    await web.close()
    await web.close()


def test_http_at_its_port_may_lead_to_https() -> None:
    """The most common redirection of all."""
    import httpx

    assert module._same_server(httpx.URL("http://h/"), httpx.URL("https://h/x"))
    assert not module._same_server(httpx.URL("http://h:8000/"), httpx.URL("https://h/x"))
    assert not module._same_server(httpx.URL("http://h/"), httpx.URL("http://h.example/"))
