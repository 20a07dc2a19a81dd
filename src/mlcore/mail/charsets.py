"""Octets in some charset become text, whatever they are labelled. Never raises.

Only charsets of mail are known. `codecs.lookup` is not asked about a label that came with a message: it
imports modules by that name, remembers each miss for ever, and knows codecs with a cost far from linear."""

import re
from collections.abc import Iterator
from encodings.aliases import aliases
from typing import Final

_LONGEST_LABEL: Final = 64
_NOT_OF_MAIL: Final = frozenset(
    [
        *("base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec"),
        "mbcs",  # of one platform
        "tactis",  # never written
        "utf_7",  # a way to hide ASCII
    ]
)
_NAMES_OF_MAILERS: Final = {
    "cp50220": "iso2022_jp",
    "cp50221": "iso2022_jp",
    "cp51932": "euc_jp",
    "cp874": "cp874",
    "iso_2022_jp_ms": "iso2022_jp",
    "iso_8859_6_i": "iso8859_6",
    "iso_8859_8_e": "iso8859_8",
    "iso_8859_8_i": "iso8859_8",
    "koi8_u": "koi8_u",
    "cswindows31j": "cp932",
    "windows_31j": "cp932",
    "windows_874": "cp874",
    "x_euc_jp": "euc_jp",
    "x_gbk": "gbk",
    "x_sjis": "cp932",
}
# What writers put under the label although only the larger set has it (circled numbers, company signs).
_LARGER: Final = {
    "big5": "big5hkscs",
    "euc_jp": "euc_jis_2004",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "tis_620": "cp874",
}
_HIGH_BIT: Final = bytes((octet | 0x80) for octet in range(256))
_JIS_RUN: Final = re.compile(rb"\x1b(?:\$([@B])|\([BJ])([^\x1b]*)")


def _plain(label: str) -> str:
    """`ISO-8859-1`, `iso_8859-1` and `iso 8859 1` are the same label."""
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")


def _known() -> Iterator[tuple[str, str]]:
    for alias, name in aliases.items():
        if name not in _NOT_OF_MAIL:
            yield _plain(alias), name
            yield _plain(name), name
    yield from _NAMES_OF_MAILERS.items()


_CODECS: Final = dict(_known())


def codec_of(label: str) -> str | None:
    """Python's name of the charset `label` (RFC 2978, and what mailers write); None: unknown."""
    if len(label) > _LONGEST_LABEL:
        return None
    return _CODECS.get(_plain(label))


def guess(octets: bytes) -> str:
    """Text of octets without a label: ISO-2022-JP by its escapes, else UTF-8, else Latin-1."""
    if b"\x1b$" in octets and octets.isascii():
        return decode(octets, "iso-2022-jp")
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def decode(octets: bytes, label: str) -> str:
    """Text of octets that are labelled as charset `label`; U+FFFD stands for what cannot be read.

    An unknown label, and 8-bit under the label US-ASCII, are guessed."""
    codec = codec_of(label)
    if codec is None or (codec == "ascii" and not octets.isascii()):
        return guess(octets)
    try:
        return octets.decode(codec)
    except UnicodeError:
        pass
    if codec.startswith("iso2022_jp"):
        return _decode_jis(octets)
    larger = _LARGER.get(codec)
    if larger is not None:
        try:
            return octets.decode(larger)
        except UnicodeError:
            pass
    return octets.decode(codec, "replace")


def _decode_jis(octets: bytes) -> str:
    """ISO-2022-JP (RFC 1468) with characters of JIS X 0213 or of a vendor: its pairs, read as EUC."""
    first = octets.find(b"\x1b")
    if first < 0:
        return guess(octets)
    text = [guess(octets[:first])]
    for run in _JIS_RUN.finditer(octets, first):
        if run[1]:
            text.append(run[2].translate(_HIGH_BIT).decode("euc_jis_2004", "replace"))
        else:
            text.append(run[2].decode("latin-1"))
    return "".join(text)
