"""The fields that tell programs what list this is, how to deal with it, and where its archive is (RFC 2369,
RFC 2919, RFC 5064)."""

import functools
from typing import Final
from urllib.parse import quote

from mlcore.lists import archiving
from mlcore.lists.draft import Draft
from mlcore.lists.facts import ArchiverFacts, RenderFacts
from mlcore.lists.handlers import charset
from mlcore.lists.model import ListPolicy
from mlcore.lists.plain import one_line
from mlcore.mail import message_id, words
from mlcore.mail.fields import Fields

# List-Unsubscribe-Post (RFC 8058) speaks of the List-Unsubscribe it came with, so it goes with it.
_REPLACED: Final = (
    "list-help",
    "list-id",
    "list-owner",
    "list-post",
    "list-subscribe",
    "list-unsubscribe",
    "list-unsubscribe-post",
)
_LONGEST_DESCRIPTION: Final = 255


def handler(draft: Draft, policy: ListPolicy, facts: RenderFacts) -> Draft:
    """The handler rfc-2369: writes List-Help, -Id, -Owner, -Post, -Subscribe and -Unsubscribe at the top, in
    this order, instead of those of another list; above them Archived-At and List-Archive where archivers of
    the list have such pages. With `include_rfc2369_headers` off nothing is touched."""
    if not policy.include_rfc2369_headers:
        return draft
    site = facts.post.site
    archivers = archiving.archivers_for(policy, site)
    fields = _written(draft.fields, policy, archivers, with_post=True)
    if archivers and facts.post.purpose == "post":
        # The one that the handler message-id will write.
        made = message_id.make(facts.post.root, policy.mail_host)
        fields = _with_links(fields, policy, archivers, archiving.identification_of(draft.fields, made))
    return draft.with_fields(fields)


def for_own_mail(draft: Draft, policy: ListPolicy, _facts: RenderFacts) -> Draft:
    """The same for mail that mlcore itself writes about a list: see `reduced`."""
    return draft.with_fields(reduced(draft.fields, policy))


def reduced(fields: Fields, policy: ListPolicy) -> Fields:
    """The fields of mail about a list that is no post, so without List-Post."""
    return _written(fields, policy, (), with_post=False) if policy.include_rfc2369_headers else fields


def _written(
    fields: Fields, policy: ListPolicy, archivers: tuple[ArchiverFacts, ...], *, with_post: bool
) -> Fields:
    own = _own(policy, archivers, with_post)
    fields = fields.remove(*_REPLACED)
    if "list-archive" in own.names():
        fields = fields.remove("list-archive")
    return fields.below(own)


def _with_links(
    fields: Fields, policy: ListPolicy, archivers: tuple[ArchiverFacts, ...], identification: str
) -> Fields:
    """One Archived-At for each archive that has a page for the post (RFC 5064 2)."""
    links = [archiving.permalink(one, policy, identification) for one in archivers]
    if not any(links):
        return fields
    fields = fields.remove("archived-at")
    for link in filter(None, reversed(links)):
        fields = fields.prepend("Archived-At", f"<{link}>".encode())
    return fields


# The same for all mail of a list, and a tenth of the work on a post.
@functools.lru_cache(maxsize=512)
def _own(policy: ListPolicy, archivers: tuple[ArchiverFacts, ...], with_post: bool) -> Fields:
    request = _mailto(policy.sub_address("request"))
    fields = Fields()
    # The last one written stands first.
    fields = fields.prepend("List-Unsubscribe", b"<" + _mailto(policy.sub_address("leave")) + b">")
    fields = fields.prepend("List-Subscribe", b"<" + _mailto(policy.sub_address("join")) + b">")
    if with_post:
        post = b"<" + _mailto(policy.posting_address) + b">" if policy.allow_list_posts else b"NO"
        fields = fields.prepend("List-Post", post)
    fields = fields.prepend("List-Owner", b"<" + _mailto(policy.sub_address("owner")) + b">")
    fields = fields.prepend("List-Id", _list_id(policy))
    fields = fields.prepend("List-Help", b"<" + request + b"?subject=help>")
    # Of such a field there may be one alone (RFC 2369 4).
    pages = [f"<{page}>".encode() for page in (archiving.list_url(one, policy) for one in archivers) if page]
    return fields.prepend("List-Archive", b",\r\n ".join(pages)) if pages else fields


def _mailto(address: str) -> bytes:
    """The URI of an address (RFC 6068): what is special in URIs, or not ASCII, is percent-encoded."""
    return b"mailto:" + quote(address, safe="@!$'*+-.=_~").encode()


def _list_id(policy: ListPolicy) -> bytes:
    """`description <name.host>`, or the identifier alone (RFC 2919 3). Only the description's first line."""
    identifier = b"<" + policy.list_id.encode() + b">"
    lines = policy.description.strip().splitlines()
    if not lines:
        return identifier
    shown = one_line(lines[0] + (" [...]" if len(lines) > 1 else ""), _LONGEST_DESCRIPTION)
    name = words.phrase(shown, charset.chosen(shown, policy.charset), first_column=len("List-Id: "))
    return words.with_address(name, identifier, first_column=len("List-Id: "))
