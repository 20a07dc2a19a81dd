"""Lists that share posts: whose members get a post as well, and whose have it already (pure)."""

from collections.abc import Collection
from typing import Final

from mlcore.lists import mailboxes
from mlcore.lists.draft import Draft
from mlcore.lists.model import ListPolicy
from mlcore.mail.fields import Fields

_MOST: Final = 50
"""Delivered-To fields that are looked at: whoever writes them could add thousands, each a look-up."""


def included(draft: Draft, policy: ListPolicy) -> tuple[str, ...]:
    """Those of `regular_include_lists` whose members get this post too, keys, each once, in their order.

    A list that stands in To or Cc (first 1,000 addresses) gets the post itself; and the list is not its own
    sibling."""
    if not policy.regular_include_lists:
        return ()
    addressed = _addressed(draft) | {policy.posting_address}
    return tuple(key for key in dict.fromkeys(policy.regular_include_lists) if key not in addressed)


def excluded(draft: Draft, policy: ListPolicy) -> tuple[str, ...]:
    """Those of `regular_exclude_lists` that stand in To or Cc, so that their members have this post from
    there; otherwise as `included`."""
    if not policy.regular_exclude_lists:
        return ()
    addressed = _addressed(draft) - {policy.posting_address}
    return tuple(key for key in dict.fromkeys(policy.regular_exclude_lists) if key in addressed)


def came_through(fields: Fields, hosts: Collection[str] = ()) -> tuple[str, ...]:
    """Keys of the addresses in Delivered-To fields (RFC 9228): the lists that a post came through, and
    whatever else its senders write there. Each once, the latest first, of the first 50.

    hosts: domains in lower case to look at alone; empty: all."""
    found = mailboxes.named(fields, "delivered-to", limit=_MOST)
    keys = dict.fromkeys(mailbox.key for _, mailbox in found)
    return tuple(key for key in keys if not hosts or key.rpartition("@")[2] in hosts)


def _addressed(draft: Draft) -> set[str]:
    return {mailbox.key for _, mailbox in mailboxes.named(draft.fields, "to", "cc")}
