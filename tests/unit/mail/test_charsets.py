"""`mail.charsets`: octets become text whatever their label."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.mail import charsets

_JAPANESE = "件名は日本語"


@given(st.binary(), st.one_of(st.sampled_from(sorted(charsets._CODECS)), st.text(max_size=8)))
def test_nothing_raises(octets: bytes, label: str) -> None:
    assert isinstance(charsets.decode(octets, label), str)


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("UTF-8", "utf_8"),
        ("ISO-8859-1", "latin_1"),
        ("iso_8859-8-i", "iso8859_8"),
        ("Windows-1252", "cp1252"),
        ("windows-31j", "cp932"),
        ("x-sjis", "cp932"),
        ("ks_c_5601-1987", "euc_kr"),
        ("GB18030", "gb18030"),
        ("koi8-u", "koi8_u"),
        ("x-unknown", None),
        ("utf-7", None),
        ("punycode", None),
        ("unicode_escape", None),
        ("hex", None),
        ("", None),
        ("u" * 1000, None),
    ],
)
def test_labels(label: str, codec: str | None) -> None:
    assert charsets.codec_of(label) == codec


@pytest.mark.parametrize("label", ["iso-2022-jp", "shift_jis", "euc-jp", "utf-8", "gb18030", "utf-16"])
def test_japanese(label: str) -> None:
    assert charsets.decode(_JAPANESE.encode(label), label) == _JAPANESE


@pytest.mark.parametrize(
    ("octets", "label", "text"),
    [
        (b"\x87\x40", "shift_jis", "①"),  # of Windows, labelled as the standard
        (b"\xad\xa1", "euc-jp", "①"),
        (b"a\x1b$B-!\x1b(Bz", "iso-2022-jp", "a①z"),
        (b"\xe4\x1b$B-!", "iso-2022-jp", "ä①"),
        (b"\xe4", "iso-2022-jp", "ä"),
        (b"\x81\x30\x81\x30", "gb2312", "\x80"),
        (b"\xff\xff", "gb2312", "\ufffd\ufffd"),
        (b"a\xff", "utf-8", "a\ufffd"),
        ("ü".encode(), "us-ascii", "ü"),
        (b"\xfc", "us-ascii", "ü"),
        ("ü".encode(), "x-unknown", "ü"),
        (b"\x93x\x94", "windows-1252", "\u201cx\u201d"),
    ],
)
def test_a_wrong_label_still_gives_text(octets: bytes, label: str, text: str) -> None:
    assert charsets.decode(octets, label) == text


def test_octets_without_label_are_guessed() -> None:
    assert charsets.guess(_JAPANESE.encode()) == _JAPANESE
    assert charsets.guess(_JAPANESE.encode("iso-2022-jp")) == _JAPANESE
    assert charsets.guess(b"Gr\xfc\xdfe") == "Grüße"
