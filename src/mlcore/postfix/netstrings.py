"""Netstrings, as socketmap_table(5) has them: `LENGTH:OCTETS,`, the length in decimal digits."""

import asyncio


class BadNetstring(Exception):
    """The peer sent something else, or more than is taken. The text tells which."""


def encode(octets: bytes) -> bytes:
    """`octets` as a netstring."""
    return b"%d:%b," % (len(octets), octets)


async def read(reader: asyncio.StreamReader, limit: int) -> bytes | None:
    """The next one of the peer, None if it has ended instead. limit: most octets inside.

    Raises BadNetstring; ConnectionError and asyncio.IncompleteReadError when the peer went away within."""
    try:
        digits = (await reader.readuntil(b":"))[:-1]
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    except asyncio.LimitOverrunError:
        raise BadNetstring("no length") from None
    if not (0 < len(digits) <= 9 and digits.isdigit()) or (digits[0] == ord("0") and len(digits) > 1):
        raise BadNetstring("no length")
    length = int(digits)
    if length > limit:
        raise BadNetstring(f"longer than {limit} octets")
    octets = await reader.readexactly(length + 1)
    if octets[-1] != ord(","):
        raise BadNetstring("no comma at the end")
    return octets[:-1]
