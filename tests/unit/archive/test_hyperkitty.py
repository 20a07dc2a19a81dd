"""HyperKitty: what is sent, and what each answer means."""

import asyncio
import ssl
from collections.abc import AsyncIterator

import pytest

from mlcore.archive.archiver import Refused, Unavailable
from mlcore.archive.hyperkitty import HyperKitty, Patience
from support.archives import OCTETS, archived
from support.hyperkitty import KEY, Fault, HyperKittyServer, hyperkitty
from support.posts import policy

SHORT = Patience(connect_s=0.5, whole_s=0.1)
LF = OCTETS.replace(b"\r\n", b"\n")


@pytest.fixture
async def server() -> AsyncIterator[HyperKittyServer]:
    async with hyperkitty() as made:
        yield made


@pytest.fixture
async def archiver(server: HyperKittyServer) -> AsyncIterator[HyperKitty]:
    made = HyperKitty("hyperkitty", server.base_url, KEY)
    yield made
    await made.close()


async def test_a_post_arrives_as_it_is(server: HyperKittyServer, archiver: HyperKitty) -> None:
    await archiver.archive(archived())
    assert server.kept == {("ant@example.com", "1@example.org"): LF}


async def test_the_same_post_again_changes_nothing(server: HyperKittyServer, archiver: HyperKitty) -> None:
    await archiver.archive(archived())
    await archiver.archive(archived())
    assert (server.asked, len(server.kept)) == (2, 1)


@pytest.mark.parametrize("slashes", ["", "/", "//"])
async def test_slashes_at_the_end_of_the_address(server: HyperKittyServer, slashes: str) -> None:
    made = HyperKitty("hyperkitty", server.base_url.rstrip("/") + slashes, KEY)
    await made.archive(archived())
    await made.close()
    assert len(server.kept) == 1


async def test_octets_of_any_kind_and_size(server: HyperKittyServer, archiver: HyperKitty) -> None:
    body = bytes(range(11, 256)) * 2_000 + b"--x--\n"
    await archiver.archive(archived(octets=OCTETS + body))
    assert server.kept["ant@example.com", "1@example.org"] == LF + body


async def test_the_name_of_a_list_in_utf8(server: HyperKittyServer, archiver: HyperKitty) -> None:
    await archiver.archive(archived(policy=policy(list_name="蟻")))
    assert ("蟻@example.com", "1@example.org") in server.kept


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("401", "HTTP status 401: the api_key is not the MAILMAN_ARCHIVER_KEY of HyperKitty"),
        ("403", "HTTP status 403: this host is not in MAILMAN_ARCHIVER_FROM of HyperKitty"),
        ("404", "HTTP status 404: base_url is not where HyperKitty is"),
        ("429", "HTTP status 429"),
        ("500", "HTTP status 500"),
        ("302", "HTTP status 302"),
        ("bad host", "HTTP status 400"),
        ("other page", "HTTP status 200, but not from HyperKitty: base_url may be wrong"),
    ],
)
async def test_what_may_get_better_is_tried_again(
    server: HyperKittyServer, archiver: HyperKitty, fault: Fault, reason: str
) -> None:
    server.fault = fault
    with pytest.raises(Unavailable) as caught:
        await archiver.archive(archived())
    assert str(caught.value) == reason
    assert server.asked == 1


async def test_what_it_never_takes_is_refused(server: HyperKittyServer, archiver: HyperKitty) -> None:
    server.fault = "400"
    with pytest.raises(Refused, match=r"^Could not find the Message-Id header$"):
        await archiver.archive(archived())
    with pytest.raises(Refused):
        await archiver.archive(archived(octets=b"Subject: x\r\n\r\n"))


async def test_a_connection_that_breaks(server: HyperKittyServer, archiver: HyperKitty) -> None:
    server.faults.extend(["drop", "slow"])
    with pytest.raises(Unavailable):
        await archiver.archive(archived())
    await archiver.archive(archived())
    assert len(server.kept) == 1


async def test_a_wrong_key(server: HyperKittyServer) -> None:
    made = HyperKitty("hyperkitty", server.base_url, "hunter2")
    with pytest.raises(Unavailable, match="401") as caught:
        await made.archive(archived())
    assert "hunter2" not in str(caught.value)
    await made.close()


async def test_nobody_listens(server: HyperKittyServer) -> None:
    made = HyperKitty("hyperkitty", "http://127.0.0.1:1/", KEY)
    with pytest.raises(Unavailable, match="connection"):
        await made.archive(archived())
    await made.close()
    await made.close()


async def test_who_says_nothing_is_not_waited_for(server: HyperKittyServer) -> None:
    server.fault = "hang"
    made = HyperKitty("hyperkitty", server.base_url, KEY, patience=SHORT)
    with pytest.raises(Unavailable, match=r"^no answer in time$"):
        await made.archive(archived())
    await made.close()


async def test_a_step_may_take_too_long_by_itself(server: HyperKittyServer) -> None:
    server.fault = "hang"
    made = HyperKitty("hyperkitty", server.base_url, KEY, patience=Patience(whole_s=0.05))
    with pytest.raises(Unavailable, match=r"^no answer in time$"):
        await made.archive(archived(octets=OCTETS + b"x" * 500_000))
    await made.close()


async def test_an_answer_without_end_is_not_read(archiver: HyperKitty) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 200_000)
        try:
            await reader.read()
        finally:
            writer.close()

    listening = await asyncio.start_server(endless, "127.0.0.1", 0)
    made = HyperKitty("h", f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/", KEY)
    with pytest.raises(Unavailable, match="not from HyperKitty"):
        await made.archive(archived())
    await made.close()
    listening.close()
    await listening.wait_closed()


async def test_certificates_that_cannot_be_read_now(server: HyperKittyServer) -> None:
    troubles = [OSError(24, "Too many open files")]

    def context() -> ssl.SSLContext:
        if troubles:
            raise troubles.pop()
        return ssl.create_default_context()

    made = HyperKitty("hyperkitty", server.base_url, KEY, tls=context)
    with pytest.raises(Unavailable, match="certificates: Too many open files"):
        await made.archive(archived())
    await made.archive(archived())
    await made.close()


async def test_one_client_for_many_posts(server: HyperKittyServer, archiver: HyperKitty) -> None:
    posts = (archived(octets=OCTETS.replace(b"<1@", f"<{n}@".encode())) for n in range(20))
    await asyncio.gather(*map(archiver.archive, posts))
    assert len(server.kept) == 20
