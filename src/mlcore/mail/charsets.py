"""Octets in some charset become text, whatever they are labelled. Never raises.

Only charsets of mail are known. `codecs.lookup` is not asked about a label that came with a message: it
imports modules by that name, remembers each miss for ever, and knows codecs with a cost far from linear."""

import codecs
import functools
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
_JIS_RUN: Final = re.compile(rb"\x1b(?:\$([@B])|\((I)|\([BHJ])?([^\x1b\r\n]*)([^\x1b]*)")
_JIS_ESCAPE: Final = re.compile(rb"\x1b(?:\$[@B]|\([BHIJ])")
_LARGER_JIS: Final = ("iso2022_jp_ext", "iso2022_jp_3", "iso2022_jp_2004")
_ASCII: Final = bytes(range(128))
_KATAKANA: Final = bytes(range(0xA1, 0xE0))
_HIGH_RUN: Final = re.compile(rb"[\x80-\xff]+")
_ASCII_CHARS: Final = re.compile("[\x00-\x7f]")
_C1: Final = re.compile("[\x80-\x9f]")
_PRIVATE: Final = re.compile("[\ue000-\uf8ff]")
_KANA: Final = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_VENDOR_ROWS: Final = (89, 90, 91, 92)
"""Of the table of JIS: what NEC and IBM have there is on every Windows, and in many names."""
_SAMPLE: Final = 8_192
_ACCIDENTS: Final = 20
_GUESSED: Final = ("gb18030", "big5", "cp949", "koi8_r", "cp1251")


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


def read(octets: bytes, label: str) -> str:
    """Text of a body that is labelled as charset `label`: like `decode`, but where the label is missing or
    wrong, what the octets look like counts. A guess looks at 8 KiB; it may load charset-normalizer."""
    codec = codec_of(label)
    if codec is None or (codec == "ascii" and not octets.isascii()):
        return _looked_at(octets)
    if codec in {"ascii", "utf_8"} and octets.isascii():
        return guess(octets)
    text = decode(octets, label)
    lost = text.count("\ufffd")
    # Some octets that do not fit are an accident of transport; many of them are another charset.
    if lost * _ACCIDENTS > len(octets.translate(None, _ASCII)):
        return _looked_at(octets)
    return text


def exactly(octets: bytes, label: str) -> str | None:
    """The text of octets in the charset `label`, every one of which can be read; None: the label is unknown
    or wrong. An empty label is US-ASCII. Larger sets that go by the same label count as that charset."""
    codec = codec_of(label or "us-ascii")
    if codec is None:
        return None
    if codec.startswith("iso2022_jp"):
        return _exactly_jis(octets, codec)
    if b"\x1b$" in octets:
        return None
    try:
        return octets.decode(codec)
    except UnicodeError:
        pass
    try:
        text = _in_larger(octets, codec)
    except (KeyError, UnicodeError):
        return None
    # A character that somebody made up is known to those alone who read it in this charset.
    return None if _PRIVATE.search(text) else text


def is_doubtful(octets: bytes, text: str) -> bool:
    """Whether `text`, as the label has it, is hardly what was written: one character for each octet, and as
    another charset the octets are Japanese, or there are controls where Windows has signs."""
    if octets.isascii() or len(text) != len(octets):
        return False
    return _C1.search(text) is not None or bool(_japanese(octets[:_SAMPLE]))


def encode(text: str, label: str) -> bytes | None:
    """The octets of `text` in the charset `label` if a reader gets the same text back (Shift_JIS, for one,
    loses the yen sign); None: it cannot hold the text, is not known, or cannot stand in mail as lines."""
    codec = codec_of(label)
    if codec is None or codec.startswith(("utf_16", "utf_32")):
        return None
    try:
        octets = text.encode(codec)
        return octets if octets.decode(codec) == text else None
    except UnicodeError:
        return None


def decode(octets: bytes, label: str) -> str:
    """Text of octets that are labelled as charset `label`; U+FFFD stands for what cannot be read.

    An unknown label, and 8-bit under the label US-ASCII, are guessed."""
    codec = codec_of(label)
    if codec is None or (codec == "ascii" and not octets.isascii()):
        return guess(octets)
    if codec.startswith("iso2022_jp"):
        text = _exactly_jis(octets, codec)
        return _decode_jis(octets) if text is None else text
    try:
        return octets.decode(codec)
    except UnicodeError:
        pass
    try:
        return _in_larger(octets, codec)
    except (KeyError, UnicodeError):
        return octets.decode(codec, "replace")


def _in_larger(octets: bytes, codec: str) -> str:
    """What a larger set of the same label says. Raises KeyError where there is none, UnicodeError."""
    text = octets.decode(_LARGER[codec])
    return text.translate(_of_vendors()) if codec == "euc_jp" else text


@functools.cache
def _of_vendors() -> dict[int, str]:
    """Characters of JIS X 0213 by those of NEC and IBM in their places: text without a label that says JIS
    X 0213 was written on Windows, and there the name Takahashi begins with another character."""
    found: dict[int, str] = {}
    for row in _VENDOR_ROWS:
        lead = (row + 1) // 2 + 0xC0
        for cell in range(1, 95):
            # Shift_JIS puts two rows behind one lead octet (JIS X 0208, annex 1).
            trail = cell + (0x9E if row % 2 == 0 else 0x3F if cell < 64 else 0x40)
            standard = bytes((0xA0 + row, 0xA0 + cell)).decode("euc_jis_2004", "ignore")
            vendor = bytes((lead, trail)).decode("cp932", "ignore")
            if standard and vendor:
                found[ord(standard)] = vendor
    return found


def _exactly_jis(octets: bytes, codec: str) -> str | None:
    """Like `exactly`, for ISO-2022-JP and what goes by its name."""
    for name in (codec, *_LARGER_JIS):
        try:
            text = octets.decode(name)
        except UnicodeError:
            continue
        # Behind an escape that these codecs do not know they take the next ones for text.
        if "\x1b" not in text:
            return text
    if not octets.isascii() or octets.count(b"\x1b") != len(_JIS_ESCAPE.findall(octets)):
        return None
    text = _decode_jis(octets)
    return None if "\ufffd" in text else text


def _decode_jis(octets: bytes) -> str:
    """ISO-2022-JP (RFC 1468) with characters of JIS X 0213 or of a vendor (its pairs, read as EUC), and with
    half-width katakana. The end of a line is in ASCII, whether or not an escape says so."""
    first = octets.find(b"\x1b")
    if first < 0:
        return _roman(octets)
    text = [_roman(octets[:first])]
    for run in _JIS_RUN.finditer(octets, first):
        if run[1]:
            read = run[3].translate(_HIGH_BIT).decode("euc_jis_2004", "replace")
            text.append(read.translate(_of_vendors()))
        elif run[2]:
            text.append(run[3].translate(_HIGH_BIT).decode("cp932", "replace"))
        else:
            text.append(_roman(run[3]))
        text.append(_roman(run[4]))
    return "".join(text)


def _roman(octets: bytes) -> str:
    """What stands outside of escapes: ASCII, and half-width katakana of JIS X 0201 with eight bits."""
    if octets.isascii():
        return octets.decode("ascii")
    if octets.translate(None, _ASCII + _KATAKANA):
        return guess(octets)
    return octets.decode("cp932")


def _looked_at(octets: bytes) -> str:
    """Text of a body by what it looks like: `guess`, but octets that are no UTF-8 are looked at closely."""
    try:
        octets.decode()
    except UnicodeDecodeError as error:
        start = octets.rfind(b"\n", 0, error.start) + 1
        start = max(start, error.start - _SAMPLE)
        sample = octets[start : start + 2 * _SAMPLE]
        return octets.decode(_likely(sample), "replace")
    return guess(octets)


def _likely(sample: bytes) -> str:
    """The codec of 8-bit octets that are no UTF-8. Kana give Japanese away, letters that stand alone among
    ASCII the West; of the rest charset-normalizer knows how often which characters come together."""
    japanese = _japanese(sample)
    if japanese:
        return japanese
    runs = _HIGH_RUN.findall(sample)
    if sum(map(len, runs)) < len(runs) * 3:
        return "cp1252" if _strictly(sample, "cp1252") else "latin_1"
    import charset_normalizer  # noqa: PLC0415  (a third of what a start may take, for mail without labels)

    best = charset_normalizer.from_bytes(sample, cp_isolation=list(_GUESSED)).best()
    return best.encoding if best is not None else "latin_1"


def _japanese(sample: bytes) -> str:
    """The codec in which these octets are Japanese; empty: in none."""
    for codec in ("euc_jp", "cp932"):
        text = _strictly(sample, codec)
        if len(_KANA.findall(text)) * 5 > len(text) - len(_ASCII_CHARS.findall(text)):
            return codec
    return ""


def _strictly(octets: bytes, codec: str) -> str:
    """The text, or none if anything but a character cut off at the end cannot be read."""
    try:
        return codecs.getincrementaldecoder(codec)().decode(octets)
    except UnicodeDecodeError:
        return ""
