"""Answers to a digest under its own subject, or with all of it behind them."""

import re
from functools import lru_cache
from typing import AnyStr, Final

from mlcore.lists import placeholders, structure
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, SiteFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Hit
from mlcore.texts.expand import expand

_SUBJECT: Final = re.compile(
    r"(?: Digest, Vol [0-9]{1,9}, Issue [0-9]{1,9}| ダイジェスト 第[0-9]{1,9}巻 第[0-9]{1,9}号)\s*\Z"
)
_QUOTING: Final = re.compile(r"[>|＞]")
_WORD: Final = re.compile(r"[A-Za-z]+")
_LOOKED_AT: Final = 262_144
"""Octets of one part."""


def rule(draft: Draft, policy: ListPolicy, facts: PostFacts) -> Hit | None:
    """Hits where the site has `hold_digest` and Subject ends like that of a digest, or `masthead_threshold`
    lines of what digests of this list begin with, in any language, stand in the text/plain parts: quoted or
    not, and however they were broken anew."""
    site = facts.site
    if not site.hold_digest:
        return None
    if _SUBJECT.search(draft.fields.text("subject") or ""):
        return Hit("digests", Reason("Message has a digest subject"))
    texts = list(structure.plain_texts(draft, deep=True))
    octets = b"\n".join(text.octets for text in texts)
    near = [
        lines for lines, words in _mastheads(policy, site) if _holds(octets, words, site.masthead_threshold)
    ]
    if near:
        bare = _bare("\n".join(text.text(_LOOKED_AT) for text in texts))
        if any(_holds(bare, lines, site.masthead_threshold) for lines in near):
            return Hit("digests", Reason("Message quotes digest boilerplate"))
    return None


def _bare(text: str) -> str:
    """Without blanks, line ends and marks of quoting: where mailers break lines does not matter, and Japanese
    has no blanks there."""
    return _QUOTING.sub("", "".join(text.split()))


@lru_cache(maxsize=64)
def _mastheads(policy: ListPolicy, site: SiteFacts) -> tuple[tuple[tuple[str, ...], tuple[bytes, ...]], ...]:
    """Of each masthead, as digests of this list have it, the lines with text, bare; and of each of these the
    longest ASCII word, which stands unbroken wherever the line does, in nearly every charset."""
    values = placeholders.of_list(policy, site)
    found = []
    for masthead in site.mastheads:
        lines = dict.fromkeys(line for line in expand(masthead, values).split("\n") if _bare(line))
        words = tuple(max(_WORD.findall(line), key=len, default="").encode() for line in lines)
        found.append((tuple(map(_bare, lines)), words))
    return tuple(found)


def _holds(text: AnyStr, lines: tuple[AnyStr, ...], wanted: int) -> bool:
    """Whether `wanted` of the lines are there; given up as soon as too few are left."""
    found = 0
    for left, line in zip(range(len(lines), 0, -1), lines, strict=True):
        if found + left < wanted:
            return False
        found += line in text
    return found >= wanted
