"""What notices say: the only place with their words, so that other languages and texts of a site can come
in here without a change elsewhere."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from mlcore.lists.model import ListPolicy
from mlcore.lists.plain import one_line

_LONGEST: Final = 254


class Text(NamedTuple):
    """subject: one line, not encoded yet; body: lines that end in a line feed, any characters."""

    subject: str
    body: str


_NEW_LIST: Final = Text(
    "Your new mailing list: {listname}",
    """\
The mailing list {listname} has just been made,
and you are one of its owners.

  Address for posts:        {listname}
  Address of the owners:    {owner_email}
  Identifier (List-Id):     {list_id}

Mail to the address of the owners comes to you. Questions about the list
server itself go to {site_email}.
""",
)
_WELCOME: Final = Text(
    'Welcome to the "{display_name}" mailing list',
    """\
You are now a member of the mailing list "{display_name}".

{delivery}
{posting}
Whoever wants to leave the list, or has a question about it, writes to its
owners:

  {owner_email}

This message was sent to {member_email}.
""",
)
_DIGEST_MARK: Final = " (Digest mode)"
_GOODBYE: Final = Text(
    "You have been unsubscribed from the {display_name} mailing list",
    """\
{member_email} is no longer a member of the mailing list
"{display_name}" ({listname}).

If this is a surprise to you, write to the owners of the list:

  {owner_email}
""",
)
_ADMIN_SUBSCRIBE: Final = Text(
    "{display_name} subscription notification",
    """\
{member}
is now a member of the mailing list {listname}.
""",
)
_ADMIN_UNSUBSCRIBE: Final = Text(
    "{display_name} unsubscription notification",
    """\
{member}
is no longer a member of the mailing list {listname}.
""",
)
_TEXTS: Final[Mapping[str, Text]] = {
    "new-list": _NEW_LIST,
    "welcome": _WELCOME,
    "goodbye": _GOODBYE,
    "admin-subscribe": _ADMIN_SUBSCRIBE,
    "admin-unsubscribe": _ADMIN_UNSUBSCRIBE,
}
_REGULAR: Final = "Each post will reach you as it comes.\n"
_DIGEST: Final = "Posts will reach you collected in digests.\n"
_POSTING: Final = """\
To write to all members, send mail to:

  {listname}
"""
_ANNOUNCES: Final = "This list only sends news; it takes no posts from its members.\n"


def text_of(
    kind: str, policy: ListPolicy, *, address: str, display_name: str, digest: bool, site_owner: str
) -> Text:
    """The words of one notice (`lists.notices.Kind`), in English.

    address, display_name: the person it is about; digest: whether posts come to that member in digests.
    Values stand on one line each (P9) and are not read as templates. Raises KeyError for an unknown kind."""
    name = one_line(display_name, _LONGEST)
    values = {
        "listname": policy.posting_address,
        "list_id": policy.list_id,
        "display_name": one_line(policy.display_name, _LONGEST),
        "owner_email": policy.sub_address("owner"),
        "site_email": one_line(site_owner, _LONGEST) or policy.sub_address("owner"),
        "member_email": one_line(address, _LONGEST),
        "member": f"{name} <{one_line(address, _LONGEST)}>" if name else one_line(address, _LONGEST),
        "delivery": _DIGEST if digest else _REGULAR,
        "posting": _POSTING.format(listname=policy.posting_address)
        if policy.allow_list_posts
        else _ANNOUNCES,
    }
    subject, body = _TEXTS[kind]
    if kind == "welcome" and digest:
        subject += _DIGEST_MARK
    return Text(subject.format(**values), body.format(**values))
