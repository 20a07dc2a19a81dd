"""Joining and leaving: what comes next, by the policy of the list and by who has consented already.

A person shows that an address is his, and that he wants it, by answering one mail; a moderator consents
where the policy asks for it. Limits here keep anybody from using the site to flood a third person."""

import enum
import re
from typing import Final, NamedTuple

from mlcore.lists.model import ListPolicy, SubscriptionPolicy

CONFIRMATIONS_PER_LIST_AND_HOUR: Final = 100
"""To strangers. A list that is announced at a conference does not reach it; a list that is misused costs its
site a hundred mails, and no more."""
CONFIRMATIONS_PER_SITE_AND_HOUR: Final = 1_000
"""To strangers. What a site with hundreds of lists may need on a busy day, and too little to be worth a flood
of mail or the good name of its addresses."""
NOTICES_PER_LIST_AND_HOUR: Final = 60
"""To moderators, that a request waits. Who gets more has long seen that there are many; the reminder names
the rest."""
ANSWERS_PER_LIST_AND_HOUR: Final = 100
"""To strangers, about posts that are held or rejected, and as many about commands: what a busy list needs,
while a wave of spam in others' names costs those others a hundred mails, and no more."""
ANSWERS_PER_SITE_AND_HOUR: Final = 1_000
"""The same of all lists together."""
CHANGES_PER_DAY: Final = 3
"""How often mail alone, in the name of somebody who is known here, makes him a member of any lists that are
open, or ends his membership of one; then he is asked. Each change may send him a welcome or a goodbye."""
HOUR_S: Final = 3_600.0
DAY_S: Final = 86_400.0

_ONE_MAILBOX: Final = frozenset({"gmail.com", "googlemail.com"})
"""Where dots in the local part mean nothing, and both domains are one."""
_NEEDS_NO_QUOTES: Final = re.compile(r"""[^\s"(),:;<>@\[\]\\]+""")


class Outcome(enum.StrEnum):
    """What came of a request to join or to leave, or of an answer to one."""

    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    CONFIRMATION_SENT = "confirmation-sent"
    INVITED = "invited"
    WAITS_FOR_MODERATOR = "waits-for-moderator"
    ALREADY_MEMBER = "already-member"
    NOT_MEMBER = "not-member"
    BANNED = "banned"
    PENDING = "pending"
    """The same was asked for before, and is open."""
    OF_LIST = "of-list"
    """An address that a list reads itself."""
    TOO_MANY = "too-many"
    """This person, list or site has had as many confirmations as it may."""
    REJECTED = "rejected"
    DISCARDED = "discarded"


class Lives(NamedTuple):
    """How long what may stay open, in seconds, and how often one person is asked within 24 hours."""

    subscriber_s: float = 3 * DAY_S
    moderator_s: float = 180 * DAY_S
    confirmations_per_day: int = 3


class Step(enum.StrEnum):
    """What comes next."""

    CONFIRM = "confirm"
    """The person is asked by mail."""
    MODERATE = "moderate"
    """It waits for a moderator."""
    DO = "do"
    """Everybody has consented."""


def join_step(
    policy: ListPolicy,
    *,
    verified: bool = False,
    confirmed: bool = False,
    approved: bool = False,
    invitation: bool = False,
) -> Step:
    """What comes next for somebody who may become a member and is none.

    verified: the address was shown to be his, once; confirmed: he wants this; approved: a moderator does, as
    with an invitation. Who has answered the mail is verified and confirmed."""
    asks = policy.subscription_policy
    if not verified or (not confirmed and (invitation or asks in _CONFIRMED)):
        return Step.CONFIRM
    needs_moderator = asks in _MODERATED and not approved and not invitation
    return Step.MODERATE if needs_moderator else Step.DO


def leave_step(policy: ListPolicy, *, confirmed: bool = False, approved: bool = False) -> Step:
    """What comes next for a member who is to leave; as `join_step`. Consent of the one does not replace that
    of the other."""
    asks = policy.unsubscription_policy
    if asks in _CONFIRMED and not confirmed:
        return Step.CONFIRM
    return Step.MODERATE if asks in _MODERATED and not approved else Step.DO


def mailbox_key(key: str) -> str:
    """What the spellings of an address have in common that reach one person, as far as it can be told: the
    details that many sites allow behind a plus sign go, and at Gmail the dots.

    key: `mail.address.key_of`. Only for counting: two such addresses are two members."""
    local_part, _, host = key.rpartition("@")
    quoted = local_part.startswith('"')
    if quoted:
        local_part = local_part[1:-1]
    local_part = local_part[:1] + local_part[1:].partition("+")[0]
    if quoted and not _NEEDS_NO_QUOTES.fullmatch(local_part):
        return f'"{local_part}"@{host}'
    if host in _ONE_MAILBOX:
        return f"{local_part.replace('.', '')}@gmail.com"
    return f"{local_part}@{host}"


def speaks_for_mailbox(key: str) -> bool:
    """Whether who reads mail to the address `key` is who reads it for all addresses that are counted with it;
    with a detail, that is known of Gmail alone."""
    return key.rpartition("@")[2] in _ONE_MAILBOX or mailbox_key(key) == key


_CONFIRMED: Final = frozenset({SubscriptionPolicy.CONFIRM, SubscriptionPolicy.CONFIRM_THEN_MODERATE})
_MODERATED: Final = frozenset({SubscriptionPolicy.MODERATE, SubscriptionPolicy.CONFIRM_THEN_MODERATE})
