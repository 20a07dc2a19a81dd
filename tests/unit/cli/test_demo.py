"""The demo against a peer that speaks LMTP and delivers at once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path

import pytest

from mlcore.actions import lists, members
from mlcore.base.errors import LocalTrouble
from mlcore.cli import demo
from mlcore.lists.model import Role
from support.site import SiteInDirectory


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path, "[mta]\noutgoing: outbox\n")
    with site.connection():
        pass
    return site


class LmtpPeer:
    """Takes one message, answers `verdict` to it, and puts a copy into each of `mailboxes`."""

    def __init__(self, outbox: Path, mailboxes: tuple[str, ...], verdict: str = "250 2.0.0 Ok") -> None:
        self.heard: list[str] = []
        self.content = b""
        self._outbox = outbox
        self._mailboxes = mailboxes
        self._verdict = verdict

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            yield server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220-lists.example\r\n220 LMTP\r\n")
        async for line in reader:
            self.heard.append(line.decode().rstrip())
            word = line.split()[0]
            if word == b"DATA":
                writer.write(b"354 Go on\r\n")
                self.content = (await reader.readuntil(b"\r\n.\r\n"))[:-3]
                self._deliver()
                writer.write(self._verdict.encode() + b"\r\n")
            elif word == b"QUIT":
                writer.write(b"221 Bye\r\n")
                break
            else:
                writer.write(b"250-PIPELINING\r\n250 Ok\r\n" if word == b"LHLO" else b"250 Ok\r\n")
        writer.close()

    def _deliver(self) -> None:
        for name in self._mailboxes:
            new = self._outbox / name / "new"
            new.mkdir(parents=True)
            (new / "1").write_bytes(self.content)


ADDRESSES = ("anne@example.com", "bart@example.com", "taro@example.jp")


async def test_the_first_start_shows_a_post_to_three_members(site: SiteInDirectory) -> None:
    peer = LmtpPeer(Path(site.settings.paths.outbox_dir), ADDRESSES)
    said: list[str] = []

    async with peer.listening() as port:
        await demo.demo(site.settings, port, said.append)

    assert peer.heard == [
        "LHLO localhost",
        "MAIL FROM:<anne@example.com> BODY=8BITMIME",
        "RCPT TO:<demo@lists.example>",
        "DATA",
        "QUIT",
    ]
    subject = message_from_bytes(peer.content)["Subject"]
    assert str(make_header(decode_header(subject))) == demo.SUBJECT
    with site.connection() as connection:
        policy = lists.find(connection, demo.LIST)
        found = members.chosen(connection, policy.list_id, [Role.MEMBER])
    assert [member.address for member in found] == list(ADDRESSES)
    text = "\n".join(said)
    assert all(f"/{address}/new/1" in text for address in ADDRESSES)
    assert "Ctrl-C stops the server." in text


async def test_the_second_start_only_says_where_things_are(site: SiteInDirectory) -> None:
    site.run("create", "ant@example.com")
    said: list[str] = []

    await demo.demo(site.settings, 8024, said.append)

    (line,) = said
    assert "127.0.0.1:8024" in line
    assert site.settings.paths.outbox_dir in line
    assert site.run("lists", "-q").output == "ant@example.com\n"


async def test_a_refusal_is_told(site: SiteInDirectory) -> None:
    peer = LmtpPeer(Path(site.settings.paths.outbox_dir), (), "451 4.3.0 not now")

    async with peer.listening() as port:
        with pytest.raises(LocalTrouble, match=r"'451 4\.3\.0 not now' instead of 250"):
            await demo.demo(site.settings, port, lambda _line: None)


async def test_copies_that_do_not_come_are_missed(
    site: SiteInDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "_PATIENCE_S", 0.2)
    peer = LmtpPeer(Path(site.settings.paths.outbox_dir), ADDRESSES[:2])

    async with peer.listening() as port:
        with pytest.raises(LocalTrouble, match="2 copies after"):
            await demo.demo(site.settings, port, lambda _line: None)
