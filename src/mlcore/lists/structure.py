"""What rules read of a message beyond its header section, taken apart only as far as they need it."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from mlcore.lists.draft import Draft
from mlcore.mail import charsets, mime
from mlcore.mail.fields import Fields
from mlcore.mail.mime import Part

_BEGINNINGS: Final = (1_024, 16_384)
"""Octets that are decoded to find some lines: mostly the first number does."""
_LINE: Final = re.compile(r"\S[^\r\n]*")
_PLAIN: Final = re.compile(
    rb"""text/plain; ?charset=["']?([A-Za-z0-9_.-]{1,40})["']?(?:; ?(?:format|delsp)="?[a-z]{1,9}"?)*""",
    re.IGNORECASE,
)
_IDENTITY: Final = frozenset({b"", b"7bit", b"8bit", b"binary"})


def is_composite(fields: Fields) -> bool:
    """Whether the message may have parts, or hold another message: it is not taken apart to tell."""
    kind = fields.first("content-type")
    if kind is None:
        return False
    kind = kind.lower()
    return b"multipart" in kind or b"message" in kind


def is_too_complex(draft: Draft) -> bool:
    """Whether the message has more or deeper parts than can be looked at (mail.mime)."""
    if not is_composite(draft.fields):
        return False
    try:
        draft.part()
    except mime.TooComplex:
        return True
    return False


def parts(draft: Draft) -> tuple[Part, ...]:
    """All parts, the message itself first, those of attached messages too; none where it is too complex."""
    try:
        return tuple(draft.part().walk(deep=True))
    except mime.TooComplex:
        return ()


class PlainText(NamedTuple):
    """A text/plain part that is no attachment. octets: without transfer encoding; charset: its label."""

    octets: bytes
    charset: str

    def text(self, most: int) -> str:
        """The text of at most so many octets, up to a line end: every charset of mail begins each line anew.
        Any line ends."""
        octets = self.octets
        if len(octets) > most:
            octets = octets[: octets.rfind(b"\n", 0, most) + 1 or most]
        return charsets.read(octets, self.charset)


def plain_texts(draft: Draft, *, deep: bool = False) -> Iterator[PlainText]:
    """The texts of the message, of attached messages too with `deep`; none where it is too complex."""
    plain = _plain(draft)
    if plain is not None:
        yield plain
        return
    try:
        whole = draft.part()
    except mime.TooComplex:
        return
    for part in whole.walk(deep=deep):
        if part.type == "text/plain" and part.disposition != "attachment":
            yield PlainText(part.decoded(), part.content_type.charset)


def _plain(draft: Draft) -> PlainText | None:
    """The whole message where it is plainly nothing but text: many are, and need not be taken apart."""
    fields = draft.fields
    kind = _PLAIN.fullmatch(fields.first("content-type") or b"text/plain; charset=us-ascii")
    if kind is None or "content-disposition" in fields.names():
        return None
    if (fields.first("content-transfer-encoding") or b"").lower() not in _IDENTITY:
        return None
    return PlainText(draft.body, kind[1].decode("ascii"))


def first_lines(draft: Draft, count: int) -> list[str]:
    """The first `count` lines with text, from their first sign on, of the first text/plain part that is no
    attachment; none where there is no such part. 16 KiB are looked at."""
    plain = next(plain_texts(draft), None)
    found: list[str] = []
    if plain is not None:
        for most in _BEGINNINGS:
            found = [line[0] for line in islice(_LINE.finditer(plain.text(most)), count)]
            if len(found) == count or len(plain.octets) <= most:
                break
    return found
