"""The grammar of a list's addresses: `name@host`, `name-purpose@host`, `name-purpose+detail@host`.

Eight tails have a meaning. There is no address of the site, and no `-admin`."""

from typing import Final, NamedTuple

from mlcore.lists.directory import Purpose
from mlcore.mail.address import BadAddress, parse

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

_WITH_DETAIL: Final = frozenset({"bounces", "confirm"})


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
