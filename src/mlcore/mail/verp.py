"""Envelope senders: the one table of addresses under which a list sends, and what comes back to them.

    shared          ant-bounces@host
    VERP, XVERP     ant-bounces+LOCAL=DOMAIN@host          Postfix writes the same with XVERP=+=
    tagged          ant-bounces+LOCAL=DOMAIN=TAG@host      TAG: 8 characters of base32, a keyed digest
    probe           ant-bounces+TOKEN@host                 TOKEN: 40 hex digits, or 32 of base32

Instead of the plus sign stands what the site has as its delimiter.

A valid tag proves that this list wrote to this address within this quarter of the year or the last one; a
report without one may be anybody's. Reports come back in any case, so none of it depends on case."""

import hmac
import re
import time
from base64 import b32decode
from hashlib import blake2b
from typing import Final

from mlcore.mail import address

_LONGEST_LOCAL_PART: Final = 64
_SHORTEST_KEY: Final = 16
_LONGEST_KEY: Final = blake2b.MAX_KEY_SIZE
_TAG_OCTETS: Final = 5
_BASE32: Final = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS: Final = tuple([first + second for first in _BASE32 for second in _BASE32])
_TAGGED: Final = re.compile(r"(.+=.+)=([A-Za-z2-7]{8})", re.DOTALL)
_TOKEN: Final = re.compile(r"[0-9a-fA-F]{40}")
_SHORT_TOKEN: Final = re.compile(r"[A-Za-z2-7]{32}")
_PLAIN: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
"""Addresses that are their own key (`address.key_of`), as most are."""


def octets(text: str) -> int:
    """Of UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def room(reverse_path: str) -> int:
    """How long an address may be, in octets, to be named in a sender made of this shared one: longer local
    parts than 64 octets (RFC 5321 4.5.3.1.1) are refused by many servers, ours among them."""
    return _LONGEST_LOCAL_PART - octets(reverse_path.rpartition("@")[0]) - 1


def bounces(list_name: str, host: str) -> str:
    """The shared envelope sender of a list."""
    return f"{list_name}-bounces@{host}"


def verp(list_name: str, host: str, recipient: str, *, delimiter: str = "+") -> str:
    """The envelope sender that names `recipient`, as XVERP makes it.

    The shared one for a recipient that no dot-atom can hold: a quoted local part, an address literal."""
    local_part, _, domain = recipient.rpartition("@")
    if not local_part or '"' in local_part or domain.startswith("["):
        return bounces(list_name, host)
    return f"{list_name}-bounces{delimiter}{local_part}={domain}@{host}"


class Senders:
    """`tagged` for many recipients of one list, at a fraction of the time."""

    def __init__(self, list_name: str, host: str, *, key: bytes, now: float, delimiter: str = "+") -> None:
        """Raises ValueError for a key of less than 16 octets."""
        self._names = (list_name, host)
        self._shared = bounces(list_name, host)
        self._head = f"{list_name}-bounces{delimiter}"
        self._state = _state(key, list_name, host)
        self._tail = f"\0{quarter(now)}".encode()

    def of(self, recipient: str) -> str:
        """The envelope sender for `recipient`. Raises BadAddress if it is no address."""
        local_part, _, domain = recipient.rpartition("@")
        if not local_part or '"' in local_part or domain[:1] == "[":
            return self._shared
        detail = f"{self._head}{local_part}={domain}"
        length = octets(detail)
        if length > _LONGEST_LOCAL_PART:
            return self._shared
        if length + 1 + 8 > _LONGEST_LOCAL_PART:
            return f"{detail}@{self._names[1]}"
        state = self._state.copy()
        key = recipient.lower()
        if _PLAIN.fullmatch(key) is None:
            key = address.key_of(recipient)
        state.update(key.encode() + self._tail)
        return f"{detail}={base32(state.digest())}@{self._names[1]}"


def tagged(list_name: str, host: str, recipient: str, *, key: bytes, now: float) -> str:
    """`verp` with a tag for `recipient` where the local part stays within 64 octets; else `verp`, or where
    that is longer too the shared one.

    key: at least 16 secret octets, the site's; now: Unix seconds. Raises ValueError for a shorter key, and
    BadAddress if `recipient` is no address."""
    return Senders(list_name, host, key=key, now=now).of(recipient)


def probe(list_name: str, host: str, token: str, *, delimiter: str = "+") -> str:
    """The envelope sender of a probe. token: 40 hex digits; raises ValueError otherwise.

    For a list of which the name leaves no room for them (RFC 5321 4.5.3.1.1: 64 octets) the same 160 bits
    stand there as 32 characters of base32; names of up to 23 octets have room for these."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("the token of a probe is 40 hex digits")
    head = f"{list_name}-bounces{delimiter}"
    if len(head.encode()) + len(token) > _LONGEST_LOCAL_PART:
        token = base32(bytes.fromhex(token))
    return f"{head}{token}@{host}"


def decode_verp(detail: str) -> str | None:
    """The address in what stood behind the delimiter, tagged or not; None: there is none (a probe, garbage).

    A tag is taken off, not verified: see `verify`."""
    found = _TAGGED.fullmatch(detail)
    local_part, _, domain = (found[1] if found else detail).rpartition("=")
    try:
        return str(address.parse(f"{local_part}@{domain}"))
    except address.BadAddress:
        return None


def verify(detail: str, list_name: str, host: str, *, key: bytes, now: float) -> str | None:
    """The address in `detail` if its tag is this list's, of this quarter or the last; otherwise None.

    Raises ValueError for a key of less than 16 octets."""
    found = _TAGGED.fullmatch(detail)
    recipient = decode_verp(detail) if found else None
    if found is None or recipient is None:
        return None
    tag = found[2].lower()
    now_quarter = quarter(now)
    # Both are always computed and compared in constant time: an answer's delay tells nothing of a tag.
    this = hmac.compare_digest(tag, _tag(key, list_name, host, recipient, now_quarter))
    last = hmac.compare_digest(tag, _tag(key, list_name, host, recipient, now_quarter - 1))
    return recipient if this or last else None


def probe_token(detail: str) -> str | None:
    """The token of a probe as 40 hex digits in lower case; None: `detail` is something else."""
    if _SHORT_TOKEN.fullmatch(detail):
        return b32decode(detail.upper()).hex()
    return detail.lower() if _TOKEN.fullmatch(detail) else None


def quarter(now: float) -> int:
    """Quarters of a year since the year 0 (UTC). now: Unix seconds."""
    moment = time.gmtime(now)
    return moment.tm_year * 4 + (moment.tm_mon - 1) // 3


def _tag(key: bytes, list_name: str, host: str, recipient: str, of_quarter: int) -> str:
    state = _state(key, list_name, host)
    state.update(f"{address.key_of(recipient)}\0{of_quarter}".encode())
    return base32(state.digest())


def _state(key: bytes, list_name: str, host: str) -> blake2b:
    """The digest of a tag, as far as it is the same for all recipients of a list."""
    if len(key) < _SHORTEST_KEY:
        raise ValueError(f"the key has at least {_SHORTEST_KEY} octets")
    if len(key) > _LONGEST_KEY:
        key = blake2b(key).digest()
    state = blake2b(digest_size=_TAG_OCTETS, key=key, person=b"mlcore verp")
    # NUL separates: it can stand in none of the three.
    state.update(f"{list_name}.{host}\0".lower().encode())
    return state


def base32(octets: bytes) -> str:
    """Octets in base32 (RFC 4648 6), lower case and without padding: 8 characters for 5, 26 for 16."""
    bits = len(octets) * 8
    number = int.from_bytes(octets) << -bits % 10
    pairs = [_PAIRS[number >> shift & 1023] for shift in range(bits - 10 + -bits % 10, -1, -10)]
    return "".join(pairs)[: -(-bits // 5)]
