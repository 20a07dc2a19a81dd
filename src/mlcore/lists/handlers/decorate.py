"""Puts the list's header and footer around a post."""

import functools
from collections.abc import Mapping
from typing import Final

from mlcore.lists import archiving, decoration, personal
from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts, SiteFacts
from mlcore.lists.model import ListPolicy, Personalization
from mlcore.lists.personal import Words
from mlcore.lists.placeholders import of_list
from mlcore.mail import mime
from mlcore.texts.expand import expand

_SHORT: Final = 10_000
"""Characters of a text that is kept when it was filled in."""
_PAGE: Final = "_url"
"""How the placeholders of the pages of a post in archives end."""
_BOUNDARY: Final = 1
"""Number of the boundary of a new container; that of the content filter is another."""


def handler(draft: Draft, policy: ListPolicy, facts: RenderFacts) -> Draft:
    """The draft with both texts, their placeholders filled in (`lists.decoration` says where they go); this
    very draft if they are empty or blank. A message of too many parts is not taken apart but wrapped.

    On a list that sends personal copies, texts with placeholders of the reader become slots."""
    if not facts.header and not facts.footer:
        return draft
    header, footer = (_words(text, draft, policy, facts) for text in (facts.header, facts.footer))
    if not header.text and not footer.text:
        return draft
    try:
        message = draft.part()
    except mime.TooComplex:
        message = mime.made(draft.fields, draft.body)
    part, slots = decoration.with_words(
        message, header, footer, policy=policy, root=facts.post.root, number=_BOUNDARY
    )
    return draft.with_part(part, draft.slots + slots)


def _words(text: str, draft: Draft, policy: ListPolicy, facts: RenderFacts) -> Words:
    if not text:
        return personal.NOTHING
    site = facts.post.site
    is_personal = policy.personalize is not Personalization.NONE and personal.is_personal(text)
    pages: dict[str, str] = {}
    if site.archivers and _PAGE in text:
        pages = archiving.placeholders(policy, site, archiving.identification_of(draft.fields))
    if pages or len(text) > _SHORT:
        filled = _filled(text, of_list(policy, site, facts.base_url) | pages, is_personal)
    else:
        filled = _known(text, policy, site, facts.base_url, is_personal)
    return personal.words(filled, draft.recipients, facts.addressees) if is_personal else Words(filled)


# The same for all posts of a list.
@functools.lru_cache(maxsize=512)
def _known(text: str, policy: ListPolicy, site: SiteFacts, base_url: str, is_personal: bool) -> str:
    return _filled(text, of_list(policy, site, base_url), is_personal)


def _filled(text: str, values: Mapping[str, str], is_personal: bool) -> str:
    """Lines with LF, none at the end; empty if there is nothing to see in them. Of a personal text still a
    template."""
    if is_personal:
        return personal.template(text, values)
    filled = personal.plain(expand(text, values))
    return filled if filled.strip() else ""
