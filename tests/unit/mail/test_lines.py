"""`mail.lines`: nothing but CRLF."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.mail import lines

_UNCLEAN = re.compile(rb"\r(?!\n)|(?<!\r)\n|\0")
_octets = st.lists(st.sampled_from([b"\r", b"\n", b"\0", b"\r\n", b"a", b".", b"\xff"])).map(b"".join)


@given(_octets)
def test_p4_normalised_octets_hold_no_bare_cr_or_lf_and_no_nul(octets: bytes) -> None:
    clean = lines.normalise(octets)
    assert not _UNCLEAN.search(clean)
    assert lines.is_clean(clean)
    assert lines.normalise(clean) is clean


@given(_octets)
def test_p8_everything_but_line_ends_and_nul_is_kept(octets: bytes) -> None:
    def rest(some: bytes) -> bytes:
        return re.sub(rb"[\r\n\0]", b"", some)

    assert rest(lines.normalise(octets)) == rest(octets)
    assert lines.is_clean(octets) == (not _UNCLEAN.search(octets))


@pytest.mark.parametrize(
    ("octets", "clean"),
    [
        (b"a\nb", b"a\r\nb"),
        (b"a\rb", b"a\r\nb"),
        (b"a\r\r\nb", b"a\r\n\r\nb"),
        (b"a\n\rb", b"a\r\n\r\nb"),
        (b"a\r\0\nb", b"a\r\nb"),
        (b"\n.\n", b"\r\n.\r\n"),
        (b"\n\r", b"\r\n\r\n"),
    ],
)
def test_each_bare_end_becomes_one_line_end(octets: bytes, clean: bytes) -> None:
    assert lines.normalise(octets) == clean


def test_has_8bit() -> None:
    assert lines.has_8bit("ü".encode())
    assert not lines.has_8bit(b"plain \x7f")
