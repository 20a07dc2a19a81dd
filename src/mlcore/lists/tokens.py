"""Tokens: what a person sends back to show that a mail has reached him, or that he may decide.

A token derives from the key of the site and the random identity of what it is for, so the database holds
nothing that could be sent back. It is good for one purpose, one list and one address. What it is for can be
found by `token_hash`, and then has to be compared by `fits`."""

import hashlib
import hmac
import re
import secrets
from typing import Final, Literal

Purpose = Literal["subscription", "unsubscription", "held", "probe"]

LENGTH: Final = 40
"""Hex digits of a token: 160 bits."""
_TOKEN: Final = re.compile(r"[0-9a-f]{40}\Z")
_SIZE: Final = LENGTH // 2
_PERSON: Final = b"mlcore token"


def new_identity() -> str:
    """160 random bits as 40 hex digits, for something that is to have a token."""
    return secrets.token_hex(_SIZE)


def token(key: bytes, purpose: Purpose, list_id: str, address_key: str, identity: str) -> str:
    """40 lower-case hex digits (BLAKE2b, RFC 7693, with `key`: at most 64 octets, that of the site has 32).

    address_key: `mail.address.key_of`, empty where it is for whoever may decide; identity: of what the token
    is for."""
    digest = hashlib.blake2b(key=key, digest_size=_SIZE, person=_PERSON)
    for part in (purpose, list_id, address_key, identity):
        octets = part.encode("utf-8", "surrogatepass")
        digest.update(len(octets).to_bytes(8, "big"))  # no two lists of parts are the same octets
        digest.update(octets)
    return digest.hexdigest()


def token_hash(token: str) -> str:
    """64 hex digits (SHA-256) by which a row is found that a token is for; a token in whatever case."""
    return hashlib.sha256(token.lower().encode("utf-8", "surrogatepass")).hexdigest()


def is_token(text: str) -> bool:
    """Whether `text` has the form of a token, in whatever case."""
    return _TOKEN.match(text.lower()) is not None


def fits(given: str, expected: str) -> bool:
    """Whether somebody gave this token, in whatever case; takes as long for a wrong one as for the right
    one."""
    return hmac.compare_digest(given.lower().encode("utf-8", "surrogatepass"), expected.encode("ascii"))
