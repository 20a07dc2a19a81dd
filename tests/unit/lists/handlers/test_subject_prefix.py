"""The prefix of the Subject: what is taken off, what is put on, what is left alone."""

import base64
import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mlcore.lists.draft import Draft
from mlcore.lists.handlers.subject_prefix import bare, handler
from mlcore.mail.fields import split
from mlcore.mail.words import decode, encode
from support.posts import PLAIN, draft, policy, render_facts

ANT = "[Ant] "
NUM = "[Ant %d] "
WIDE = "[Ant:%05d] "
JIS = "=?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?="  # テスト


def _made(subject: str | bytes | None, prefix: str, number: int | None = 7) -> Draft:
    octets = subject.encode() if isinstance(subject, str) else subject
    lines: list[str | bytes] = ["From: a@example.com"]
    if octets is not None:
        lines.append(b"Subject: " + octets)
    return handler(draft(*lines, "X-Last: 1"), policy(subject_prefix=prefix), render_facts(number=number))


TABLE = [
    # plain
    (ANT, "Tea", "[Ant] Tea"),
    (ANT, "  Tea  ", "[Ant] Tea"),
    (ANT, "Tea at  four", "[Ant] Tea at  four"),
    ("[Ant]", "Tea", "[Ant]Tea"),
    ("[Ant]", "[Ant]Tea", "[Ant]Tea"),
    ("[Ant]  ", "Tea", "[Ant]  Tea"),
    ("Ant: ", "Tea", "Ant: Tea"),
    ("Ant: ", "Re: Ant: Tea", "Ant: Re: Tea"),
    # there already
    (ANT, "[Ant] Tea", "[Ant] Tea"),
    (ANT, "[Ant] Re: Tea", "[Ant] Re: Tea"),
    (ANT, "[Ant]   Tea", "[Ant] Tea"),
    (ANT, "[Ant] [Ant] Tea", "[Ant] Tea"),
    (ANT, "Tea [Ant] at four", "[Ant] Tea at four"),
    (ANT, "Tea at four [Ant]", "[Ant] Tea at four"),
    (ANT, "Re: [Ant] Tea", "[Ant] Re: Tea"),
    (ANT, "Re: [Ant] Re: [Ant] Tea", "[Ant] Re: Tea"),
    (ANT, "Fwd: [Ant] Tea", "[Ant] Fwd: Tea"),
    ("[My  List] ", "Re: [My List] Tea", "[My  List] Re: Tea"),
    # other lists, other cases
    (ANT, "[Bee] Tea", "[Ant] [Bee] Tea"),
    (ANT, "[Bee] Re: Tea", "[Ant] [Bee] Re: Tea"),
    (ANT, "[ant] Tea", "[Ant] [ant] Tea"),
    (ANT, "[Ants] Tea", "[Ant] [Ants] Tea"),
    # bare words
    ("ant ", "important giant leaps", "ant important giant leaps"),
    ("ant ", "Re: ant Tea", "ant Re: Tea"),
    ("ant", "Tea", "antTea"),
    ("ant", "Re: antTea", "antRe: Tea"),
    # answers
    (ANT, "Re: Tea", "[Ant] Re: Tea"),
    (ANT, "RE: re: Re:Tea", "[Ant] Re: Tea"),
    (ANT, "AW: SV: VS: Tea", "[Ant] Re: Tea"),
    (ANT, "Re[2]: Tea", "[Ant] Re: Tea"),
    (ANT, "Re : Tea", "[Ant] Re: Tea"),
    (ANT, "Re[12] :Aw[3]: Tea", "[Ant] Re: Tea"),
    (ANT, "RE：Tea", "[Ant] Re: Tea"),
    (ANT, "ＲＥ：　Ｒｅ: お茶", "[Ant] Re: お茶"),
    (ANT, "返信: [Ant] お茶", "[Ant] Re: お茶"),
    (ANT, "返信：Re[2]：お茶", "[Ant] Re: お茶"),
    (ANT, "返信のお願い：お茶", "[Ant] 返信のお願い：お茶"),
    (ANT, "転送: お茶", "[Ant] 転送: お茶"),
    (ANT, "Regards: Tea", "[Ant] Regards: Tea"),
    (ANT, "Tea Re: four", "[Ant] Tea Re: four"),
    # nothing
    (ANT, "", "[Ant] (no subject)"),
    (ANT, "   ", "[Ant] (no subject)"),
    (ANT, None, "[Ant] (no subject)"),
    (ANT, "[Ant]", "[Ant] (no subject)"),
    (ANT, "Re:", "[Ant] Re: (no subject)"),
    (ANT, "Re: [Ant]", "[Ant] Re: (no subject)"),
    (ANT, "=?utf-8?q??=", "[Ant] (no subject)"),
    # numbers
    (NUM, "Tea", "[Ant 7] Tea"),
    (NUM, "[Ant 7] Tea", "[Ant 7] Tea"),
    (NUM, "[Ant 3] Tea", "[Ant 7] Tea"),
    (NUM, "Re: [Ant 123456] Tea", "[Ant 7] Re: Tea"),
    (NUM, "Re: [Ant 0003] Re: [Ant 4] Tea", "[Ant 7] Re: Tea"),
    (NUM, "[Ant x] Tea", "[Ant 7] [Ant x] Tea"),
    (WIDE, "Tea", "[Ant:00007] Tea"),
    (WIDE, "Re: [Ant:00003] Tea", "[Ant:00007] Re: Tea"),
    ("[Ant:%5d] ", "Re: [Ant:    3] Tea", "[Ant:    7] Re: Tea"),
    ("%d ", "12 cups at 4", "7 cups at 4"),
    ("%d ", "Re: 12 cups at 4", "7 Re: cups at 4"),
    ("ant-%d ", "ant-3 Tea, ant-3s", "ant-7 Tea, ant-3s"),
    ("[Ant %d/%d] ", "Tea", "[Ant 7/%d] Tea"),
    ("[Ant %s] ", "Tea", "[Ant %s] Tea"),
    ("[100%] ", "Re: [100%] Tea", "[100%] Re: Tea"),
    ("[%999999999d] ", "Tea", "[%999999999d] Tea"),
    # Japanese and other scripts
    (ANT, JIS, "[Ant] テスト"),
    (ANT, f"Re: {JIS}", "[Ant] Re: テスト"),
    (ANT, f"Re: [Ant] {JIS}", "[Ant] Re: テスト"),
    (ANT, f"[Ant] {JIS}", "[Ant] テスト"),
    (ANT, f"RE: {JIS}", "[Ant] Re: テスト"),
    (ANT, "=?utf-8?B?UmU6IFtBbnRdIOODhuOCueODiA==?=", "[Ant] Re: テスト"),
    (ANT, "=?utf-8?Q?Re:_=5BAnt=5D_Gr=C3=BC=C3=9Fe?=", "[Ant] Re: Grüße"),
    (ANT, "=?iso-8859-1?Q?Gr=FC=DFe?=", "[Ant] Grüße"),
    (ANT, "テスト", "[Ant] テスト"),
    (WIDE, f"Re: [Ant:00003] {JIS}", "[Ant:00007] Re: テスト"),
    ("[蟻の会] ", "Tea", "[蟻の会] Tea"),
    ("[蟻の会] ", f"Re: {JIS}", "[蟻の会] Re: テスト"),
    ("[蟻の会] ", "Re: [蟻の会] テスト", "[蟻の会] Re: テスト"),
    ("[蟻の会:%d] ", "Re: =?utf-8?B?W+ifu+OBruS8mjozXSDjg4bjgrnjg4g=?=", "[蟻の会:7] Re: テスト"),
    ("【蟻】", JIS, "【蟻】テスト"),
]


@pytest.mark.parametrize(("prefix", "subject", "shown"), TABLE)
def test_table(prefix: str, subject: str | None, shown: str) -> None:
    made = _made(subject, prefix)
    assert made.fields.texts("subject") == (shown,)
    assert made.fields.first("x-last") == b"1"
    assert made.fields.first("from") == b"a@example.com"


@pytest.mark.parametrize(("prefix", "subject", "shown"), TABLE)
def test_a_second_time_nothing_changes(prefix: str, subject: str | None, shown: str) -> None:
    once = _made(subject, prefix)
    again = handler(once, policy(subject_prefix=prefix), render_facts())
    assert again is once
    assert again.fields.text("subject") == shown


@pytest.mark.parametrize("prefix", ["", " ", " \t\r\n", "\0"])
@pytest.mark.parametrize("subject", ["Re: RE: Tea", None, "", JIS])
def test_p8_a_blank_prefix_changes_nothing(prefix: str, subject: str | None) -> None:
    made = draft("From: a@example.com", *([] if subject is None else [f"Subject:{subject}"]))
    assert handler(made, policy(subject_prefix=prefix), render_facts()) is made


@pytest.mark.parametrize(
    "subject",
    [
        b"[Ant] Tea",
        b" [Ant]\r\n\tRe: Tea",
        b"[Ant] " + JIS.encode(),
        b"=?utf-8?q?=5BAnt=5D_Tea?=",
        b"[Ant] Gr\xfc\xdfe",
    ],
)
def test_p8_a_subject_that_says_so_already_keeps_its_octets(subject: bytes) -> None:
    made = draft(b"SUBJECT :" + subject)
    folded = handler(made, policy(subject_prefix=ANT), render_facts())
    if b"\t" in subject:  # a fold with a tab is white space of another kind, and the text the same
        assert folded.fields.text("subject") == "[Ant] Re: Tea"
    else:
        assert folded is made


@pytest.mark.parametrize(
    "subject",
    [
        JIS.encode(),
        b"=?x-unknown?q?=E9=E8?=",
        b"Gr\xfc\xdfe",
        b"\xe8\x9f\xbb",
        b"Re: =?euc-jp?B?pcajuaXI?=",
        b"one\r\n two",
        b"=?utf-8?q?broken",
    ],
)
def test_p8_the_octets_of_the_author_stay_behind_an_ascii_prefix(subject: bytes) -> None:
    assert _made(subject, ANT).fields.first("subject") == ANT.encode() + subject


def test_a_long_subject_is_folded_behind_the_prefix() -> None:
    words = b"word " * 13 + b"end"
    made = _made(words, ANT)
    assert made.fields.first("subject") == b"[Ant]\r\n " + words
    assert made.fields.text("subject") == "[Ant] " + words.decode()


def test_those_who_write_iso_2022_jp_get_iso_2022_jp() -> None:
    body = _made(f"RE: {JIS}", ANT).fields.first("subject")
    assert body is not None
    assert body.lower().startswith(b"[ant] re: =?iso-2022-jp?b?")
    coded = body.split(b"?")[3]
    assert base64.b64decode(coded).endswith(b"\x1b(B")  # back in ASCII, RFC 1468
    utf8 = _made("RE: テスト", ANT).fields.first("subject")
    assert utf8 is not None
    assert b"=?utf-8?" in utf8


def test_what_iso_2022_jp_cannot_hold_becomes_utf_8() -> None:
    made = _made(f"Re: Re: {JIS} =?utf-8?q?_=F0=9F=90=9C?=", ANT)
    assert made.fields.text("subject") == "[Ant] Re: テスト \U0001f41c"


def test_without_a_number_it_counts_as_zero() -> None:
    assert _made("Tea", NUM, None).fields.text("subject") == "[Ant 0] Tea"


def test_of_several_subjects_one_is_left_in_its_place() -> None:
    made = handler(draft("Subject: a", "From: x", "Subject: b"), policy(subject_prefix=ANT), render_facts())
    assert made.fields.octets() == b"Subject: [Ant] a\r\nFrom: x\r\n"


@pytest.mark.parametrize(
    "evil",
    [
        "[A]\r\nBcc: evil@example.net ",
        "[A]\nX: y ",
        "[A] \r\n\r\nbody ",
        "[A\0]\x1b ",
        "[A]\u2028Bcc: x ",
        "\r\n[A]",
    ],
)
@pytest.mark.parametrize("subject", ["Tea", "=?utf-8?q?x=0D=0ABcc:_evil=40example.net?=", "Re: Re: \x1b[31m"])
def test_p9_neither_prefix_nor_subject_adds_a_field(evil: str, subject: str) -> None:
    before = draft("From: a@example.com", f"Subject: {subject}")
    for prefix in (evil, ANT):
        made = handler(before, policy(subject_prefix=prefix), render_facts())
        fields, body = split(made.octets())
        assert fields.names() == ("from", "subject")
        assert body == before.body
        assert b"\0" not in fields.octets()


@given(st.text(max_size=80), st.sampled_from([ANT, NUM, "ant ", "[蟻の会] ", "x%dy"]))
def test_p9_any_subject_gives_one_field_that_is_read_back(subject: str, prefix: str) -> None:
    before = Draft.post(PLAIN)
    before = before.with_fields(before.fields.replace("Subject", subject))
    made = handler(before, policy(subject_prefix=prefix), render_facts())
    fields, body = split(made.octets())
    assert fields.names() == before.fields.names()
    assert body == before.body
    start = prefix.replace("%d", "7").rstrip()
    assert (fields.text("subject") or "").startswith(start)


@given(st.text(st.characters(codec="utf-8", categories=("L", "Nd", "Po")), min_size=1, max_size=60))
def test_p8_it_keeps_every_octet_it_does_not_own(subject: str) -> None:
    before = Draft.post(PLAIN)
    before = before.with_fields(before.fields.replace("Subject", subject))
    made = handler(before, policy(subject_prefix=ANT), render_facts())
    assert made.body is before.body
    assert made.fields.remove("subject").octets() == before.fields.remove("subject").octets()
    assert subject in decode(made.fields.first("subject") or b"")


@pytest.mark.parametrize(
    ("prefix", "unit"),
    [
        (NUM, "[Ant "),
        (NUM, "[Ant 1"),
        ("%d%d ", "1"),
        ("%d x ", " "),
        ("a b c ", "a b "),
        (ANT, "Re:"),
        (ANT, "Re[1]"),
        ("x", "x"),
    ],
)
def test_p7_a_crafted_subject_costs_linear_time(prefix: str, unit: str) -> None:
    started = time.process_time()
    _made(unit * (100_000 // len(unit)), prefix)
    assert time.process_time() - started < 0.5


GRUESSE = "=?iso-8859-1?q?Gr=FC=DFe?="


@pytest.mark.row("field: Subject")
@pytest.mark.row("handler: subject-prefix")
@pytest.mark.row("attribute: subject_prefix")
def test_the_prefix_stands_before_answers() -> None:
    assert _made("RE: Tea", ANT).fields.text("subject") == "[Ant] Re: Tea"


def test_an_empty_subject_is_said_to_be_none_in_the_language_of_the_list() -> None:
    for subject, shown in ((None, "[Ant] （件名なし）"), ("Re: [Ant]", "[Ant] Re: （件名なし）")):
        lines = [] if subject is None else [f"Subject: {subject}"]
        facts = render_facts(no_subject="（件名なし）")
        made = handler(draft("From: a", *lines), policy(subject_prefix=ANT), facts)
        assert made.fields.text("subject") == shown
        assert handler(made, policy(subject_prefix=ANT), facts) is made


@pytest.mark.row("attribute: charset")
@pytest.mark.parametrize(
    ("subject", "of_list", "labels"),
    [
        ("Tea", "iso-2022-jp", ["iso-2022-jp"]),
        ("Tea", "", ["utf-8"]),
        ("Tea", "iso-8859-1", ["utf-8"]),
        (f"RE: {JIS}", "", ["iso-2022-jp"]),
        (f"RE: {JIS}", "utf-8", ["iso-2022-jp"]),
        ("=?utf-8?q?caf=C3=A9?=", "iso-2022-jp", ["utf-8"]),
        ("Grüße", "iso-2022-jp", ["utf-8"]),
        (f"Re: {GRUESSE}", "iso-2022-jp", ["iso-2022-jp", "iso-8859-1"]),
        (GRUESSE, "", ["utf-8", "iso-8859-1"]),
        (GRUESSE, "iso-8859-1", ["utf-8", "iso-8859-1"]),
        (f"{GRUESSE} =?koi8-r?q?=C1?=", "iso-2022-jp", ["utf-8"]),
        ("=?us-ascii?q?Tea?=", "iso-2022-jp", ["iso-2022-jp"]),
    ],
)
def test_a_prefix_beyond_ascii_in_the_charsets_of_author_and_list(
    subject: str, of_list: str, labels: list[str]
) -> None:
    prefix = "[蟻の会] "
    settings = policy(subject_prefix=prefix, charset=of_list)
    made = handler(draft("From: a", f"Subject: {subject}"), settings, render_facts())
    body = (made.fields.first("subject") or b"").decode("ascii")
    assert list(dict.fromkeys(re.findall(r"=\?([^?]+)\?[bq]\?", body))) == labels
    rest = decode(subject.encode()).replace("RE:", "Re:")
    assert made.fields.text("subject") == prefix + rest
    assert handler(made, settings, render_facts()) is made


def test_a_prefix_that_iso_2022_jp_cannot_hold_leaves_the_rest_readable() -> None:
    settings = policy(subject_prefix="[Ümläut] ")
    made = handler(draft("From: a", f"Subject: Re: Re: {JIS}"), settings, render_facts())
    body = made.fields.first("subject") or b""
    assert body.endswith(b"\r\n Re: =?iso-2022-jp?b?GyRCJUYlOSVIGyhC?=")
    assert body.startswith(b"=?utf-8?b?")
    assert made.fields.text("subject") == "[Ümläut] Re: テスト"


def test_two_charsets_only_where_the_text_stays_the_same() -> None:
    """Without a blank at the end of the prefix, the fold between word and text would show as one."""
    made = handler(
        draft("From: a", f"Subject: Re: Re: {JIS}"), policy(subject_prefix="[Ümläut]"), render_facts()
    )
    assert made.fields.text("subject") == "[Ümläut]Re: テスト"
    assert b"iso-2022-jp" not in (made.fields.first("subject") or b"")


@given(
    st.sampled_from(["[蟻の会] ", "[Ümläut]", "【蟻%d】", "\U0001f41c "]),
    st.sampled_from(["iso-2022-jp", "utf-8", "koi8-r", "shift_jis"]),
    st.sampled_from(["", "iso-2022-jp", "iso-8859-1", "utf-8"]),
    st.text(st.characters(codec="utf-8", categories=("L", "Nd", "Po")), min_size=1, max_size=60),
)
def test_any_mixture_is_read_back(prefix: str, of_author: str, of_list: str, subject: str) -> None:
    assume(not re.match(r"(?:re|aw|sv|vs)\b", subject, re.IGNORECASE))
    coded = encode(f"Re: Re: {subject}", charset=of_author, first_column=9)
    before = draft("From: a", b"Subject: " + coded)
    settings = policy(subject_prefix=prefix, charset=of_list)
    made = handler(before, settings, render_facts())
    assert made.fields.octets().isascii()
    assert made.fields.text("subject") == prefix.replace("%d", "7") + f"Re: {subject}"
    assert handler(made, settings, render_facts()) is made


@pytest.mark.parametrize(
    ("prefix", "subject", "left"),
    [
        ("[Ant %d] ", "Re: [Ant 12] AW: Tea", "Re: Tea"),
        (ANT, "[Ant] ", "none"),
        (" ", " Re: [Ant] Tea ", "Re: [Ant] Tea"),
        ("", " ", "none"),
    ],
)
def test_a_subject_without_what_the_list_put_there(prefix: str, subject: str, left: str) -> None:
    assert bare(subject, policy(subject_prefix=prefix), "none") == left
