"""`mail.words`: text in and out of header fields."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.mail import words

_CHARSETS = [
    "utf-8",
    "iso-2022-jp",
    "shift_jis",
    "euc-jp",
    "iso-8859-1",
    "us-ascii",
    "gb18030",
    "utf-16",
    "none",
]
_texts = st.one_of(
    st.text(max_size=120),
    st.lists(
        st.sampled_from(
            [
                "a",
                " ",
                "  ",
                "=?",
                "?=",
                "=?utf-8?q?x?=",
                "日本",
                "ü",
                "¥",
                "①",
                "\u3000",
                "\r\n",
                "\ud800",
                "😀",
            ]
        )
    ).map("".join),
    st.text(st.sampled_from("日本語の件名、とても長い abc")),
)


@given(_texts, st.sampled_from(_CHARSETS), st.integers(0, 90))
def test_encode_and_decode_give_the_text_back(text: str, charset: str, column: int) -> None:
    coded = words.encode(text, charset=charset, first_column=column)
    assert coded.isascii()
    assert words.decode(coded.strip(b"\r\n ")) == words.one_line(text).strip(" ")


@given(_texts, st.sampled_from(_CHARSETS), st.integers(0, 78))
def test_p9_every_line_continues_the_field_and_is_short(text: str, charset: str, column: int) -> None:
    first, *more = words.encode(text, charset=charset, first_column=column).split(b"\r\n")
    assert b"\n" not in first
    for line in more:
        assert line[:1] == b" "
        assert line.strip()
        assert b"\n" not in line
        assert b"\r" not in line
    for word in b" ".join([first, *more]).split():
        assert not word.startswith(b"=?") or len(word) <= 75


@given(st.text(st.sampled_from("日本語の件名ü"), min_size=1, max_size=200), st.integers(0, 60))
def test_lines_with_encoded_words_hold_76_octets(text: str, column: int) -> None:
    for charset in ("utf-8", "iso-2022-jp"):
        first, *more = words.encode(f"{text} (tea)", charset=charset, first_column=column).split(b"\r\n")
        assert max(column + len(first), *map(len, more), 0) <= 76


@given(st.text(st.sampled_from("日本語ab "), max_size=100), st.integers(0, 30), st.integers(1, 70))
def test_an_address_behind_a_name_makes_no_line_too_long(text: str, column: int, size: int) -> None:
    phrase = words.phrase(text, first_column=column) or b"x"
    whole = words.with_address(phrase, b"<" + b"a" * size + b">", first_column=column)
    first, *more = whole.split(b"\r\n")
    for length, line in ((column + len(first), first), *((len(line), line) for line in more)):
        assert length <= (76 if b"=?" in line else 78)
    assert whole.replace(b"\r\n", b"") == phrase.replace(b"\r\n", b"") + b" <" + b"a" * size + b">"


@given(_texts, st.sampled_from(_CHARSETS))
def test_p9_a_phrase_is_one_display_name(text: str, charset: str) -> None:
    coded = words.phrase(text, charset, first_column=6)
    assert coded.isascii()
    assert b"\r" not in coded.replace(b"\r\n ", b"")
    assert b"\n" not in coded.replace(b"\r\n ", b"")


@given(st.binary())
def test_nothing_that_comes_in_raises(octets: bytes) -> None:
    assert words.decode(octets).isprintable() or words.one_line(words.decode(octets)) == words.decode(octets)


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"plain", "plain"),
        (b"folded\r\n\tsubject", "folded subject"),
        (b"=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?UTF-8*de?Q?Gr=C3=BC=C3=9Fe?= here", "Grüße here"),
        (b"=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        (b"=?utf-8?q?a?=\r\n =?iso-8859-1?q?=FC?= c", "aü c"),
        (b"=?utf-8?q?a?==?utf-8?q?b?=", "ab"),
        (b"a =?utf-8?q?b?= c =?utf-8?q?d_?= e", "a b c d  e"),
        (b"=?utf-8?b?5pel5pys6Kq?= =?utf-8?b?ng==?=", "日本語"),
        (b"=?utf-8?q?=E6=97?= =?utf-8?q?=A5?=", "日"),
        (b"=?iso-2022-jp?B?GyRCN29MPhsoQg==?=", "件名"),
        (b"=?shift_jis?B?jI+WvA==?= =?euc-jp?q?=B7=EF?=", "件名件"),
        (b"=?gb18030?b?1tDOxA==?=", "中文"),
        (b"=?windows-1252?q?=93x=94?=", "\u201cx\u201d"),
        (b"=?x-unknown?q?=FC?=", "ü"),
        (b"=?utf-8?b?!!!?=", ""),
        (b"=?utf-8?b?YWJj=ZGVm?=", "abcdef"),
        (b"=?utf-8?b?YWJjZ?=", "abc"),
        (b"=?utf-8?q?what??=", "what?"),
        (b"=?utf-8?q?with blank?=", "with blank"),
        (b"=?utf-8?q?=ZZ=?=", "=ZZ"),
        (b"=?utf-8?x?y?=", "=?utf-8?x?y?="),
        (b"=?utf-8?q?a?=\xe3\x80\x80=?utf-8?q?b?=", "a\u3000b"),
        (b"Gr\xfc\xdfe", "Grüße"),
        ("日本".encode(), "日本"),
        ("件名".encode("iso-2022-jp"), "件名"),
        (b"=?utf-8?q?a=0D=0AX-Evil:_1=00=1B?=", "a X-Evil: 1"),
        ("already =?utf-8?q?=C3=BC?= text\r\n ü", "already ü text ü"),
    ],
)
def test_decode(octets: bytes | str, text: str) -> None:
    assert words.decode(octets) == text


@pytest.mark.parametrize(
    ("text", "charset", "coded"),
    [
        ("plain", "utf-8", b"plain"),
        ("", "utf-8", b""),
        (" blanks ", "utf-8", b"blanks"),
        ("Re: Grüße", "utf-8", b"Re: =?utf-8?q?Gr=C3=BC=C3=9Fe?="),
        ("[Ant] 件名 today", "iso-2022-jp", b"[Ant] =?iso-2022-jp?b?GyRCN29MPhsoQg==?= today"),
        ("①", "iso-2022-jp", b"=?utf-8?b?4pGg?="),
        ("¥", "Shift_JIS", b"=?utf-8?q?=C2=A5?="),
        ("ü", "ISO-8859-1", b"=?iso-8859-1?q?=FC?="),
        ("ü", "no-such-charset", b"=?utf-8?q?=C3=BC?="),
        ("ü", "us-ascii", b"=?utf-8?q?=C3=BC?="),
        ("=?utf-8?q?x?=", "utf-8", b"=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?="),
    ],
)
def test_encode(text: str, charset: str, coded: bytes) -> None:
    assert words.encode(text, charset=charset, first_column=9) == coded


def test_ascii_is_folded_at_blanks_only() -> None:
    text = "word " * 30 + "x" * 100 + "  two blanks"
    lines = words.encode(text, first_column=9).split(b"\r\n")
    assert b"".join(lines).decode() == text
    assert all(len(line) <= 78 or b"x" * 100 in line for line in lines)


def test_a_token_longer_than_a_line_may_be_is_encoded() -> None:
    text = "x" * 5000
    assert max(map(len, words.encode(text, first_column=9).split(b"\r\n"))) <= 78
    assert max(map(len, words.phrase(text).split(b"\r\n"))) <= 78
    assert words.decode(words.encode(text, first_column=9)) == text


def test_iso_2022_jp_words_start_and_end_in_ascii() -> None:
    coded = words.encode("件名は日本語 mixed で" * 9, charset="iso-2022-jp", first_column=9)
    found = coded.split()
    assert len(found) > 3
    assert all(word.startswith(b"=?iso-2022-jp?b?") for word in found)
    single = [words.decode(word) for word in found]
    assert "".join(single) == "件名は日本語 mixed で" * 9


def test_a_long_field_name_leaves_the_first_line_to_itself() -> None:
    assert words.encode("ü" * 10, first_column=60).startswith(b"\r\n =?utf-8?")


@pytest.mark.parametrize(
    ("text", "coded"),
    [
        ("Anne Person", b"Anne Person"),
        ("", b""),
        ("\r\n", b""),
        ("Person, Anne Q.", b'"Person, Anne Q."'),
        ('The "first" \\', b'"The \\"first\\" \\\\"'),
        ("two  blanks", b'"two  blanks"'),
        ("Jörg", b"=?utf-8?q?J=C3=B6rg?="),
        ("Anne\r\nBcc: x@y", b'"Anne Bcc: x@y"'),
    ],
)
def test_phrase(text: str, coded: bytes) -> None:
    assert words.phrase(text) == coded


def test_one_line() -> None:
    assert words.one_line("a\r\n\tb\0c\x1b\x85d\u2029e\udc80") == "a bc d e\ufffd"


@pytest.mark.parametrize(
    "text",
    [
        "=?a?q?" * 30_000,
        "=?" * 100_000,
        "=?a?q?x" + " " * 200_000,
        "=?a?b?" + "?" * 200_000,
        "=?utf-8?q?x?= " * 15_000,
    ],
)
def test_p7_hostile_text_takes_linear_time(text: str) -> None:
    started = time.process_time()
    words.decode(text)
    words.encode("ü" + text[:50_000], first_column=9)
    assert time.process_time() - started < 1.5
