"""Mail that mlcore writes itself."""

from email import message_from_bytes
from typing import Any, get_args

import pytest

from mlcore.lists.notices import Kind, notice, shunted
from mlcore.mail.address import BadAddress, parse_list
from mlcore.mail.fields import split
from mlcore.mail.lines import is_clean
from support.posts import ENTRY, NOW, policy


def _notice(**given: Any) -> bytes:
    values: dict[str, Any] = {
        "noreply": "noreply",
        "site_owner": "root@example.com",
        "host": "lists.example.com",
        "entry": ENTRY,
        "queue": "in",
        "reason": "ValueError: no such thing",
        "now": NOW,
    }
    return shunted(**(values | given))


def test_a_notice_is_a_complete_message() -> None:
    message = message_from_bytes(_notice())
    assert message.defects == []
    assert message["From"] == "mlcore <noreply@lists.example.com>"
    assert message["To"] == "root@example.com"
    assert ENTRY in message["Subject"]
    assert message["Date"] == "Tue, 14 Nov 2023 22:13:20 +0000"
    assert ENTRY in message["Message-ID"]
    assert message["MIME-Version"] == "1.0"
    assert message.get_content_type() == "text/plain"


def test_p18_it_says_that_a_program_wrote_it() -> None:
    message = message_from_bytes(_notice())
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Precedence"] is None


def test_it_tells_entry_queue_reason_and_what_to_do() -> None:
    body = split(_notice())[1].decode()
    for part in (
        ENTRY,
        "in",
        "ValueError: no such thing",
        f"mlcore qfile {ENTRY}",
        f"mlcore unshunt {ENTRY}",
    ):
        assert part in body


def test_it_is_the_same_octets_when_the_step_is_repeated() -> None:
    assert _notice() == _notice()


def test_p13_it_is_ascii_with_clean_line_ends() -> None:
    for octets in (_notice(), _notice(reason="\u3042\r\n.\r\n\0\xff\ud800", host="b\u00fccher.example")):
        assert is_clean(octets)
        assert split(octets)[1].isascii()


def test_p27_the_reason_is_one_escaped_line_of_two_hundred_characters() -> None:
    body = split(_notice(reason="\x1b[31m\r\nBcc: x\n" + "y" * 1_000))[1].decode()
    assert r"Reason:  \x1b[31m\r\nBcc: x\nyyy" in body
    assert body.count("y" * 150) == 1
    assert "y" * 200 not in body


@pytest.mark.parametrize("part", ["site_owner", "host", "queue", "reason"])
def test_p9_no_value_adds_a_field_or_ends_the_header_section(part: str) -> None:
    octets = _notice(**{part: "x\r\nBcc: evil@example.net\r\n\r\nbody"})
    fields, body = split(octets)
    assert fields.names() == split(_notice())[0].names()
    assert body.startswith(b"mlcore could not process")
    assert b"\r\nBcc" not in body


def test_p9_what_is_no_name_of_an_entry_is_refused() -> None:
    with pytest.raises(ValueError, match="not the name of an entry"):
        _notice(entry="x\r\nBcc: evil@example.net")


# -- notices about lists and members ----------------------------------------------------------------------


def _made(kind: Kind = "welcome", **given: Any) -> bytes:
    values: dict[str, Any] = {
        "policy": policy(display_name="Ant lovers"),
        "address": "Anne@Example.org",
        "display_name": "Anne Person",
        "site_owner": "root@example.net",
        "noreply": "noreply",
        "identity": "notice.7.1700000000000",
        "now": NOW,
    }
    return notice(kind, **(values | given))


def _text(octets: bytes) -> str:
    payload = message_from_bytes(octets).get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


_KINDS: tuple[Kind, ...] = get_args(Kind)


@pytest.mark.parametrize(
    ("kind", "to", "author", "subject"),
    [
        (
            "new-list",
            "Anne Person <Anne@Example.org>",
            "noreply@example.com",
            "Your new mailing list: ant@example.com",
        ),
        (
            "welcome",
            "Anne Person <Anne@Example.org>",
            "ant-request@example.com",
            'Welcome to the "Ant lovers" mailing list',
        ),
        (
            "goodbye",
            "Anne Person <Anne@Example.org>",
            "ant-bounces@example.com",
            "You have been unsubscribed from the Ant lovers mailing list",
        ),
        (
            "admin-subscribe",
            "ant-owner@example.com",
            "root@example.net",
            "Ant lovers subscription notification",
        ),
        (
            "admin-unsubscribe",
            "ant-owner@example.com",
            "root@example.net",
            "Ant lovers unsubscription notification",
        ),
    ],
)
def test_who_writes_what_to_whom(kind: Kind, to: str, author: str, subject: str) -> None:
    octets = _made(kind)
    message = message_from_bytes(octets)
    assert message.defects == []
    fields = split(octets)[0]
    assert fields.text("To") == to
    assert fields.text("From") == author
    assert fields.text("Subject") == subject
    assert message["Date"] == "Tue, 14 Nov 2023 22:13:20 +0000"
    assert message["Message-ID"] == "<notice.7.1700000000000@example.com>"
    assert message.get_content_type() == "text/plain"


@pytest.mark.parametrize("kind", _KINDS)
def test_p18_each_says_that_a_program_wrote_it(kind: Kind) -> None:
    message = message_from_bytes(_made(kind))
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Precedence"] == "bulk"
    assert message["X-No-Archive"] == ("yes" if kind == "welcome" else None)


@pytest.mark.parametrize("kind", _KINDS)
def test_each_names_its_list(kind: Kind) -> None:
    message = message_from_bytes(_made(kind))
    assert message["List-Id"] == "<ant.example.com>"
    assert message["List-Unsubscribe"] == "<mailto:ant-leave@example.com>"
    assert message["List-Post"] is None
    bare = message_from_bytes(_made(kind, policy=policy(include_rfc2369_headers=False)))
    assert [name for name in bare if name.startswith("List-")] == []


def test_owners_are_told_who_it_is() -> None:
    for kind in ("admin-subscribe", "admin-unsubscribe"):
        assert "Anne Person <Anne@Example.org>\r\n" in _text(_made(kind))
        assert _text(_made(kind, display_name="")).startswith("Anne@Example.org\r\n")


def test_without_a_site_owner_the_list_writes() -> None:
    assert message_from_bytes(_made("admin-subscribe", site_owner=""))["From"] == "ant-owner@example.com"
    assert "ant-owner@example.com" in _text(_made("new-list", site_owner=""))


def test_a_welcome_to_digests_says_so() -> None:
    octets = _made(digest=True)
    assert split(octets)[0].text("Subject") == 'Welcome to the "Ant lovers" mailing list (Digest mode)'
    assert "digests" in _text(octets)
    assert "digests" not in _text(_made())


def test_a_welcome_to_a_list_that_takes_no_posts_names_no_posting_address() -> None:
    assert "ant@example.com" in _text(_made())
    assert "ant@example.com" not in _text(_made(policy=policy(allow_list_posts=False)))


def test_japanese_names() -> None:
    octets = _made(policy=policy(display_name="蟻の会"), display_name="太郎")
    assert octets.isascii()
    fields = split(octets)[0]
    assert fields.text("To") == "太郎 <Anne@Example.org>"
    assert fields.text("Subject") == 'Welcome to the "蟻の会" mailing list'
    assert 'mailing list "蟻の会"' in _text(octets)
    assert message_from_bytes(octets)["Content-Transfer-Encoding"] == "base64"
    assert is_clean(octets)


def test_an_address_beyond_ascii_stays_utf_8() -> None:
    fields = split(_made(address="太郎@例え.jp"))[0]
    assert fields.first("To") == "Anne Person <太郎@例え.jp>".encode()


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(BadAddress):
        _made(address="nobody")


_EVIL = 'x"\r\nBcc: evil@example.net\r\n\r\n.\r\n<evil@example.net>, {owner_email} %s \x00\x1b\ud800'


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize(
    "given",
    [
        {"display_name": _EVIL},
        {"policy": policy(display_name=_EVIL)},
        {"policy": policy(display_name="Ant lovers", description=_EVIL)},
    ],
)
def test_p9_no_value_adds_a_field_or_a_recipient_to_a_notice(kind: Kind, given: dict[str, Any]) -> None:
    octets = _made(kind, **given)
    fields, _ = split(octets)
    usual = split(_made(kind))[0]
    assert fields.names() == usual.names()
    for name in ("From", "To"):
        found = [parse_list(one.first(name) or b"") for one in (fields, usual)]
        assert [str(address) for _, address in found[0]] == [str(address) for _, address in found[1]]
    assert "\r\nBcc" not in _text(octets)
    assert is_clean(octets)


@pytest.mark.parametrize("part", ["noreply", "address", "site_owner"])
def test_p9_what_is_to_be_an_address_and_is_none_is_refused(part: str) -> None:
    kind: Kind = "admin-subscribe" if part == "site_owner" else "new-list"
    with pytest.raises(BadAddress):
        _made(kind, **{part: _EVIL})
