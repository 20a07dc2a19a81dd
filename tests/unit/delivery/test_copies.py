"""Only clean octets are sealed."""

import pytest

from mlcore.delivery.copies import NoSeal, UncleanMessage, shared
from mlcore.delivery.transport import SealedMessage
from mlcore.mail.envelope import Rendered

OCTETS = b"Subject: x\r\n\r\nbody\r\n"


def rendered(*, eight_bit: bool = False, smtputf8: bool = False) -> Rendered:
    return Rendered(
        list_id="ant.example.com",
        reverse_path="ant-bounces@example.com",
        arrived_at=0.0,
        eight_bit=eight_bit,
        smtputf8=smtputf8,
    )


class Stamp:
    def __init__(self) -> None:
        self.calls = 0

    def seal(self, octets: bytes) -> bytes:
        self.calls += 1
        return b"ARC-Seal: i=1\r\n" + octets


def test_without_a_seal_the_octets_are_the_same_object() -> None:
    message = shared(rendered(), OCTETS, NoSeal())
    assert message == SealedMessage(OCTETS)
    assert message.octets is OCTETS


def test_the_seal_goes_on_once() -> None:
    stamp = Stamp()
    message = shared(rendered(eight_bit=True, smtputf8=True), OCTETS, stamp)
    assert message == SealedMessage(b"ARC-Seal: i=1\r\n" + OCTETS, eight_bit=True, utf8_header=True)
    assert stamp.calls == 1


@pytest.mark.parametrize("octets", [b"a\nb\r\n", b"a\rb\r\n", b"a\0\r\n", b"a\r\n.\r", b"\n.\n"])
def test_p4_bare_line_ends_and_nul_are_never_sealed(octets: bytes) -> None:
    stamp = Stamp()
    with pytest.raises(UncleanMessage):
        shared(rendered(), octets, stamp)
    assert stamp.calls == 0
