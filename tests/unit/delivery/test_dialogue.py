"""The conversation below SMTP: who is woken when, and when it is over."""

import asyncio

from mlcore.delivery.dialogue import GARBLED, LATE, LOST, RETIRED, Dialogue
from support.scripted_peer import Await, Drop, Hang, Pause, Raw, Say, ScriptedPeer, Step


async def talk_to(port: int) -> Dialogue:
    loop = asyncio.get_running_loop()
    _, dialogue = await loop.create_connection(lambda: Dialogue(loop), "127.0.0.1", port)
    return dialogue


async def part(dialogue: Dialogue) -> None:
    dialogue.abort()
    await dialogue.gone()
    assert dialogue.closed


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0.001)


async def test_a_group_of_replies_wakes_once() -> None:
    async with ScriptedPeer(
        [[Say("220 a"), Await("X"), Say("250 b\r\n250 c"), Pause(0.002), Say("250 d"), Hang()]]
    ) as peer:
        dialogue = await talk_to(peer.port)
        assert [a.reply.text for a in await dialogue.replies(1, 5, 5)] == ["a"]
        dialogue.write(b"X\r\n")
        assert [a.reply.text for a in await dialogue.replies(3, 5, 5)] == ["b", "c", "d"]
        assert dialogue.trouble is None
        assert not dialogue.readable()
        await part(dialogue)


async def test_what_nobody_asked_for_ends_it() -> None:
    async with ScriptedPeer([[Say("220 a"), Pause(0.002), Say("250 b"), Hang()]]) as peer:
        dialogue = await talk_to(peer.port)
        await dialogue.replies(1, 5, 5)
        await settle()
        assert dialogue.trouble is GARBLED
        await part(dialogue)


async def test_the_peer_says_goodbye_while_nothing_is_asked() -> None:
    async with ScriptedPeer([[Say("220 a"), Pause(0.002), Say("421 4.4.2 Idle too long"), Drop()]]) as peer:
        dialogue = await talk_to(peer.port)
        await dialogue.replies(1, 5, 5)
        await settle()
        assert dialogue.trouble is not None
        assert dialogue.trouble.kind == "closing"
        assert await dialogue.replies(1, 5, 5)  # the 421 itself
        await part(dialogue)


async def test_half_a_reply_while_nothing_is_asked_makes_it_stale() -> None:
    async with ScriptedPeer([[Raw("220 a\r\n421 4.4"), Hang()]]) as peer:
        dialogue = await talk_to(peer.port)
        await dialogue.replies(1, 5, 5)
        await settle()
        assert dialogue.trouble is None
        assert dialogue.readable()
        await part(dialogue)


async def test_the_socket_knows_before_the_loop_does() -> None:
    async with ScriptedPeer([[Say("220 a"), Await("X"), Say("250 b"), Drop()]]) as peer:
        dialogue = await talk_to(peer.port)
        await dialogue.replies(1, 5, 5)
        dialogue.write(b"X\r\n")
        await dialogue.replies(1, 5, 5)
        await settle()
        assert dialogue.trouble is LOST or dialogue.readable()
        await part(dialogue)
        assert dialogue.readable()


async def test_a_shorter_time_moves_the_timer() -> None:
    steps: list[Step] = [Say("220 a"), Await("X"), Hang()]
    async with ScriptedPeer([steps]) as peer:
        dialogue = await talk_to(peer.port)
        await dialogue.replies(1, 600, 600)
        dialogue.write(b"X\r\n")
        async with asyncio.timeout(2):
            assert await dialogue.replies(1, 0.01, 0.01) == []
        assert dialogue.trouble is LATE
        await part(dialogue)


async def test_a_longer_time_outlives_the_timer() -> None:
    steps: list[Step] = [Say("220 a"), Await("X"), Pause(0.03), Say("250 b"), Hang()]
    async with ScriptedPeer([steps]) as peer:
        dialogue = await talk_to(peer.port)
        await asyncio.sleep(0.002)
        dialogue._arm(0.01)  # of an earlier, shorter wait
        await dialogue.replies(1, 0.01, 0.01)
        dialogue.write(b"X\r\n")
        assert len(await dialogue.replies(1, 5, 5)) == 1
        await part(dialogue)


async def test_quit_is_said_and_the_peer_closes() -> None:
    async with ScriptedPeer([[Say("220 a"), Await("QUIT"), Say("221 Bye"), Hang()]]) as peer:
        dialogue = await talk_to(peer.port)
        await dialogue.replies(1, 5, 5)
        dialogue.retire(60)
        dialogue.retire(60)
        async with asyncio.timeout(2):
            await dialogue.gone()
        assert dialogue.trouble is RETIRED
        assert peer.heard == [b"QUIT\r\n"]


async def test_quit_is_said_and_the_peer_does_not_care() -> None:
    async with ScriptedPeer([[Say("220 a"), Await("QUIT"), Hang()]]) as peer:
        dialogue = await talk_to(peer.port)
        await dialogue.replies(1, 5, 5)
        dialogue.retire(0.01)
        dialogue.write(b"MAIL FROM:<>\r\n")
        async with asyncio.timeout(2):
            await dialogue.gone()
        assert await dialogue.replies(1, 5, 5) == []
