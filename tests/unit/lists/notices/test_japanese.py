"""How the Japanese mails look: wide as they may be, with lines that begin and end as Japanese does, in words
that old programs read too."""

import re
import unicodedata
from typing import Any

import pytest

from mlcore.lists.notices.letters import Letter, Person
from mlcore.mail.fields import split
from mlcore.texts.fill import width
from support.letters import ARGUMENTS, REASON, WHEN, header, letter, text, writer
from support.posts import policy

_METHODS = sorted(ARGUMENTS)
_NOT_FIRST = "、。，．」』）】！？：；ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々"
_NOT_LAST = "「『（【"
_NAMES = ("お茶の会", "Ant lovers", "髙島屋・お茶①を楽しむ会の連絡用メーリングリスト（試験運用中）", "ｵﾁｬﾉｶｲ")


def _ocha(**settings: Any) -> Any:
    given = {"display_name": "お茶の会", "preferred_language": "ja", "charset": "iso-2022-jp"}
    return policy(**(given | settings))


def _charset(written: Letter) -> str:
    found = re.search(rb"charset=([a-z0-9-]+)", written.octets)
    return found[1].decode() if found else ""


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("method", _METHODS)
def test_lines_fit_and_begin_and_end_as_they_may(method: str, name: str) -> None:
    for password in ("", "a hash"):
        written = letter(method, _ocha(display_name=name, moderator_password=password))
        for line in text(written).splitlines():
            # Texts that are not filled in are as wide as the name of a list makes them.
            assert width(line) <= 70 or name in line
            assert line[:1] not in _NOT_FIRST or not line
            assert line[-1:] not in _NOT_LAST or not line


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("method", _METHODS)
def test_headers_have_words_that_every_reader_takes(method: str, name: str) -> None:
    written = letter(method, _ocha(display_name=name, description=f"{name}のご案内"))
    head = split(written.octets)[0].octets()
    assert head.isascii()
    assert max(len(line) for line in head.split(b"\r\n") if b"=?" in line or b" " in line.strip()) <= 78
    assert [line for line in head.split(b"\r\n") if b"=?" in line and len(line) > 76] == []
    assert [word for word in re.findall(rb"=\?\S+", head) if len(word) > 75] == []
    shown = header(written, "Subject") or ""
    assert "\ufffd" not in shown
    assert shown == "".join(sign for sign in shown if unicodedata.category(sign) != "Cc")


@pytest.mark.parametrize(
    ("name", "charset"),
    [
        ("山田花子", "iso-2022-jp"),
        ("髙橋花子", "utf-8"),
        ("ﾊﾅｺ", "utf-8"),
        ("㈱お茶①", "utf-8"),
        ("～", "utf-8"),
    ],
)
def test_a_name_beyond_iso_2022_jp_is_written_in_utf_8_and_not_with_question_marks(
    name: str, charset: str
) -> None:
    about = Person("hana@example.org", name, "ja", member=True)
    told = writer().subscribed(_ocha(), ("olga@example.org",), about, **WHEN)
    assert f"    {name} <hana@example.org>\n" in text(told)
    assert _charset(told) == charset
    welcome = writer().welcome(_ocha(), about, **WHEN)
    assert header(welcome, "To") == f"{name} <hana@example.org>"
    assert f"=?{charset}?".encode() in (split(welcome.octets)[0].first("to") or b"")
    assert _charset(welcome) == "iso-2022-jp"  # only what needs it is in UTF-8


@pytest.mark.parametrize(("subject", "charset"), [("会議", "iso-2022-jp"), ("①会議（髙﨑）", "utf-8")])
def test_a_subject_that_is_repeated_stays_what_it_was(subject: str, charset: str) -> None:
    anne = Person("anne@example.org", member=True)
    told = writer().held_author(_ocha(), anne, subject, [REASON], **WHEN)
    assert f"    件名：  {subject}\n" in text(told)
    assert _charset(told) == charset
