"""What the spam filter before mlcore thinks of a message."""

import re
from collections.abc import Iterator
from typing import Final

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Hit, Terminal
from mlcore.mail import charsets
from mlcore.mail.fields import Fields

_NUMBER: Final = r"([+-]?[0-9]{1,6}(?:\.[0-9]{1,6})?)(?![0-9.])"
_SCORES: Final = {
    "x-spam-status": re.compile(rf"\b(?:score|hits)\s?=\s?{_NUMBER}", re.IGNORECASE),  # SpamAssassin
    "x-spam-score": re.compile(rf"\A{_NUMBER}"),  # Exim, amavis, rspamd
    "x-rspamd-score": re.compile(rf"\A{_NUMBER}"),
    "x-spamd-result": re.compile(rf"\[\s?{_NUMBER}\s?/"),  # rspamd
}
_LOOKED_AT: Final = 1_000
"""Characters of one field: the score stands at its beginning."""


def rule(draft: Draft, policy: ListPolicy, _facts: PostFacts) -> Hit | None:
    """Hits with `discard` from `spam_discard_score` on, and with `hold` from `spam_hold_score` on; 0 is off.

    The highest score in any field counts: who adds one of his own can only harm himself."""
    hold, discard = policy.spam_hold_score, policy.spam_discard_score
    if not hold and not discard:
        return None
    score = max(_scores(draft.fields), default=None)
    if score is None:
        return None
    if discard and score >= discard:
        return _hit(discard, "discard")
    if hold and score >= hold:
        return _hit(hold, "hold")
    return None


def _hit(limit: float, action: Terminal) -> Hit:
    return Hit("spam-score", Reason("The message has a spam score of {} or more", f"{limit:g}"), action)


def _scores(fields: Fields) -> Iterator[float]:
    for name, pattern in _SCORES.items():
        for body in fields.all(name):
            found = pattern.search(charsets.guess(body[:_LOOKED_AT]))
            if found is not None:
                yield float(found[1])
