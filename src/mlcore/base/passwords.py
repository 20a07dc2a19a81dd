"""Passwords of moderators and users: kept as hashes, compared slowly.

New hashes are what Mailman makes too (sha512_crypt), with today's rounds; those of its configurations are
understood. One comparison takes a third of a second of a processor: callers in the event loop use a
thread."""

import warnings
from typing import Any, Final

from mlcore.base.errors import BadInput

LONGEST: Final = 512
"""Octets (UTF-8) of a password: the time of each round grows with them."""
ROUNDS: Final = 656_000
"""Of sha512_crypt: what the library recommends, 0.3 s. Mailman takes 60,000."""
_MOST_ROUNDS: Final = 5_000_000
"""More in a hash that somebody brought along would stop whoever compares it."""
_LONGEST_HASH: Final = 512


def hashed(password: str) -> str:
    """A fresh hash, with a salt of its own, one line of ASCII. Takes 0.3 s.

    Raises BadInput for an empty password, one above `LONGEST` octets, or with characters that no terminal
    or mail can give (controls, lone surrogates)."""
    octets = _octets(password)
    if octets is None:
        raise BadInput("this cannot be a password", f"1 to {LONGEST} octets, no control characters")
    made: str = _handlers()[0].using(rounds=ROUNDS).hash(octets)
    return made


def matches(hash_: str, password: str) -> bool:
    """Whether `password` is the one behind `hash_` (sha512_crypt, sha256_crypt, pbkdf2_sha512,
    pbkdf2_sha256). Never raises: an empty hash, one that is none and one that would take minutes match
    nothing."""
    octets = _octets(password)
    if octets is None or not hash_ or len(hash_) > _LONGEST_HASH:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about salts and rounds of others, which nobody here can change
            for handler in _handlers():
                if handler.identify(hash_):
                    return handler.from_string(hash_).rounds <= _MOST_ROUNDS and bool(
                        handler.verify(octets, hash_)
                    )
    except (ValueError, TypeError, RuntimeError):  # whatever is wrong with it, nobody may come in by it
        pass
    return False


def is_hash(text: str) -> bool:
    """Whether this is a hash that `matches` understands."""
    return len(text) <= _LONGEST_HASH and any(handler.identify(text) for handler in _handlers())


def _octets(password: str) -> bytes | None:
    """None for what is no password. Passed on as octets, so that nothing normalises it."""
    if not password or any(character < " " or character == "\x7f" for character in password):
        return None
    try:
        octets = password.encode()
    except UnicodeEncodeError:
        return None
    return octets if len(octets) <= LONGEST else None


def _handlers() -> tuple[Any, ...]:
    """What makes and compares hashes; the first one makes them."""
    # on first use: 40 ms, and nearly no command has to do with passwords
    from passlib.hash import pbkdf2_sha256, pbkdf2_sha512, sha256_crypt, sha512_crypt  # noqa: PLC0415  (see above)

    return sha512_crypt, sha256_crypt, pbkdf2_sha512, pbkdf2_sha256
