"""An author's signature survives what this package does to a message it does not change."""

import pytest

from mlcore.mail import fields, lines
from support.shapes import shapes, unsigned_shapes
from support.signing import sign, verifies

_CANONICAL = [(b"relaxed", b"relaxed"), (b"simple", b"simple")]


def test_there_are_many_shapes_with_names_of_their_own() -> None:
    names = [name for name, _ in [*shapes(), *unsigned_shapes()]]
    assert len(names) == len(set(names))
    assert len(shapes()) >= 45


@pytest.mark.parametrize("canonicalize", _CANONICAL)
@pytest.mark.parametrize(("name", "octets"), shapes())
def test_p8_a_signature_survives_split_join_and_normalise(
    name: str, octets: bytes, canonicalize: tuple[bytes, bytes]
) -> None:
    signed = sign(octets, canonicalize=canonicalize)
    assert lines.normalise(signed) is signed
    after = fields.join(*fields.split(signed))
    assert after == signed
    assert verifies(after)


@pytest.mark.parametrize(("name", "octets"), shapes())
def test_p8_a_signature_survives_edits_of_other_fields(name: str, octets: bytes) -> None:
    found, body = fields.split(sign(octets, canonicalize=(b"simple", b"simple")))
    edited = (
        found.prepend("Delivered-To", "ant@lists.example.org")
        .remove("List-Id", "Precedence", "X-Odd")
        .replace("List-Post", b"<mailto:ant@lists.example.org>")
        .append("X-Mailman-Version", "1 日本")
    )
    assert verifies(fields.join(edited, body))


def test_a_changed_message_does_not_verify() -> None:
    signed = sign(dict(shapes())["plain"])
    assert verifies(signed)
    assert not verifies(signed + b"one more line\r\n")
    assert not verifies(dict(shapes())["plain"])
