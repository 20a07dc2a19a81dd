"""`mail.charsets`: octets become text whatever their label."""

import time

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


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"\x1b$B%F%9%H\r\nabc \x1b$B-!", "テスト\r\nabc ①"),  # no way back before the end of the line
        (b"\x1b(I123\x1b(B ok", "ｱｲｳ ok"),
        (b"\x1b(I12\x1b$B-!\x1b(J\xb1", "ｱｲ①ｱ"),
        (b"x\xb1\xb2y\x1b$B-!", "xｱｲy①"),
        (b"\x1b$(D0!\x1b(B", "丂"),
        (b"\x1b$(O-!\x1b(B", "①"),
        (b"\x1b[1m\x1b$B-!", "[1m①"),
    ],
)
def test_what_goes_by_the_name_of_iso_2022_jp(octets: bytes, text: str) -> None:
    assert charsets.decode(octets, "iso-2022-jp") == text


_NAMES = b"|b66!&@%yu"  # 髙橋・瀬﨑
"""As Windows writes them: the rows where JIS X 0213 has other characters."""


@pytest.mark.parametrize(
    ("octets", "label"),
    [
        (b"\x1b$B" + _NAMES + b"\x1b(B", "iso-2022-jp"),
        (b"\x1b$B" + _NAMES, "iso-2022-jp"),
        (b"\x1b$B" + _NAMES + b"\x1b(B", "cp50220"),
        (bytes(octet | 0x80 for octet in _NAMES), "euc-jp"),
        ("髙橋・瀬﨑".encode("cp932"), "shift_jis"),
    ],
)
def test_names_written_on_windows_do_not_become_others(octets: bytes, label: str) -> None:
    assert charsets.decode(octets, label) == "髙橋・瀬﨑"
    assert charsets.exactly(octets, label) == "髙橋・瀬﨑"


def test_what_says_that_it_is_jis_x_0213_is() -> None:
    assert charsets.decode(b"\x1b$(O|b\x1b(B", "iso-2022-jp-3") == "\u90c4"
    assert charsets.decode(b"\xfc\xe2", "euc-jis-2004") == "\u90c4"


_WEST = "Grüße aus Köln, crème brûlée, “tea” 50 €"
_SENTENCE = "会議は四時からです。"


@pytest.mark.parametrize("label", ["", "us-ascii", "x-unknown", "utf-8"])
@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (_SENTENCE, "shift_jis"),
        (_SENTENCE, "euc-jp"),
        (_SENTENCE, "iso-2022-jp"),
        (_SENTENCE, "utf-8"),
        ("Only ASCII", "ascii"),
        ("é", "cp1252"),
        (_WEST, "cp1252"),
        ("\x81é", "latin-1"),
        ("Привет, как дела? Собрание завтра.", "koi8-r"),
        ("会议改到下周四,请大家注意。谢谢。", "gb18030"),
        ("회의는 다음 주 목요일입니다.", "euc-kr"),
        ("x" * 20_000 + _SENTENCE * 3_000, "shift_jis"),
        ("x" * 20_000 + "\n" + _SENTENCE + "\n" + "y" * 20_000, "euc-jp"),
    ],
)
def test_a_body_is_read_whatever_its_label_says(text: str, codec: str, label: str) -> None:
    assert charsets.read(text.encode(codec), label) == text


def test_what_looks_like_nothing_is_latin_1() -> None:
    octets = bytes(range(0xA1, 0xFF)) * 30
    assert charsets.read(octets, "") == octets.decode("latin-1")


def test_a_few_damaged_octets_do_not_make_another_charset() -> None:
    octets = (_SENTENCE * 10).encode()[:-1]
    assert charsets.read(octets, "utf-8") == (_SENTENCE * 10)[:-1] + "\ufffd"


@given(st.binary(), st.one_of(st.sampled_from(sorted(charsets._CODECS)), st.text(max_size=8)))
def test_reading_never_raises(octets: bytes, label: str) -> None:
    assert isinstance(charsets.read(octets, label), str)
    exact = charsets.exactly(octets, label)
    assert exact is None or "\ufffd" not in exact or codec_is_unicode(label)


def codec_is_unicode(label: str) -> bool:
    """Whether U+FFFD can be what somebody wrote."""
    return charsets.encode("\ufffd", label) is not None or "16" in label or "32" in label


@pytest.mark.parametrize(
    ("octets", "label", "text"),
    [
        (b"abc", "", "abc"),
        (b"abc", "us-ascii", "abc"),
        (b"\xfc", "us-ascii", None),
        (b"\xfc", "iso-8859-1", "ü"),
        (b"\xfc", "utf-8", None),
        (b"abc", "x-unknown", None),
        (b"\x87\x40", "shift_jis", "①"),
        (b"\x81\xff", "shift_jis", None),
        (b"\xff", "shift_jis", None),
        (b"\xff", "koi8-r", "Ъ"),
        (b"\x1b$B-!\x1b(B", "iso-2022-jp", "①"),
        (b'\x1b$B$"\x1b(B', "iso-2022-jp", "あ"),
        (b"\x1b$(D0!\x1b(B", "iso-2022-jp", "丂"),
        (b"\x1b$B$~\x1b(B", "iso-2022-jp", None),
        (b"\x1b[1m\x1b$B-!\x1b(B", "iso-2022-jp", None),
        (b"\xb1", "iso-2022-jp", None),
        (b'\x1b$B$"\x1b(B', "us-ascii", None),
        (b'\x1b$B$"\x1b(B', "utf-8", None),
    ],
)
def test_exactly(octets: bytes, label: str, text: str | None) -> None:
    assert charsets.exactly(octets, label) == text


@pytest.mark.parametrize(
    ("octets", "label", "doubtful"),
    [
        (b"abc", "us-ascii", False),
        (b"Gr\xfc\xdfe", "iso-8859-1", False),
        (_SENTENCE.encode(), "utf-8", False),
        (_SENTENCE.encode("shift_jis"), "shift_jis", False),
        (_SENTENCE.encode("euc-jp"), "iso-8859-1", True),
        (_SENTENCE.encode("shift_jis"), "koi8-r", True),
        (b"\x93tea\x94", "iso-8859-1", True),
        (b"\x93tea\x94", "windows-1252", False),
    ],
)
def test_is_doubtful(octets: bytes, label: str, doubtful: bool) -> None:
    assert charsets.is_doubtful(octets, charsets.decode(octets, label)) is doubtful


@pytest.mark.parametrize(
    ("text", "label", "octets"),
    [
        ("ü", "ISO-8859-1", b"\xfc"),
        ("ü", "us-ascii", None),
        ("¥", "Shift_JIS", None),
        ("会", "iso-2022-jp", b"\x1b$B2q\x1b(B"),
        ("①", "iso-2022-jp", None),
        ("a", "utf-16", None),
        ("a", "x-unknown", None),
        ("\udc80", "utf-8", None),
    ],
)
def test_encode(text: str, label: str, octets: bytes | None) -> None:
    assert charsets.encode(text, label) == octets


@pytest.mark.parametrize(
    "unit", [b"\xe9", b"\x1b$B-!", b"\x1b", b"\x82\xa0", b"\xa4\xa2", b"\xa1\xff", b"a\xe9\n"]
)
@pytest.mark.parametrize("label", ["", "utf-8", "iso-2022-jp", "shift_jis"])
def test_p7_time_is_linear(unit: bytes, label: str) -> None:
    octets = unit * (300_000 // len(unit))
    started = time.process_time()
    charsets.read(octets, label)
    charsets.exactly(octets, label)
    assert time.process_time() - started < 1.5
