"""The grammar of a list's addresses: `name@host`, `name-purpose@host`, `name-purpose+detail@host`.

Eight tails have a meaning; there is no `-admin`. In each domain with lists some names belong to the site."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from mlcore.lists.directory import Purpose
from mlcore.mail.address import BadAddress, key_of, parse

PURPOSES: Final[dict[str, Purpose]] = {
    "bounces": "bounces",
    "confirm": "confirm",
    "join": "join",
    "leave": "leave",
    "owner": "owner",
    "request": "request",
    "subscribe": "join",
    "unsubscribe": "leave",
}
"""What stands behind the last hyphen, lower case, and what it means."""

_WITH_DETAIL: Final = frozenset({"bounces", "confirm", "leave"})


class Candidate(NamedTuple):
    """One way to read an address; it holds if `list_name@mail_host` is a list. Names are lower case, the
    domain in A-labels; detail: spelling kept, empty where the purpose takes none."""

    list_name: str
    mail_host: str
    purpose: Purpose
    detail: str


def candidates(address: str, delimiter: str = "+") -> tuple[Candidate, ...]:
    """The ways to read `address` (local@domain), in the order to be tried: the first that names a list holds.

    The local part is cut at the first `delimiter` (empty: never cut; RFC 5233 calls the rest a detail).
    Then the whole is a posting address, so that a list may be called `ant-owner`, else what stands before
    the last hyphen is the list and what stands behind it the purpose. At most 2; none for what is no
    address."""
    try:
        parsed = parse(address)
    except BadAddress:
        return ()
    local_part, detail = parsed.local_part, ""
    if delimiter:
        local_part, _, detail = local_part.partition(delimiter)
    name = local_part.lower()
    if not name:
        return ()
    mail_host = parsed.key.rpartition("@")[2]
    posting = Candidate(name, mail_host, "post", "")
    head, _, tail = name.rpartition("-")
    purpose = PURPOSES.get(tail)
    if purpose is None or not head:
        return (posting,)
    return posting, Candidate(head, mail_host, purpose, detail if purpose in _WITH_DETAIL else "")


class SiteNames(NamedTuple):
    """What the addresses of the site are called in each domain. name, noreply: local parts in lower case,
    empty: there is none; owner: the key of site_owner, an address that somebody else has to take care of."""

    name: str = ""
    noreply: str = ""
    owner: str = ""

    def addresses(self, host: str) -> Mapping[str, Purpose]:
        """What each local part is for at `host` (lower case, A-labels). The address of the site owner is not
        among them: his mail must reach him, and not come back to us."""
        found: dict[str, Purpose] = {}
        if self.noreply:
            found[self.noreply] = "discard"
        if self.name:
            found |= {f"{self.name}{tail}": purpose for tail, purpose in _SITE_PURPOSES.items()}
        return {name: purpose for name, purpose in found.items() if f"{name}@{host}" != self.owner}

    @property
    def reserved(self) -> frozenset[str]:
        """Names that no list may have: it would take the place of an address of the site."""
        return frozenset(self._replace(owner="").addresses(""))


_SITE_PURPOSES: Final[Mapping[str, Purpose]] = {
    "": "owner",
    "-owner": "owner",
    "-request": "request",
    "-bounces": "discard",
}


NO_SITE: Final = SiteNames()


def site_names(name: str, noreply: str, site_owner: str) -> SiteNames:
    """As they are configured: site_list_name, noreply_address and site_owner, in any case."""
    try:
        owner = key_of(site_owner)
    except BadAddress:
        owner = ""
    return SiteNames(name.lower(), noreply.lower(), owner)


def site_candidate(address: str, names: SiteNames, delimiter: str = "+") -> Candidate | None:
    """How `address` is read as one of the site, with no list_name; None: it is none. It holds if its
    mail_host is a domain here, and no list is called so."""
    try:
        local_part, _, host = key_of(address).rpartition("@")
    except BadAddress:
        return None
    known = names.addresses(host)
    cut = local_part.partition(delimiter)[0] if delimiter else local_part
    purpose = known.get(local_part) or known.get(cut)
    return None if purpose is None else Candidate("", host, purpose, "")
