"""A maildir per recipient, and no address that becomes a path."""

import asyncio
import errno
import os
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.base.errors import DiskTrouble
from mlcore.delivery.outbox import OutboxTransport, safe_name
from mlcore.delivery.outcome import Deferred, Delivered, Failed
from mlcore.mail.reply import LOCAL_TROUBLE
from support.delivery import BODY, MemoryPublisher, transaction


async def send(publisher: MemoryPublisher, *addresses: str, reverse_path: str = "s@x") -> list[str]:
    transport = OutboxTransport("/out", publisher)
    async with transport.slot("ant") as slot:
        outcomes = await slot.send(transaction(*addresses, reverse_path=reverse_path))
    return [type(outcome).__name__ for outcome in outcomes]


async def test_a_file_per_recipient() -> None:
    publisher = MemoryPublisher()
    assert await send(publisher, "a@x", "b@y", reverse_path="ä@x") == ["Delivered", "Delivered"]
    content = "Return-Path: <ä@x>\r\n".encode() + BODY
    assert publisher.files == {
        ("/out/a@x", "0190a1b2c3d40000a1b2c3.o.0"): content,
        ("/out/b@y", "0190a1b2c3d40000a1b2c3.o.1"): content,
    }


async def test_p10_the_same_copy_twice_is_one_file() -> None:
    publisher = MemoryPublisher()
    await send(publisher, "a@x", "b@y")
    await send(publisher, "a@x", "b@y")
    assert len(publisher.files) == 2


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        PermissionError(errno.EACCES, "no"),
        DiskTrouble("fsync: EIO"),
    ],
)
async def test_p3_a_failing_disk_defers_that_copy(error: Exception) -> None:
    publisher = MemoryPublisher(failures=[error])
    transport = OutboxTransport("/out", publisher)
    async with transport.slot("ant") as slot:
        outcomes = await slot.send(transaction("a@x", "b@y"))
    assert outcomes[0] == Deferred(LOCAL_TROUBLE)
    assert isinstance(outcomes[1], Delivered)
    assert "1 copies" in transport.status()


async def test_more_recipients_than_are_written_at_once_keep_their_order() -> None:
    publisher = MemoryPublisher()
    names = [f"m{number}@x" for number in range(50)]
    names[20] = "bad\r\naddress"
    kinds = await send(publisher, *names)
    assert kinds == ["Delivered"] * 20 + ["Failed"] + ["Delivered"] * 29
    assert publisher.files["/out/m49@x", "0190a1b2c3d40000a1b2c3.o.49"]


async def test_p9_a_sender_cannot_add_a_field() -> None:
    publisher = MemoryPublisher()
    transport = OutboxTransport("/out", publisher)
    async with transport.slot("ant") as slot:
        (outcome,) = await slot.send(transaction("a@x", reverse_path="s@x>\r\nBcc: <victim@x"))
    assert isinstance(outcome, Failed)
    assert outcome.policy
    assert not publisher.files


async def test_the_null_sender() -> None:
    publisher = MemoryPublisher()
    await send(publisher, "a@x", reverse_path="")
    assert next(iter(publisher.files.values())).startswith(b"Return-Path: <>\r\nSubject:")


async def test_p16_being_cancelled_goes_up() -> None:
    class Slow(MemoryPublisher):
        async def publish(self, directory: str, name: str, pieces: Sequence[bytes]) -> None:
            await asyncio.Event().wait()

    task = asyncio.create_task(send(Slow(), "a@x"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("Ant+x=y_z-1@Example.COM", "Ant+x=y_z-1@Example.COM"),
        ("", "%"),
        (".", "%2E"),
        ("..", "%2E."),
        ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"),
        ("a/b@x", "a%2Fb@x"),
        ("a%2Fb@x", "a%252Fb@x"),
        ("a\0\n@x", "a%00%0A@x"),
        ("ä@x", "%C3%A4@x"),
    ],
)
def test_p9_names_are_one_component(address: str, name: str) -> None:
    assert safe_name(address) == name


@given(st.text(max_size=400), st.text(max_size=400))
def test_p9_different_addresses_have_different_safe_names(first: str, second: str) -> None:
    names = [safe_name(first), safe_name(second)]
    for name in names:
        assert 0 < len(name) <= 200
        assert name.isascii()
        assert not set(name) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@._+=-%")
        assert not name.startswith(".")
    assert (first == second) == (names[0] == names[1])


def test_p9_long_addresses_are_told_apart_by_a_digest() -> None:
    assert safe_name("a" * 161) != safe_name("a" * 162)
    assert len(safe_name("ä" * 5_000)) == 194
