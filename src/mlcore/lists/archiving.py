"""Which archivers get a post, and where it can be found there: known beforehand, without asking anybody."""

import functools
import hashlib
import re
from base64 import b32encode
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

from mlcore.lists.facts import ArchiverFacts, SiteFacts
from mlcore.lists.model import ArchivePolicy, ListPolicy
from mlcore.mail import date, message_id
from mlcore.mail.fields import Fields
from mlcore.texts.expand import expand

_IDENTIFICATION: Final = re.compile(r"<[!-;=?-~]{1,254}>")
"""A Message-ID that every reader of the field makes the same of; HyperKitty cuts longer ones."""
_LONGEST_URL: Final = 800
"""Octets: a line of a header section has 998 at the most (RFC 5322 2.1.1)."""
_ADDRESS_SAFE: Final = "@!$'*+-.=_~"
_REFUSED: Final = "no"


def archivers_for(
    policy: ListPolicy, site: SiteFacts, fields: Fields | None = None
) -> tuple[ArchiverFacts, ...]:
    """Who gets the posts of a list, in order: all archivers of the site but for those that the list has
    switched off, and that only take posts of lists with a public archive. Nobody with `archive_policy` never.

    fields: of one post; empty then where its author wants it kept nowhere (`wants_none`)."""
    if not site.archivers or policy.archive_policy is ArchivePolicy.NEVER:
        return ()
    if fields is not None and wants_none(fields):
        return ()
    public = policy.archive_policy is ArchivePolicy.PUBLIC
    return tuple(
        [
            one
            for one in site.archivers
            if one.name not in policy.disabled_archivers and (public or not one.public_only)
        ]
    )


def wants_none(fields: Fields) -> bool:
    """Whether the author says `X-No-Archive:`, whatever stands behind it, or `X-Archive: no`."""
    names = fields.names()
    if "x-no-archive" in names:
        return True
    return "x-archive" in names and fields.beginning("x-archive", 100).strip().lower() == _REFUSED


def list_url(archiver: ArchiverFacts, policy: ListPolicy) -> str:
    """The page of a list at an archiver (List-Archive, RFC 2369 3.6); empty: there is none. Printable ASCII
    without angle brackets, at most 800 octets."""
    page = _PAGES.get(archiver.kind)
    return _printable(page(_base(archiver, policy), policy)) if page and archiver.base_url else ""


def permalink(archiver: ArchiverFacts, policy: ListPolicy, identification: str) -> str:
    """The page of one post (RFC 5064); empty: there is none, or nobody can know where. As `list_url`.

    identification: its Message-ID with brackets; the page of an odd one is not foretold, as readers of the
    field differ about it."""
    if archiver.kind != "hyperkitty" or not _IDENTIFICATION.fullmatch(identification):
        return ""
    page = list_url(archiver, policy)
    return _printable(f"{page}message/{hash_of(identification)}/") if page else ""


def hash_of(identification: str) -> str:
    """`Message-ID-Hash`, by which HyperKitty knows a post: 32 characters. identification: ASCII, with
    brackets."""
    bare = identification.removeprefix("<").removesuffix(">").encode("ascii")
    # A name, and no protection: HyperKitty has it so.
    return b32encode(hashlib.sha1(bare, usedforsecurity=False).digest()).decode("ascii")


def placeholders(policy: ListPolicy, site: SiteFacts, identification: str) -> dict[str, str]:
    """`hyperkitty_url` and so on → the page of a post, for its header and footer. One for each archiver that
    gets posts of the list, empty where it has no page for them; none where the site has no archivers.

    identification: see `identification_of`."""
    return {
        f"{one.name.replace('-', '_')}_url": permalink(one, policy, identification)
        for one in archivers_for(policy, site)
    }


def identification_of(fields: Fields, made: str = "") -> str:
    """The Message-ID that a post is found by in archives; empty where its author wants it kept nowhere.

    made: the one that it will get if it has none."""
    if wants_none(fields):
        return ""
    return message_id.of(fields) if "message-id" in fields.names() else made


def dated(fields: Fields, arrived_at: float, mode: str, skew_s: float) -> Fields:
    """The fields under which a copy is kept. Their Date becomes the time of arrival (Unix seconds), and the
    old one X-Original-Date: with mode `always`, and with `maybe` where it is off by more than `skew_s`
    seconds or cannot be read. With `never` too a Date is added where there is none."""
    found = fields.first("date")
    arrival = date.format(arrived_at).encode()
    if found is None:
        return fields.prepend("Date", arrival)
    if mode == "never" or (mode == "maybe" and _is_near(fields, arrived_at, skew_s)):
        return fields
    fields = fields.remove("x-original-date").replace("Date", arrival)
    return fields.append("X-Original-Date", found)


def _is_near(fields: Fields, arrived_at: float, skew_s: float) -> bool:
    written = date.parse(fields.beginning("date", 300))
    return written is not None and abs(written - arrived_at) <= skew_s


# The same for all posts of a list.
@functools.lru_cache(maxsize=1024)
def _base(archiver: ArchiverFacts, policy: ListPolicy) -> str:
    return expand(archiver.base_url, url_names(policy))


def url_names(policy: ListPolicy) -> dict[str, str]:
    """What may stand in the address of an archive, by placeholder, percent-encoded (RFC 3986 2.1)."""
    address = quote(policy.posting_address, safe=_ADDRESS_SAFE)
    host = quote(policy.mail_host, safe=_ADDRESS_SAFE)
    return {
        "fqdn_listname": address,
        "listname": address,
        "list_id": quote(policy.list_id, safe=_ADDRESS_SAFE),
        "list_name": quote(policy.list_name, safe=_ADDRESS_SAFE),
        "mail_host": host,
        "hostname": host,
        "domain": host,
    }


def _hyperkitty(base: str, policy: ListPolicy) -> str:
    return f"{base.rstrip('/')}/list/{quote(policy.posting_address, safe=_ADDRESS_SAFE)}/"


def _mail_archive(base: str, policy: ListPolicy) -> str:
    return f"{base.rstrip('/')}/{quote(policy.posting_address, safe=_ADDRESS_SAFE)}/"


_PAGES: Final[Mapping[str, Callable[[str, ListPolicy], str]]] = MappingProxyType(
    {
        "hyperkitty": _hyperkitty,
        "mail_archive": _mail_archive,
        # Its own address says where.
        "mhonarc": lambda base, _policy: base,
    }
)


def _printable(url: str) -> str:
    """P9: what could end a field, or the brackets around an address in it, is no address at all."""
    fits = url.isascii() and url.isprintable() and len(url) <= _LONGEST_URL
    return url if fits and not any(sign in url for sign in ' <>"') else ""
