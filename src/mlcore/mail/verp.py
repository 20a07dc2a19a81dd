"""Envelope senders: the one table of addresses under which a list sends, and what comes back to them.

    shared          ant-bounces@host
    VERP, XVERP     ant-bounces+LOCAL=DOMAIN@host          Postfix writes the same with XVERP=+=
    tagged          ant-bounces+LOCAL=DOMAIN=TAG@host      TAG: 8 characters of base32, a keyed digest
    probe           ant-bounces+TOKEN@host                 TOKEN: 40 hex digits, stored with the probe

A valid tag proves that this list wrote to this address within this quarter of the year or the last one; a
report without one may be anybody's. Reports come back in any case, so none of it depends on case."""

import hmac
import re
import time
from base64 import b32encode
from hashlib import blake2b
from typing import Final

from mlcore.mail import address

_LONGEST_LOCAL_PART: Final = 64
_SHORTEST_KEY: Final = 16
_LONGEST_KEY: Final = blake2b.MAX_KEY_SIZE
_TAG_OCTETS: Final = 5
_TAGGED: Final = re.compile(r"(.+=.+)=([A-Za-z2-7]{8})", re.DOTALL)
_TOKEN: Final = re.compile(r"[0-9a-fA-F]{40}")


def bounces(list_name: str, host: str) -> str:
    """The shared envelope sender of a list."""
    return f"{list_name}-bounces@{host}"


def verp(list_name: str, host: str, recipient: str) -> str:
    """The envelope sender that names `recipient`, as XVERP makes it.

    The shared one for a recipient that no dot-atom can hold: a quoted local part, an address literal."""
    local_part, _, domain = recipient.rpartition("@")
    if not local_part or '"' in local_part or domain.startswith("["):
        return bounces(list_name, host)
    return f"{list_name}-bounces+{local_part}={domain}@{host}"


def tagged(list_name: str, host: str, recipient: str, *, key: bytes, now: float) -> str:
    """`verp` with a tag for `recipient`, where the local part stays within 64 octets; else `verp`.

    key: at least 16 secret octets, the site's; now: Unix seconds. Raises ValueError for a shorter key, and
    BadAddress if `recipient` is no address."""
    plain = verp(list_name, host, recipient)
    local_part = plain[: -len(host) - 1]
    if "+" not in local_part or len(local_part.encode()) + 1 + 8 > _LONGEST_LOCAL_PART:
        return plain
    return f"{local_part}={_tag(key, list_name, host, recipient, _quarter(now))}@{host}"


def probe(list_name: str, host: str, token: str) -> str:
    """The envelope sender of a probe. token: 40 hex digits; raises ValueError otherwise."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("the token of a probe is 40 hex digits")
    return f"{list_name}-bounces+{token}@{host}"


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
    quarter = _quarter(now)
    # Both are always computed and compared in constant time: an answer's delay tells nothing of a tag.
    this = hmac.compare_digest(tag, _tag(key, list_name, host, recipient, quarter))
    last = hmac.compare_digest(tag, _tag(key, list_name, host, recipient, quarter - 1))
    return recipient if this or last else None


def probe_token(detail: str) -> str | None:
    """The token of a probe in lower case; None: `detail` is something else."""
    return detail.lower() if _TOKEN.fullmatch(detail) else None


def _quarter(now: float) -> int:
    """Quarters of a year since the year 0 (UTC)."""
    moment = time.gmtime(now)
    return moment.tm_year * 4 + (moment.tm_mon - 1) // 3


def _tag(key: bytes, list_name: str, host: str, recipient: str, quarter: int) -> str:
    if len(key) < _SHORTEST_KEY:
        raise ValueError(f"the key has at least {_SHORTEST_KEY} octets")
    if len(key) > _LONGEST_KEY:
        key = blake2b(key).digest()
    # NUL separates: it can stand in none of the three.
    subject = f"{list_name}.{host}".lower(), address.key_of(recipient), str(quarter)
    digest = blake2b("\0".join(subject).encode(), digest_size=_TAG_OCTETS, key=key, person=b"mlcore verp")
    return b32encode(digest.digest()).decode("ascii").lower()
