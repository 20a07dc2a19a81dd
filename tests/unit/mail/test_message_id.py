"""`mail.message_id`: ids made and ids met."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.mail import message_id
from mlcore.mail.fields import Fields, split


def _of(body: bytes) -> str:
    return message_id.of(Fields((b"Message-ID:" + body + b"\r\n",)))


def test_an_id_is_made_of_entry_and_domain() -> None:
    assert (
        message_id.make("018bcfe56800000a1b2c3-2.h", "example.org")
        == "<018bcfe56800000a1b2c3-2.h@example.org>"
    )


@pytest.mark.parametrize("entry", ["", "a b", "a\r\nb", "a>", ".a", "a.", "a..b"])
def test_p9_an_entry_name_that_is_none_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="not the name of an entry"):
        message_id.make(entry, "example.org")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b" <x@example.com>", "<x@example.com>"),
        (b"\r\n <x@example.com>", "<x@example.com>"),
        (b" (a comment) <x@\r\n\texample.com> rest", "<x@example.com>"),
        (b" <>", "<>"),
        (b" <@@x@@>", "<@@x@@>"),
        (b" <x@[1.2.3.4>", "<x@[1.2.3.4>"),
        (b" x@example.com", "x@example.com"),
        (b" <x@example.com", "<x@example.com"),
        (b"", ""),
        (b" ", ""),
        (b" <x\x1b[1m@y>", "<x?[1m@y>"),
        ("<ü@例え>".encode(), "<ü@例え>"),
        (b"<\xfc@y>", "<ü@y>"),
    ],
)
def test_whatever_stands_there_is_read(body: bytes, found: str) -> None:
    assert _of(body) == found


def test_none_is_empty() -> None:
    assert message_id.of(split(b"Subject: x\r\n\r\n")[0]) == ""


@given(
    st.one_of(st.binary(max_size=60), st.integers(900, 1100).map(lambda size: b"<" + b"\xfc" * size + b">"))
)
def test_p9_it_is_fit_for_a_log_line(body: bytes) -> None:
    found = message_id.of(Fields().append("Message-ID", body))
    assert found.isprintable()
    assert " " not in found
    assert len(found.encode()) <= 998
