"""Netstrings on a stream."""

import asyncio

import pytest

from mlcore.postfix.netstrings import BadNetstring, encode, read


def _reader(octets: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=64)
    reader.feed_data(octets)
    reader.feed_eof()
    return reader


@pytest.mark.parametrize("octets", [b"", b"a", b"transport ant@example.com", b"1:a,", bytes(range(50))])
async def test_what_is_written_is_read(octets: bytes) -> None:
    reader = _reader(encode(octets) + encode(b"next"))
    assert await read(reader, 50) == octets
    assert await read(reader, 50) == b"next"
    assert await read(reader, 50) is None


@pytest.mark.parametrize(
    "octets", [b":a,", b"x:a,", b"-1:a,", b"+1:a,", b"01:a,", b" 1:a,", b"1:ab,", b"51:", b"9" * 100 + b":"]
)
async def test_anything_else_is_refused(octets: bytes) -> None:
    with pytest.raises(BadNetstring):
        await read(_reader(octets), 50)


async def test_a_peer_that_never_ends_its_length_is_refused() -> None:
    with pytest.raises(BadNetstring):
        await read(_reader(b"1" * 1000), 50)


@pytest.mark.parametrize("octets", [b"5", b"5:", b"5:ab", b"2:ab"])
async def test_a_peer_that_goes_away_within_is_no_end(octets: bytes) -> None:
    with pytest.raises(asyncio.IncompleteReadError):
        await read(_reader(octets), 50)
