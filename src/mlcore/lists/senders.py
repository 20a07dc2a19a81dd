"""Who sent a post: the addresses that membership is asked for."""

import contextlib
from collections.abc import Collection
from typing import Final

from mlcore.lists import mailboxes
from mlcore.mail import address
from mlcore.mail.address import Address, BadAddress
from mlcore.mail.fields import Fields

_OTHERS: Final = frozenset({"reply-to", "sender"})
_ALL: Final = _OTHERS | {"from", "from_"}
_MOST: Final = 50
"""Sender addresses that are looked up: each one costs a row of the database."""


def authors(fields: Fields, reverse_path: str) -> tuple[Address, ...]:
    """The valid addresses of From and the envelope sender, each key once.

    reverse_path: MAIL FROM without brackets; empty is the null sender and gives nothing. At most 50."""
    return _once([*_named(fields, "from"), *_of_envelope(reverse_path)])


def mailboxes_of(fields: Fields, reverse_path: str) -> tuple[Address, ...]:
    """The valid sender addresses, each key once: `authors`, then Reply-To and Sender. At most 50."""
    return all_of(_named(fields, "from"), fields, reverse_path)


def all_of(written: list[Address], fields: Fields, reverse_path: str) -> tuple[Address, ...]:
    """The same where the addresses of From (`written_in`) are known already."""
    return _once([*written, *_of_envelope(reverse_path), *_named(fields, "reply-to", "sender")])


def written_in(fields: Fields) -> list[Address]:
    """The valid addresses of From, in order. At most 50."""
    return _named(fields, "from")


def silent(
    senders: Collection[Address],
    names: Collection[str],
    written: list[Address],
    fields: Fields,
    reverse_path: str,
) -> frozenset[str]:
    """Keys of those senders that stand in none of the fields `names` (`from_` is the envelope): what they are
    to a list lets no post in.

    Anybody can write any address into any of the four. But many servers refuse what forges From (DMARC) or
    the envelope (SPF); of Reply-To and Sender nobody asks who wrote them."""
    if len(_ALL.intersection(names)) == len(_ALL):
        return frozenset()
    heard: list[Address] = []
    if "from" in names:
        heard += written
    if "from_" in names:
        heard += _of_envelope(reverse_path)
    heard += _named(fields, *_OTHERS.intersection(names))
    return frozenset(one.key for one in senders) - {one.key for one in heard}


def _named(fields: Fields, *names: str) -> list[Address]:
    return [mailbox for _, mailbox in mailboxes.named(fields, *names, limit=_MOST)]


def _of_envelope(reverse_path: str) -> list[Address]:
    # Postfix takes more than we can look up; then the other senders still count.
    with contextlib.suppress(BadAddress):
        return [address.parse(reverse_path)] if reverse_path else []
    return []


def _once(found: list[Address]) -> tuple[Address, ...]:
    by_key: dict[str, Address] = {}
    for mailbox in found:
        by_key.setdefault(mailbox.key, mailbox)
    return tuple(by_key.values())[:_MOST]


def senders(fields: Fields, reverse_path: str) -> tuple[str, ...]:
    """The sender addresses as spelt, in the order of `mailboxes_of`; the first one is the sender."""
    return tuple(str(mailbox) for mailbox in mailboxes_of(fields, reverse_path))


def keys(fields: Fields, reverse_path: str) -> tuple[str, ...]:
    """The keys of the sender addresses, for the look-up of memberships; in the order of `senders`."""
    return tuple(mailbox.key for mailbox in mailboxes_of(fields, reverse_path))
