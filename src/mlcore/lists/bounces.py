"""What a failed delivery means for a member: whom a report is about, and what becomes of his score.

Anybody can write a report about anybody. What cannot be forged is proof: a valid tag in the address that the
report came to (`mail.verp`), a live probe, and what the next hop itself said to us. Without proof a failure
adds to the score, and at the threshold the member is asked by a probe; proof alone ends his delivery.

The score goes up once a day (UTC), begins anew where the last failure is older than
`bounce_info_stale_after`, and goes down for what has arrived since: by one for each whole day without a
failure, at most by the number of posts that have arrived. What counts as arrived is told with
`store.bounces.arrived`; it never counts a post whose failure may still be on its way as others were."""

import enum
import re
from collections.abc import Iterable
from typing import Final, NamedTuple
from urllib.parse import unquote

import msgspec

from mlcore.lists import unsubscribe
from mlcore.lists.addressing import candidates
from mlcore.lists.model import DeliveryStatus, ListPolicy
from mlcore.mail import verp
from mlcore.mail.address import BadAddress, key_of
from mlcore.mail.report import Complaint, Finding

DAY_S: Final = 86_400.0
PROBE_LIFE_S: Final = 10 * DAY_S
"""How long the failure of a probe is waited for; without one it has arrived."""
MOST_MEMBERS: Final = 20
"""Members that one report without a VERP address counts for, and addresses of a complaint that are tried."""
_MOST_TOKENS: Final = 8
_IN_PAGES: Final = re.compile(r"[?&]address=([^&>\s]{1,800})")
_TOKENS: Final = re.compile(r"[A-Za-z0-9_-]{20,128}")
_ENDS_MEMBERSHIP: Final = frozenset({"abuse", "opt-out", "opt-out-list", "unsubscribe"})
"""Feedback types (RFC 5965 7.3 and its registry) of somebody who wants no more of it."""


class Effect(enum.StrEnum):
    """What became of one failure; the values stand in `bounce_events` and in the log."""

    COUNTED = "counted"
    SAME_DAY = "same-day"
    STALE_RESTART = "stale-restart"
    POLICY = "policy"
    """A refusal of the content or of us: it says nothing about the member."""
    TEMPORARY = "temporary"
    DISABLED = "disabled"
    PROBE_SENT = "probe-sent"
    RESIDUAL = "residual"
    """He gets nothing any more; this was still on its way."""
    NOT_A_MEMBER = "not-a-member"
    COMPLAINT = "complaint"
    IGNORED = "ignored-off"
    """The list does not process bounces."""


FAILURES: Final = frozenset({Effect.COUNTED, Effect.SAME_DAY, Effect.STALE_RESTART, Effect.PROBE_SENT})
"""Effects of mail that did not reach a member whose delivery was on and stayed on."""


class BounceState(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a member. last_bounce_at: Unix seconds of the last failure; status: in force; regular:
    whether each post is sent to him; probing: whether a probe is under way."""

    score: int = 0
    last_bounce_at: float | None = None
    status: DeliveryStatus = DeliveryStatus.ENABLED
    regular: bool = True
    probing: bool = False


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One failed delivery. proof: it is certain that mail of this list to this address came back; refused:
    the next hop itself refused the address for good; answers_probe: it was the probe that failed."""

    permanent: bool = True
    policy: bool = False
    proof: bool = False
    refused: bool = False
    answers_probe: bool = False


class Judgement(NamedTuple):
    """score: after it; failed: whether this is the last failure now; counted: whether the score was added
    to."""

    effect: Effect
    score: int
    failed: bool = False
    counted: bool = False


class Meant(NamedTuple):
    """Whom the address that a report came to names. address: empty for nobody; proof: its tag is ours; token:
    of a probe, which may be live or not."""

    address: str = ""
    proof: bool = False
    token: str = ""


def meant(detail: str, policy: ListPolicy, key: bytes, now: float) -> Meant:
    """Of what stood behind the delimiter. key: the site's, at least 16 octets; now: Unix seconds."""
    token = verp.probe_token(detail)
    if token is not None:
        return Meant(token=token)
    address = verp.verify(detail, policy.list_name, policy.mail_host, key=key, now=now)
    if address is not None:
        return Meant(address, proof=True)
    return Meant(verp.decode_verp(detail) or "")


def complainer(
    complaint: Complaint, detail: str, policy: ListPolicy, key: bytes, now: float, *, delimiter: str = "+"
) -> str:
    """Who complains, if it is certain that a copy of his own was complained about; empty: nobody knows.

    What proves it: a valid tag in the address that the complaint came to or in the envelope sender of that
    copy, or the token in its List-Unsubscribe. Other arguments as in `meant`."""
    own = (policy.list_name, policy.mail_host, "bounces")
    sent_by = candidates(complaint.mail_from, delimiter)
    details = [one.detail for one in sent_by if (one.list_name, one.mail_host, one.purpose) == own]
    for one_detail in (detail, *details):
        found = meant(one_detail, policy, key, now)
        if found.proof:
            return found.address
    field = complaint.list_unsubscribe
    tokens = _TOKENS.findall(field)[:_MOST_TOKENS]
    # Providers cross out who complains; the address of the page for him says it all the same.
    in_pages = [unquote(found) for found in _IN_PAGES.findall(field)[:_MOST_TOKENS]]
    for address in (*in_pages, *complaint.recipients[:MOST_MEMBERS]):
        address_key = _key(address)
        for token in tokens:
            if address_key and unsubscribe.verify(token, key, policy.list_id, address_key, now):
                return address
    return ""


def ends_membership(complaint: Complaint) -> bool:
    """Whether who complains wants no more mail of the list, as opposed to a virus or a fraud that he saw."""
    return complaint.feedback_type in _ENDS_MEMBERSHIP


def about(findings: Iterable[Finding], address_key: str) -> Finding | None:
    """What a report says about the one mail that it is about, sent to `address_key`; None: nothing.

    What it says of this address comes first, else the gravest of what it says: where mail is forwarded, it
    names an address that nobody here knows."""
    return min(findings, key=lambda one: (_key(one.address) != address_key, _mildness(one)), default=None)


def by_address(findings: Iterable[Finding]) -> dict[str, Finding]:
    """The gravest finding of each address by its key, in the order of the report; what is no address is left
    out."""
    found: dict[str, Finding] = {}
    for one in findings:
        key = _key(one.address)
        if key and (key not in found or _mildness(one) < _mildness(found[key])):
            found[key] = one
    return found


def quiet_days(state: BounceState, now: float) -> int:
    """Whole days (UTC) since the last failure, for which the score may go down. 0 also for a member who does
    not get each post, since of him nobody knows what has arrived."""
    if not state.regular or not state.score or state.last_bounce_at is None:
        return 0
    return max(0, _day(now) - _day(state.last_bounce_at) - 1)


def judge(
    state: BounceState,
    failure: Failure,
    policy: ListPolicy,
    now: float,
    *,
    verp_probes: bool,
    arrived: int = 0,
) -> Judgement:
    """What becomes of one failure of a member. arrived: posts that seem to have reached him since the last
    one, needed where `quiet_days` is above 0. verp_probes: nobody's delivery is ended without a probe.

    While a probe is under way its failure ends the delivery, and so does a refusal by the next hop, which
    looks at no content either."""
    score = state.score
    if failure.policy:
        return Judgement(Effect.POLICY, score)
    if not failure.permanent:
        return Judgement(Effect.TEMPORARY, score)
    if state.status is DeliveryStatus.BY_BOUNCES:
        return Judgement(Effect.RESIDUAL, score)
    effect = _effect(state, policy, now)
    if effect is Effect.STALE_RESTART:
        score = 1
    elif effect is Effect.COUNTED:
        score = max(0, score - min(quiet_days(state, now), max(0, arrived))) + 1
    counted = effect is not Effect.SAME_DAY
    if failure.answers_probe or (state.probing and failure.refused):
        return Judgement(Effect.DISABLED, 0, failed=True, counted=counted)
    if score >= policy.bounce_score_threshold:
        if failure.proof and not verp_probes:
            return Judgement(Effect.DISABLED, 0, failed=True, counted=counted)
        if not state.probing:
            effect = Effect.PROBE_SENT
    return Judgement(effect, score, failed=True, counted=counted)


def _effect(state: BounceState, policy: ListPolicy, now: float) -> Effect:
    last = state.last_bounce_at
    if last is None:
        return Effect.COUNTED
    if _day(last) == _day(now):
        return Effect.SAME_DAY
    return Effect.STALE_RESTART if now - last > policy.bounce_info_stale_after else Effect.COUNTED


def _day(at: float) -> int:
    return int(at // DAY_S)


def _mildness(finding: Finding) -> int:
    if not finding.permanent:
        return 2
    return 1 if finding.policy else 0


def _key(address: str) -> str:
    try:
        return key_of(address)
    except BadAddress:
        return ""
