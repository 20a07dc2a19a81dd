"""How words become a message: whatever stands in them, its header is ours and its text can be read."""

from email import message_from_bytes
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists.notices.bounces import Evidence
from mlcore.lists.notices.composition import LARGEST, attachment, mailboxes, whole_message
from mlcore.lists.notices.letters import Answered, Letter, Person
from mlcore.lists.reasons import Reason
from mlcore.mail.address import parse_list
from mlcore.mail.fields import split
from mlcore.mail.lines import is_clean
from support.letters import ANT, ARGUMENTS, ORIGINAL, TOKEN, WHEN, header, letter, message, text, writer
from support.posts import SITE, policy

EVIL = (
    'x"\r\nBcc: evil@example.net\r\n\r\n.\r\n<evil@example.net>, $owner_email ${token} %s {sender}'
    "\x00\x1b\ud800"
)
METHODS = sorted(ARGUMENTS)


def evil(method: str, about: Any, **site: Any) -> Letter:
    """Written with hostile names, subjects, reasons, words and messages."""
    person = Person("anne@example.org", EVIL, EVIL, member=True)
    owners, reasons = ["olga@example.org"], [Reason("Header {}", EVIL)]
    evidence = Evidence(report=EVIL.encode("utf-8", "replace"))
    said = Evidence(address=EVIL, code=EVIL, diagnostic=EVIL)
    given_: dict[str, tuple[Any, ...]] = {
        **dict.fromkeys(("welcome", "goodbye", "new_list"), (person,)),
        **dict.fromkeys(("confirm_join", "confirm_leave", "invite"), (person, TOKEN)),
        "held_author": (person, EVIL, reasons),
        "no_more_today": (person, 10),
        "rejected": (person, EVIL, reasons, EVIL, EVIL.encode("utf-8", "replace") + ORIGINAL),
        "refused": (person, EVIL, EVIL),
        "acknowledged": (person, EVIL),
        "forwarded": (owners, EVIL.encode("utf-8", "replace")),
        "results": (person, "example.com", Answered(EVIL, EVIL, EVIL), EVIL),
        **dict.fromkeys(("subscribed", "unsubscribed", "request_join", "request_leave"), (owners, person)),
        "held_owners": (owners, EVIL, EVIL, reasons, TOKEN, EVIL.encode("utf-8", "replace")),
        "filtered": (owners, EVIL.encode("utf-8", "replace")),
        "pending": (owners, 3, EVIL),
        "autoresponse": (person, EVIL),
        "probe": (person, TOKEN, evidence),
        "bounce_warning": (person,),
        "bounce_increment": (owners, person, evidence),
        "bounce_disable": (owners, person, said),
        "bounce_removal": (owners, person),
        "bounce_unrecognized": (owners, evidence),
        "complaint": (owners, person, said),
    }
    written: Letter = getattr(writer(**site), method)(about, *given_[method], **WHEN)
    return written


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"display_name": EVIL, "description": EVIL, "info": EVIL},
        {"charset": EVIL, "preferred_language": EVIL},
        {"charset": "iso-2022-jp", "preferred_language": "ja"},
        {"include_rfc2369_headers": False},
    ],
)
def test_p9_no_value_adds_a_field_or_a_recipient(method: str, settings: dict[str, Any]) -> None:
    about = policy(**{"display_name": "Ant lovers", **settings})
    written = evil(method, about)
    fields, _ = split(written.octets)
    harmless = policy(**{**settings, "display_name": "Ant", "description": "", "info": ""})
    usual, _ = split(letter(method, harmless).octets)
    varying = ("Content-Transfer-Encoding", "In-Reply-To", "References")
    assert fields.remove(*varying).names() == usual.remove(*varying).names()
    assert "evil" not in " ".join(written.recipients)
    for name in ("From", "To"):
        assert all("evil" not in str(address) for _, address in parse_list(fields.first(name) or b""))
    assert is_clean(written.octets)
    assert fields.octets().isascii()
    # what is wrong with an attached message is its own affair
    assert message_from_bytes(written.octets).defects == []


@pytest.mark.parametrize("method", ["welcome", "goodbye", "refused", "results", "acknowledged", "rejected"])
def test_p9_what_a_value_holds_is_not_filled_in(method: str) -> None:
    octets = evil(method, policy(display_name=EVIL)).octets
    said = message_from_bytes(octets).walk()
    words = next(part for part in said if part.get_content_type() == "text/plain").get_payload(decode=True)
    assert isinstance(words, bytes)
    flat = b" ".join(words.split())
    assert b"<evil@example.net>, $owner_email ${token} %s {sender}" in flat


# -- charsets ---------------------------------------------------------------------------------------------


@pytest.mark.row("attribute: preferred_language")
@pytest.mark.row("preference: preferred_language")
@pytest.mark.parametrize(
    ("of_list", "of_person", "shown"),
    [
        ("en", "", "You are now a member"),
        ("ja", "", "ご参加いただき、ありがとうございます"),
        ("en", "ja", "ご参加いただき、ありがとうございます"),
        ("ja", "en", "You are now a member"),
        ("fr", "", "You are now a member"),
        ("ja", "xx", "ご参加いただき、ありがとうございます"),
    ],
)
def test_the_language_is_that_of_the_reader_then_of_the_list(
    of_list: str, of_person: str, shown: str
) -> None:
    person = Person("anne@example.org", "", of_person)
    said = text(writer().welcome(policy(preferred_language=of_list), person, **WHEN))
    assert shown in said.replace("\n", "")


def test_the_language_of_the_site_comes_before_english() -> None:
    said = text(letter("goodbye", policy(preferred_language="fr"), by=writer(default_language="ja")))
    assert "退会しました" in said


@pytest.mark.row("attribute: charset")
@pytest.mark.parametrize(
    ("settings", "label", "encoding"),
    [
        ({}, "us-ascii", "7bit"),
        ({"display_name": "Les fourmis d'été"}, "utf-8", "quoted-printable"),
        ({"display_name": "Fourmis d'été", "charset": "iso-8859-1"}, "iso-8859-1", "quoted-printable"),
        ({"preferred_language": "ja"}, "utf-8", "base64"),
        ({"preferred_language": "ja", "charset": "iso-2022-jp"}, "iso-2022-jp", "7bit"),
        ({"preferred_language": "ja", "charset": "shift_jis"}, "shift_jis", "base64"),
        ({"preferred_language": "ja", "charset": "iso-2022-jp", "display_name": "蟻😀"}, "utf-8", "base64"),
        ({"preferred_language": "ja", "charset": "no such"}, "utf-8", "base64"),
    ],
)
def test_p13_the_charset_of_the_list_if_it_can_hold_the_text(
    settings: dict[str, Any], label: str, encoding: str
) -> None:
    about = policy(**settings)
    written = letter("welcome", about)
    found = message(written)
    assert (found.get_content_charset(), found["Content-Transfer-Encoding"]) == (label, encoding)
    assert about.display_name in text(written)
    assert about.display_name in (header(written, "Subject") or "")
    assert written.octets.isascii()


def test_subject_and_names_have_the_charset_of_the_text() -> None:
    about = policy(preferred_language="ja", charset="iso-2022-jp", display_name="蟻の会")
    written = writer().welcome(about, Person("taro@example.jp", "山田太郎"), **WHEN)
    fields, _ = split(written.octets)
    assert (fields.first("Subject") or b"").startswith(b"=?iso-2022-jp?b?")
    assert (fields.first("To") or b"").startswith(b"=?iso-2022-jp?b?")
    assert header(written, "To") == "山田太郎 <taro@example.jp>"


def test_the_charset_of_the_list_is_for_the_language_of_the_list() -> None:
    """Chinese in ISO-2022-JP would be shown with Japanese letter forms, or none."""
    about = policy(preferred_language="ja", charset="iso-2022-jp", display_name="蟻の会")
    english = writer().goodbye(about, Person("anne@example.org", "", "en"), **WHEN)
    assert message(english).get_content_charset() == "utf-8"


def test_an_address_beyond_ascii_stays_utf_8() -> None:
    written = writer().welcome(ANT, Person("太郎@例え.jp", "Taro"), **WHEN)
    assert split(written.octets)[0].first("To") == "Taro <太郎@例え.jp>".encode()


def test_p13_long_lines_of_a_person_are_coded() -> None:
    about = policy(display_name="Ant")
    written = writer().results(about, Person("a@example.org"), "example.com", Answered(), "x" * 999, **WHEN)
    assert max(map(len, written.octets.split(b"\r\n"))) <= 998
    assert text(written) == "x" * 999 + "\n"


# -- parts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "whole"), [(LARGEST, True), (LARGEST + 1, False)])
def test_a_message_is_attached_whole_up_to_a_size(size: int, whole: bool) -> None:
    original = ORIGINAL + b"x" * (size - len(ORIGINAL))
    part, is_whole = attachment(original)
    assert is_whole is whole
    assert part.type == "message/rfc822"
    assert part.body == (original if whole else split(original)[0].octets() + b"\r\n")


def test_a_header_section_that_is_too_large_itself_is_cut_between_lines() -> None:
    original = b"From: x\r\n" + b"X-Filler: y\r\n" * 30_000
    part, whole = attachment(original)
    assert not whole
    assert len(part.body) <= LARGEST + 4
    assert part.body.startswith(b"From: x\r\nX-Filler: y\r\n")
    assert part.body.endswith(b"X-Filler: y\r\n\r\n")
    one_line, _ = attachment(b"x" * (LARGEST + 1))
    assert one_line.body == b"\r\n"


def test_p4_what_is_attached_has_clean_line_ends() -> None:
    assert attachment(b"a: b\n\n\0c\rd")[0].body == b"a: b\r\n\r\nc\r\nd"
    assert whole_message(b"a: b\n\nc").body == b"a: b\r\n\r\nc"


@given(original=st.binary(max_size=200), subject=st.text(max_size=40), name=st.text(max_size=40))
def test_p9_whatever_a_post_holds_its_mail_is_a_message(original: bytes, subject: str, name: str) -> None:
    written = writer().held_owners(
        policy(display_name=name), ["olga@example.org"], name, subject, [], TOKEN, original, **WHEN
    )
    names = split(written.octets)[0].remove("Content-Transfer-Encoding").names()
    assert names == split(letter("held_owners").octets)[0].names()
    assert is_clean(written.octets)


def test_several_mailboxes_stand_on_lines_of_their_own() -> None:
    body = mailboxes([("Anne", "a@example.org"), ("", "b@example.org")], "To", "utf-8")
    assert body == b"Anne <a@example.org>,\r\n b@example.org"


def test_mail_says_which_version_wrote_it() -> None:
    assert header(letter("welcome"), "X-Mailman-Version") == SITE.version
