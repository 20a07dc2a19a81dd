"""What dialogs cannot show: defects, time inside the server, lost connections."""

import asyncio
from collections.abc import Sequence

import pytest

from mlcore.base.errors import LocalTrouble, StoreTrouble
from mlcore.ingress.data import Content
from mlcore.ingress.limits import LmtpLimits
from mlcore.mail.reply import LOCAL_TROUBLE, NO_SUCH_ADDRESS
from mlcore.spool.entry import NewEntry
from support.ingress import Scene, serving
from support.lmtp import LmtpClient

POST = b"Subject: x\r\n\r\nHello.\r\n"


async def greeted(scene: Scene) -> LmtpClient:
    client = await LmtpClient.to(scene.address)
    await client.lhlo()
    return client


async def test_p2_a_thousand_recipients_have_a_thousand_replies_in_order() -> None:
    async with serving() as scene, await greeted(scene) as client:
        names = [f"ant+{number}@example.com" if number % 3 else "full@example.com" for number in range(1000)]
        replies = await client.send("anne@example.org", names, POST)
        assert [reply.code for reply in replies] == [250 if number % 3 else 452 for number in range(1000)]
        queued = [reply.text.rpartition(" ")[2] for reply in replies if reply.positive]
        assert queued == [new.name for new in scene.acceptor.entries]


@pytest.mark.parametrize(
    "error", [StoreTrouble("locked"), RuntimeError("a defect"), OSError(5, "EIO"), ValueError()]
)
async def test_p3_whatever_accepting_raises_is_451_for_each(error: Exception) -> None:
    async with serving() as scene, await greeted(scene) as client:

        async def accept(entries: Sequence[NewEntry]) -> list[LocalTrouble | None]:
            raise error

        scene.acceptor.accept = accept  # type: ignore[method-assign]  # a fake of a fake
        replies = await client.send("anne@example.org", ["ant@example.com", "bee@example.com"], POST)
        assert replies == [LOCAL_TROUBLE, LOCAL_TROUBLE]
        assert (await client.command("NOOP")).code == 250


async def test_p3_too_few_results_are_451_for_each() -> None:
    async with serving() as scene, await greeted(scene) as client:

        async def accept(entries: Sequence[NewEntry]) -> list[LocalTrouble | None]:
            return []

        scene.acceptor.accept = accept  # type: ignore[method-assign]  # a fake of a fake
        assert await client.send("anne@example.org", ["ant@example.com"], POST) == [LOCAL_TROUBLE]


async def test_p3_a_log_that_cannot_be_written_refuses_nothing() -> None:
    async with serving() as scene, await greeted(scene) as client:

        def info(event: str, /, **values: object) -> None:
            raise OSError(28, "No space left on device")

        scene.log.info = info  # type: ignore[method-assign]  # a fake of a fake
        replies = await client.send("anne@example.org", ["ant@example.com", "nobody@example.com"], POST)
        assert [reply.code for reply in replies] == [250, 550]


async def test_p3_a_defect_in_a_verb_leaves_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as scene, await greeted(scene) as client:

        def mail(argument: str) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr("mlcore.ingress.session.parse_mail", mail)
        assert await client.command("MAIL FROM:<>") == LOCAL_TROUBLE
        assert (await client.command("NOOP")).code == 250


async def test_p4_a_defect_inside_the_content_takes_nothing_for_a_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving() as scene, await greeted(scene) as client:

        def feed(self: Content, block: bytes) -> bytes | None:
            raise ZeroDivisionError

        monkeypatch.setattr(Content, "feed", feed)
        replies = await client.send("anne@example.org", ["ant@example.com"], b"NOOP\r\nQUIT\r\n")
        assert [reply.code for reply in replies] == [421]
        assert await client.at_eof()
        assert scene.acceptor.entries == []


async def test_p3_a_defect_outside_the_verbs_says_421(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as scene, await greeted(scene) as client:

        async def execute(self: object, line: bytes) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr("mlcore.ingress.session.LmtpSession._execute", execute)
        assert (await client.command("NOOP")).code == 250  # the conversation had its verb in hand
        assert (await client.command("NOOP")).line().startswith("421 4.3.0 ")
        assert await client.at_eof()
        assert len(scene.log.of("trouble")) == 1


async def test_p3_a_directory_that_hangs_is_451_in_the_end() -> None:
    async with serving() as scene, await greeted(scene) as client:
        await client.command("MAIL FROM:<anne@example.org>")
        await client.write(b"RCPT TO:<slow@example.com>\r\nRCPT TO:<nobody@example.com>\r\n")
        await scene.until(lambda: scene.directory.asked)
        scene.clock.advance(119.0)
        scene.server.sweep()
        await scene.settle()
        assert scene.directory.asked == ["slow@example.com"]
        scene.clock.advance(1.0)
        scene.server.sweep()
        assert await client.reply() == LOCAL_TROUBLE
        assert await client.reply() == NO_SUCH_ADDRESS


async def test_p3_a_spool_that_hangs_is_451_in_the_end() -> None:
    async with serving() as scene, await greeted(scene) as client:
        scene.acceptor.gate = asyncio.Event()
        sending = asyncio.create_task(client.send("", ["ant@example.com", "bee@example.com"], POST))
        await scene.acceptor.waiting.wait()
        scene.clock.advance(120.0)
        scene.server.sweep()
        scene.server.sweep()
        assert await sending == [LOCAL_TROUBLE, LOCAL_TROUBLE]
        assert scene.acceptor.cancelled
        scene.acceptor.gate = None
        assert [reply.code for reply in await client.send("", ["ant@example.com"], POST)] == [250]


async def test_a_connection_lost_behind_the_dot_does_not_disturb_the_spool() -> None:
    async with serving() as scene, await greeted(scene) as client:
        scene.acceptor.gate = asyncio.Event()
        await client.write(b"MAIL FROM:<>\r\nRCPT TO:<ant@example.com>\r\nDATA\r\n" + POST + b".\r\n")
        await scene.acceptor.waiting.wait()
        client.reset()
        await scene.settle()
        scene.acceptor.gate.set()
        await scene.gone()
        assert not scene.acceptor.cancelled
        assert len(scene.acceptor.entries) == 1
        assert scene.log.of("trouble") == []


async def test_a_large_message_comes_in_whole() -> None:
    async with serving() as scene, await greeted(scene) as client:
        body = b"Subject: large\r\n\r\n" + b"".join(b".%d\r\n" % number for number in range(300_000))
        replies = await client.send("anne@example.org", ["ant@example.com"], body, f" SIZE={len(body)}")
        assert [reply.code for reply in replies] == [250]
        assert scene.acceptor.entries[0].entry.octets == body


async def test_memory_comes_back_when_a_client_leaves_in_the_middle() -> None:
    async with serving(LmtpLimits(data_memory_bytes=100)) as scene:
        for _ in range(5):
            async with await greeted(scene) as client:
                await client.write(b"MAIL FROM:<>\r\nRCPT TO:<ant@example.com>\r\nDATA\r\n" + b"x" * 90)
                await scene.settle()
                client.reset()
        await scene.gone()
        async with await greeted(scene) as client:
            replies = await client.send("", ["ant@example.com"], b"x" * 90)
            assert [reply.code for reply in replies] == [250]
        assert len(scene.acceptor.entries) == 1


async def test_p20_refusals_are_logged_with_their_recipient() -> None:
    async with serving() as scene, await greeted(scene) as client:
        replies = await client.send("anne@example.org", ["nobody@example.com"], POST)
        assert replies == [NO_SUCH_ADDRESS]
        assert scene.log.of("refused") == [
            {"reply": "550 5.1.1 No such mailing list address here", "recipient": "nobody@example.com"}
        ]
        assert scene.acceptor.entries == []


async def test_p5_content_is_not_parsed() -> None:
    async with serving() as scene, await greeted(scene) as client:
        for content in (
            b"",
            b"\r\n",
            b"no header\r\n",
            b"\0\xff\r\n",
            b"Content-Type: multipart/mixed;\r\n" * 3000,
        ):
            replies = await client.send("anne@example.org", ["ant@example.com"], content)
            assert [reply.code for reply in replies] == [250]
            assert scene.acceptor.entries[-1].entry.octets == content
