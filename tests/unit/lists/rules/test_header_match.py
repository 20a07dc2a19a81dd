"""Rules about header fields."""

import pytest

from mlcore.base.errors import BadInput
from mlcore.lists.draft import Draft
from mlcore.lists.model import Action, HeaderMatch
from mlcore.lists.patterns import Patterns
from mlcore.lists.reasons import Reason
from mlcore.lists.rules import header_match
from mlcore.lists.rules.header_match import FieldTexts, checked, rule
from mlcore.lists.verdict import Hit
from mlcore.mail.mime import Part
from support.posts import draft

MIXED = 'Content-Type: multipart/mixed; boundary="b"'
EVIL = b"Content-Type: application/x-msdownload\r\nX-Odd: =?utf-8?q?evil?=\r\n\r\nMZ"


def _parts(*parts: bytes) -> bytes:
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"


def _hit(made: Draft, header: str, pattern: str) -> Hit | None:
    return rule(HeaderMatch(header=header, pattern=pattern), "header-match-x", FieldTexts(made), Patterns())


@pytest.mark.row("rule: header-match")
def test_a_field_of_the_message() -> None:
    made = draft("X-SPAM-Flag: =?utf-8?q?Yes?=, very", "X-Spam-Flag: no")
    expected = Hit("header-match-x", Reason('Header "{}" matched a header rule', "x-spam-flag"))
    assert _hit(made, "x-spam-flag", "YES, v") == expected
    assert _hit(made, "x-spam-flag", "^no$") == expected
    assert _hit(made, "x-spam-flag", "^v") is None
    assert _hit(made, "x-spam", "") is None


def test_a_field_of_any_part() -> None:
    made = draft(MIXED, "Subject: x", body=_parts(b"\r\none", EVIL))
    assert _hit(made, "content-type", "x-msdownload") is not None
    assert _hit(made, "content-type", "multipart") is not None
    assert _hit(made, "x-odd", "^evil$") is not None
    assert _hit(made, "subject", "evil") is None
    attached = b"Content-Type: message/rfc822\r\n\r\nX-Inner: evil\r\n\r\nx"
    assert _hit(draft(MIXED, body=_parts(attached)), "x-inner", "evil") is not None


def test_a_message_is_taken_apart_only_if_the_name_stands_in_its_body(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Draft] = []
    part = Draft.part

    def counted(made: Draft) -> Part:
        asked.append(made)
        return part(made)

    monkeypatch.setattr(Draft, "part", counted)
    texts = FieldTexts(draft(MIXED, "X-A: b", body=_parts(b"\r\none", EVIL)))
    assert texts.of("x-a") == ("b",)
    assert FieldTexts(draft("X-A: b", "X-Odd: c", body=EVIL)).of("x-odd") == ("c",)
    assert asked == []
    assert texts.of("x-odd") == ("evil",)
    assert texts.of("content-type") == ('multipart/mixed; boundary="b"', "application/x-msdownload")
    assert len(asked) == 1
    assert texts.of("x-ほか") == ()


def test_p7_of_a_message_that_is_too_complex_the_header_section_counts() -> None:
    texts = FieldTexts(draft(MIXED, "X-Odd: x", body=_parts(*[b"\r\nx"] * 1_001, EVIL)))
    assert texts.of("x-odd") == ("x",)


def test_names() -> None:
    assert header_match.site_name(1) == "header-match-config-1"
    assert header_match.list_name("ant.example.com", 0) == "header-match-ant.example.com-0"


def test_what_is_stored() -> None:
    assert checked(" X-Spam-Flag: ", " ^yes ", Action.HOLD, "a\tb") == HeaderMatch(
        header="x-spam-flag", pattern=" ^yes ", action=Action.HOLD, tag="a b"
    )
    assert checked("subject", "x") == HeaderMatch(header="subject", pattern="x")


@pytest.mark.parametrize(
    ("header", "pattern", "complaint"),
    [
        ("", "x", "names no header field"),
        ("a b", "x", "names no header field"),
        ("ほか", "x", "names no header field"),
        ("x" * 77, "x", "names no header field"),
        ("subject", " ", "no expression"),
        ("subject", "[", "bad regular expression"),
        ("subject", "a\nb", "invisible characters"),
    ],
)
def test_what_cannot_be_stored(header: str, pattern: str, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        checked(header, pattern)
