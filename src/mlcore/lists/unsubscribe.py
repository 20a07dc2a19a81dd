"""The way out of a list that each copy shows its reader: an address, and a page, that know who he is.

A token proves that this list wrote to this address within this quarter of the year or the last one. It is
made when a copy is sent and stored nowhere, so that a post is rendered without a secret."""

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from mlcore.lists.facts import SiteFacts
from mlcore.lists.model import ListPolicy
from mlcore.mail import verp

_OCTETS: Final = 16
LENGTH: Final = 26
"""Characters of a token: 128 bits in base32, lower case."""
_PERSON: Final = b"mlcore unsub"
_LONGEST_KEY: Final = hashlib.blake2b.MAX_KEY_SIZE
_LONGEST_LOCAL_PART: Final = 64
_LONGEST_URI: Final = 900
"""So that a line of it stays within 998 octets (RFC 5322 2.1.1)."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]+@[A-Za-z0-9.-]+")
_IN_ADDRESS: Final = "@!$'*+-.=_~"
_IN_PAGE: Final = ":/?#[]@!$&'()+*,;=%~-._"

_ONE_CLICK: Final = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


def token(key: bytes, list_id: str, address_key: str, now: float) -> str:
    """26 characters of base32 in lower case. key: secret octets of the site; address_key:
    `mail.address.key_of`; now: Unix seconds."""
    return maker(key, list_id, now)(address_key)


def maker(key: bytes, list_id: str, now: float) -> Callable[[str], str]:
    """`token` for many addresses of one list."""
    return _maker(key, list_id, verp.quarter(now))


def verify(given: str, key: bytes, list_id: str, address_key: str, now: float) -> bool:
    """Whether `given`, in whatever case, is the token of this address, of this quarter or the last one."""
    octets, quarter = given.lower().encode("utf-8", "surrogatepass"), verp.quarter(now)
    # Both are always compared, and in constant time: an answer's delay tells nothing of a token.
    this = hmac.compare_digest(octets, _maker(key, list_id, quarter)(address_key).encode())
    last = hmac.compare_digest(octets, _maker(key, list_id, quarter - 1)(address_key).encode())
    return this or last


def template(policy: ListPolicy, site: SiteFacts) -> str:
    """The URIs of the way out, address and token left open as `{address}` and `{token}`: of a mail, and after
    a blank of a page, if there is one. Where no token fits into an address (no delimiter, a long name), it is
    -leave alone."""
    leave = f"{policy.list_name}-leave"
    local_part = quote(leave, safe=_IN_ADDRESS)
    if site.delimiter and len(f"{leave}{site.delimiter}".encode()) + LENGTH <= _LONGEST_LOCAL_PART:
        local_part += quote(site.delimiter, safe=_IN_ADDRESS) + "{token}"
    mail = f"mailto:{local_part}@{quote(policy.mail_host, safe=_IN_ADDRESS)}?subject=unsubscribe"
    # No brace and no blank is left in what was quoted.
    page = quote(site.one_click_url, safe=_IN_PAGE)
    if not page:
        return mail
    joint = "&" if "?" in page else "?"
    return f"{mail} {page}{joint}list={quote(policy.list_id)}&address={{address}}&token={{token}}"


def filled(text: str, address: str, token: str) -> bytes:
    """The complete lines of List-Unsubscribe (RFC 2369), and with a page List-Unsubscribe-Post (RFC 8058).
    text: of `template`; address: whose copy it is. A page too long for a line is left out."""
    mail, _, page = text.replace("{token}", token).partition(" ")
    page = page.replace("{address}", _in_query(address))
    if not page or len(page) > _LONGEST_URI:
        return f"List-Unsubscribe: <{mail}>\r\n".encode()
    return f"List-Unsubscribe: <{page}>,\r\n <{mail}>\r\n{_ONE_CLICK}".encode()


def fields(policy: ListPolicy, site: SiteFacts, address: str, token: str) -> bytes:
    """The same for one copy: what `template` and `filled` give."""
    return filled(template(policy, site), address, token)


def _in_query(address: str) -> str:
    """An address in a query (RFC 3986 3.4): most of them have one sign that is special there."""
    if _PLAIN.fullmatch(address):
        return address.replace("@", "%40")
    return quote(address, safe="", errors="replace")


def _maker(key: bytes, list_id: str, quarter: int) -> Callable[[str], str]:
    if len(key) > _LONGEST_KEY:
        key = hashlib.blake2b(key).digest()
    state = hashlib.blake2b(key=key, digest_size=_OCTETS, person=_PERSON)
    # NUL separates: it can stand in none of them.
    state.update(f"{list_id}\0{quarter}\0".encode("utf-8", "surrogatepass"))

    def make(address_key: str) -> str:
        one = state.copy()
        one.update(address_key.encode("utf-8", "surrogatepass"))
        return verp.base32(one.digest())

    return make
