"""Mail to the site owner about an entry that was set aside."""

from email import message_from_bytes
from typing import Any

import pytest

from mlcore.lists.notices.shunted import shunted
from mlcore.mail.fields import split
from mlcore.mail.lines import is_clean
from support.posts import ENTRY, NOW


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


@pytest.mark.row("mail: shunted")
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
