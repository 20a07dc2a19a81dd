"""Octets of a file or a reply become a text of a mail, or the reason why they are none."""

import re
from typing import Final

from mlcore.base.errors import MlcoreError
from mlcore.mail.charsets import codec_of

MOST_OCTETS: Final = 1 << 20
"""A longer text is none."""

_PAGE: Final = re.compile(r"\s*(?:<!doctype\s+html|<html)\b", re.IGNORECASE)


class NoText(MlcoreError):
    """What was found is no text for a mail; its text says why, on one line."""


def text_of(octets: bytes, charset: str = "utf-8") -> str:
    """The text, with line feeds as line ends and without a byte order mark. charset: a label of mail or HTTP.

    Raises NoText: too long, another charset than it says, NUL (a binary file), or a page of HTML, as servers
    give for an error or a login."""
    if len(octets) > MOST_OCTETS:
        raise NoText(f"longer than {MOST_OCTETS:,} octets")
    codec = codec_of(charset)
    if codec is None:
        raise NoText(f"unknown charset {charset[:40]!a}")
    try:
        text = octets.decode(codec)
    except UnicodeError:
        raise NoText("not UTF-8" if codec == "utf_8" else f"not in {codec}") from None
    if "\0" in text:
        raise NoText("NUL in it: this is no text")
    if _PAGE.match(text):
        raise NoText("a page of HTML, no text")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
