"""Who sent a post: the addresses that membership is asked for."""

import contextlib

from mlcore.lists import mailboxes
from mlcore.mail import address
from mlcore.mail.address import Address, BadAddress
from mlcore.mail.fields import Fields

_MOST = 50
"""Sender addresses that are looked up: each one costs a row of the database."""


def authors(fields: Fields, reverse_path: str) -> tuple[Address, ...]:
    """The valid addresses of From and the envelope sender, each key once.

    reverse_path: MAIL FROM without brackets; empty is the null sender and gives nothing. At most 50."""
    found = [mailbox for _, mailbox in mailboxes.named(fields, "from", limit=_MOST)]
    if reverse_path:
        # Postfix takes more than we can look up; then the other senders still count.
        with contextlib.suppress(BadAddress):
            found.append(address.parse(reverse_path))
    return _once(found)


def mailboxes_of(fields: Fields, reverse_path: str) -> tuple[Address, ...]:
    """The valid sender addresses, each key once: `authors`, then Reply-To and Sender. At most 50."""
    others = [mailbox for _, mailbox in mailboxes.named(fields, "reply-to", "sender", limit=_MOST)]
    return _once([*authors(fields, reverse_path), *others])


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
