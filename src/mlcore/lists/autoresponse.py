"""What a list answers by itself to everybody who writes to it, to its owners, or to -request."""

from typing import Final, Literal

from mlcore.lists import robots
from mlcore.lists.model import ListPolicy, ResponseAction
from mlcore.mail.fields import Fields

Kind = Literal["owner", "postings", "requests"]

_DAY_S: Final = 86_400


def action(policy: ListPolicy, kind: Kind) -> ResponseAction:
    """Whether the list answers, and what then becomes of the mail."""
    if kind == "owner":
        return policy.autorespond_owner
    return policy.autorespond_postings if kind == "postings" else policy.autorespond_requests


def text(policy: ListPolicy, kind: Kind) -> str:
    """What it answers, with placeholders; empty: nothing."""
    if kind == "owner":
        return policy.autoresponse_owner_text
    return policy.autoresponse_postings_text if kind == "postings" else policy.autoresponse_request_text


def ends(policy: ListPolicy, kind: Kind) -> bool:
    """Whether such mail goes no further, answered or not."""
    return action(policy, kind) is ResponseAction.RESPOND_AND_DISCARD


def wanted(policy: ListPolicy, fields: Fields, kind: Kind, reverse_path: str) -> bool:
    """Whether an answer is due, as far as the mail itself tells: the list has words for it, and no program
    wrote the mail (`robots.is_robot`, P18). How often anybody gets one is for others to count.

    fields: of the mail; reverse_path: MAIL FROM without brackets. Costs nothing where the list does not
    answer. Never raises."""
    if action(policy, kind) is ResponseAction.NONE or not text(policy, kind).strip():
        return False
    return not robots.is_robot(fields, reverse_path)


def asks_always(fields: Fields) -> bool:
    """Whether the author asks for an answer though he has had one (`X-Ack: yes`)."""
    return robots.wants_answer(fields)


def is_due(grace_s: int, last_at: float, now: float) -> bool:
    """Whether a person who got such an answer at `last_at` gets another one now; both Unix seconds.

    Whole days of grace are counted by date (UTC): one of seven days on Monday at noon is followed by one from
    the next Monday on. A shorter grace counts in seconds; 0: always, also where a later mail was answered
    before this one."""
    if not grace_s:
        return True
    if grace_s < _DAY_S:
        return last_at + grace_s <= now
    return last_at // _DAY_S + grace_s // _DAY_S <= now // _DAY_S
