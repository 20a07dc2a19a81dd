"""The posts of a digest, each taken apart as far as its header section."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from mlcore.lists import mailboxes
from mlcore.lists.digests.model import Item
from mlcore.lists.handlers import subject_prefix
from mlcore.lists.model import ListPolicy
from mlcore.lists.plain import one_line
from mlcore.mail import fields
from mlcore.mail.fields import Fields
from mlcore.mail.lines import normalise

_READ: Final = 2_048
"""Octets of a field that are read to show it among the topics."""
_LONGEST: Final = 254


class Post(NamedTuple):
    """One post. position: in the digest, from 1 on; body: octets behind the empty line."""

    position: int
    fields: Fields
    body: bytes


def taken_apart(items: Sequence[Item]) -> tuple[Post, ...]:
    """The posts in their order."""
    return tuple(
        [Post(position, *fields.split(normalise(item.octets))) for position, item in enumerate(items, 1)]
    )


def subject(post: Post, policy: ListPolicy, no_subject: str) -> str:
    """The subject without the list's prefix, on one line of at most 254 characters; never empty."""
    said = one_line(post.fields.beginning("subject", _READ), _LONGEST)
    return subject_prefix.bare(said, policy, no_subject)


def author(post: Post) -> str:
    """The name in From, else the address, else what stands there, as `subject` has it; empty: nothing."""
    named = mailboxes.named(post.fields, "from", limit=1)
    if named:
        name, address = named[0]
        return one_line(name, _LONGEST) or str(address)
    return one_line(post.fields.beginning("from", _READ), _LONGEST)
