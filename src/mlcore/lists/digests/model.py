"""What a digest is made of."""

import msgspec


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A post that waits for a digest. number: of the post, None: it has none; octets: the post as it is kept
    (RFC 5322, CRLF line ends); arrived_at: Unix seconds."""

    number: int | None
    octets: bytes
    arrived_at: float


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """One digest of a list. volume, number: from 1 on; made_at: Unix seconds."""

    volume: int
    number: int
    made_at: float
