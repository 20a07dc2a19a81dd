"""An author's DKIM signature (RFC 6376), made and checked by dkimpy, which is no part of what is tested."""

from functools import cache
from typing import Final

import dkim
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

_SELECTOR: Final = b"author"
_DOMAIN: Final = b"example.com"
HEADERS: Final = (
    b"from",
    b"to",
    b"cc",
    b"reply-to",
    b"subject",
    b"date",
    b"message-id",
    b"in-reply-to",
    b"references",
    b"mime-version",
    b"content-type",
    b"content-transfer-encoding",
)
"""What authors' servers sign as a rule."""


@cache
def _keys() -> tuple[bytes, dict[bytes, bytes]]:
    """Private key (PEM) and the TXT records under which its public half is found; made once per session."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + b"".join(public.splitlines()[1:-1])
    return private, {_SELECTOR + b"._domainkey." + _DOMAIN + b".": record}


def sign(
    octets: bytes,
    *,
    headers: tuple[bytes, ...] = HEADERS,
    canonicalize: tuple[bytes, bytes] = (b"relaxed", b"relaxed"),
) -> bytes:
    """The message with a DKIM-Signature before it. headers: names in lower case, `from` among them."""
    field = dkim.sign(
        octets,
        _SELECTOR,
        _DOMAIN,
        _keys()[0],
        canonicalize=canonicalize,
        include_headers=list(headers),
    )
    assert isinstance(field, bytes)
    return field + octets


def verifies(octets: bytes) -> bool:
    """Whether the first DKIM-Signature holds; False also where there is none."""
    records = _keys()[1]

    def txt(name: bytes | str, timeout: float = 5) -> bytes | None:
        return records.get(name.encode() if isinstance(name, str) else name)

    return bool(dkim.verify(octets, dnsfunc=txt))
