"""Puts the list's header and footer around a post."""

import functools
import re
from typing import Final

from mlcore.lists import decoration
from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts, SiteFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.placeholders import of_list
from mlcore.mail import mime
from mlcore.texts.expand import expand

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_SHORT: Final = 10_000
"""Characters of a text that is kept when it was filled in."""
_BOUNDARY: Final = 1
"""Number of the boundary of a new container; that of the content filter is another."""


def handler(draft: Draft, policy: ListPolicy, facts: RenderFacts) -> Draft:
    """The draft with both texts, their placeholders filled in (`lists.decoration` says where they go); this
    very draft if they are empty or blank. A message of too many parts is not taken apart but wrapped."""
    if not facts.header and not facts.footer:
        return draft
    site = facts.post.site
    header, footer = (
        (_known if len(template) <= _SHORT else _filled)(template, policy, site, facts.base_url)
        for template in (facts.header, facts.footer)
    )
    if not header and not footer:
        return draft
    try:
        message = draft.part()
    except mime.TooComplex:
        message = mime.made(draft.fields, draft.body)
    root = facts.post.root
    return draft.with_part(
        decoration.around(message, header, footer, policy=policy, root=root, number=_BOUNDARY)
    )


# The same for all posts of a list.
@functools.lru_cache(maxsize=512)
def _known(template: str, policy: ListPolicy, site: SiteFacts, base_url: str) -> str:
    return _filled(template, policy, site, base_url)


def _filled(template: str, policy: ListPolicy, site: SiteFacts, base_url: str) -> str:
    """Lines with LF, none at the end; empty if there is nothing to see in them."""
    text = expand(template, of_list(policy, site, base_url)) if template else ""
    text = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text.rstrip("\n") if text.strip() else ""
