"""What follows from a report, or from what the next hop said: events, scores, probes, and who is told.

Everything that one report brings about is one transaction, and is done once for each cause."""

from typing import Final, Literal, NamedTuple

import msgspec
from sqlalchemy import Connection

from mlcore.actions import members as member_actions
from mlcore.lists import bounces, tokens
from mlcore.lists.bounces import Effect, Failure
from mlcore.lists.model import ListPolicy, Role, UnrecognizedBounces
from mlcore.mail.address import BadAddress, key_of
from mlcore.mail.report import Complaint, Finding, Recognised
from mlcore.store import automatic, lists, memberships, notices
from mlcore.store import bounces as store
from mlcore.store.bounces import BounceEvent
from mlcore.store.failures import DeliveryFailure

PASSED_ON_PER_DAY: Final = 20
"""Reports that nobody understands, and complaints without proof, of which people hear in 24 hours."""
_CLOSING: Final = 421
_NOT_THE_MAILBOX: Final = ("4.3.", "4.4.2", "4.5.", "4.6.", "4.7.")
_NOBODY: Final = [("", "")]
_DIAGNOSTIC: Final = 500
_FORMAT: Final = 100

Outcome = Literal["events", "repeated", "delivered", "delayed", "discarded", "limited", "passed-on"]


class Office(NamedTuple):
    """What the site says about bounces. key: of the site; verp_probes: nobody's delivery is ended without a
    probe."""

    key: bytes
    verp_probes: bool = False


class Mail(NamedTuple):
    """What came to the bounces address of a list. cause: name of its spool entry; detail: what stood behind
    the delimiter; delimiter: that of the site."""

    cause: str
    detail: str
    octets: bytes
    recognised: Recognised
    delimiter: str = "+"


class Done(NamedTuple):
    """What came of a mail. events: one for each address that was judged; ignored: how many addresses were
    not, since they are no members' or too many."""

    outcome: Outcome
    events: tuple[BounceEvent, ...] = ()
    ignored: int = 0


class _Case(NamedTuple):
    """One failure of one address, on its way to be an event. failure: for the judgement; report: what told of
    it; empty: the next hop did."""

    event: BounceEvent
    failure: Failure
    report: bytes = b""


def carry_out(conn: Connection, office: Office, policy: ListPolicy, mail: Mail, now: float) -> Done:
    """What came to a list that processes bounces. now: Unix seconds. Raises NoSuchList."""
    if store.is_known(conn, mail.cause):
        return Done("repeated")
    recognised = mail.recognised
    if recognised.kind == "complaint" and recognised.complaint is not None:
        return _complaint(conn, office, policy, mail, recognised.complaint, now)
    if recognised.kind == "success":
        return Done("delivered")
    if recognised.kind in {"failure", "delayed"}:
        return _failure(conn, office, policy, mail, now)
    return _unrecognised(conn, policy, mail, now)


def judge_failures(conn: Connection, office: Office, limit: int, now: float) -> tuple[list[BounceEvent], int]:
    """Takes into account what deliveries have come to, the oldest `limit` failures: the events, and how many
    failures there were. Those of lists that are gone, and of the site itself, come to nothing."""
    failures = store.unjudged(conn, limit)
    store.mark_judged(conn, failures)
    policies = {list_id: lists.get(conn, list_id) for list_id in {one.list_id for one in failures}}
    events = []
    for one in failures:
        policy, key = policies[one.list_id], _key(one.address)
        if policy is not None and key:
            events.append(_judge(conn, office, policy, _refused(one, key, now), now))
    return events, len(failures)


def skip_failure(conn: Connection) -> list[DeliveryFailure]:
    """Takes the oldest failure as judged, though nothing came of it; which it was, if there is any."""
    failures = store.unjudged(conn, 1)
    store.mark_judged(conn, failures)
    return failures


# -- failures ----------------------------------------------------------------------------------------------


def _failure(conn: Connection, office: Office, policy: ListPolicy, mail: Mail, now: float) -> Done:
    """A report with a VERP address or a live token is about that address, whatever it says."""
    meant = bounces.meant(mail.detail, policy, office.key, now)
    if meant.token:
        probe = _probe(conn, office, policy, meant.token, now)
        if probe is not None:
            known = store.member(conn, policy.list_id, probe.address_key, now)
            address = probe.address_key if known is None else known.address
            return _of_one(conn, office, policy, mail, address, now, proof=True, probe=True)
    if meant.address:
        return _of_one(conn, office, policy, mail, meant.address, now, proof=meant.proof)
    return _of_several(conn, office, policy, mail, now)


def _of_one(
    conn: Connection,
    office: Office,
    policy: ListPolicy,
    mail: Mail,
    address: str,
    now: float,
    *,
    proof: bool,
    probe: bool = False,
) -> Done:
    recognised, key = mail.recognised, key_of(address)
    if not proof and store.member(conn, policy.list_id, key, now) is None:
        return Done("events", ignored=1)
    finding = bounces.about(recognised.findings, key)
    if finding is None:  # that it failed is all it says, and where it came to says the rest
        finding = Finding(address=address, permanent=recognised.kind == "failure", format="", policy=False)
    case = _case(policy, mail, 0, address, finding, now, proof=proof, probe=probe)
    return Done("events", (_judge(conn, office, policy, case, now),))


def _of_several(conn: Connection, office: Office, policy: ListPolicy, mail: Mail, now: float) -> Done:
    """Whoever is named, as far as he is a member."""
    named = bounces.by_address(mail.recognised.findings)
    if not named:
        if mail.recognised.kind == "delayed":
            return Done("delayed")
        return _unrecognised(conn, policy, mail, now)
    known = store.which_are_members(conn, policy.list_id, named)
    chosen = [one for key, one in named.items() if key in known][: bounces.MOST_MEMBERS]
    cases = [
        _case(policy, mail, number, one.address, one, now, proof=False) for number, one in enumerate(chosen)
    ]
    events = tuple([_judge(conn, office, policy, case, now) for case in cases])
    return Done("events", events, len(named) - len(chosen))


def _case(
    policy: ListPolicy,
    mail: Mail,
    number: int,
    address: str,
    finding: Finding,
    now: float,
    *,
    proof: bool,
    probe: bool = False,
) -> _Case:
    event = BounceEvent(
        cause=mail.cause,
        number=number,
        list_id=policy.list_id,
        address=address,
        address_key=key_of(address),
        source="probe" if probe else "report",
        format=finding.format,
        proof=proof,
        code=finding.code,
        diagnostic=finding.diagnostic,
        message_id=mail.recognised.message_id,
        effect="",
        at=now,
    )
    failure = Failure(permanent=finding.permanent, policy=finding.policy, proof=proof, answers_probe=probe)
    return _Case(event, failure, mail.octets)


def _refused(one: DeliveryFailure, key: str, now: float) -> _Case:
    """What the next hop said for good, or for so long that it was given up."""
    event = BounceEvent(
        cause=one.entry,
        number=one.number,
        list_id=one.list_id,
        address=one.address,
        address_key=key,
        source="smtp",
        format="smtp",
        proof=True,
        code=one.enhanced or str(one.code),
        diagnostic=one.text[:_DIAGNOSTIC],
        effect="",
        at=now,
    )
    failure = Failure(policy=one.policy or _says_nothing(one), proof=True, refused=one.code >= 500)
    return _Case(event, failure)


def _says_nothing(one: DeliveryFailure) -> bool:
    """Whether what was given up was put off for a reason that lies in the next hop, in the connection to it,
    or in the content (RFC 3463 3.4 to 3.8): where our relay is ill for days, that is nobody's fault."""
    return one.code == _CLOSING or one.enhanced.startswith(_NOT_THE_MAILBOX)


def _judge(conn: Connection, office: Office, policy: ListPolicy, case: _Case, now: float) -> BounceEvent:
    """Writes down what became of one failure, and does it."""
    if not policy.process_bounces:
        return _written(conn, case.event, Effect.IGNORED, 0)
    known = store.member(conn, policy.list_id, case.event.address_key, now)
    if known is None:
        return _written(conn, case.event, Effect.NOT_A_MEMBER, 0)
    arrived = 0
    if bounces.quiet_days(known.state, now):
        arrived = store.arrived(conn, policy.list_id, known, now)
    judged = bounces.judge(
        known.state, case.failure, policy, now, verp_probes=office.verp_probes, arrived=arrived
    )
    event = msgspec.structs.replace(case.event, effect=judged.effect.value, score=judged.score)
    row = store.add_event(conn, event)
    if judged.failed:
        store.note_failure(conn, known, judged.score, now, counted=judged.counted)
    kinds: list[notices.Kind] = []
    if judged.effect is Effect.DISABLED:
        store.disable(conn, known)
        if policy.bounce_notify_owner_on_disable:
            kinds.append("bounce-disable")
    elif judged.effect is Effect.PROBE_SENT:
        token = tokens.token(office.key, "probe", policy.list_id, known.key, str(row))
        life_s = bounces.PROBE_LIFE_S
        store.add_probe(conn, known, tokens.token_hash(token), row, now, life_s=life_s)
        kinds.append("probe")
    elif judged.counted and policy.bounce_notify_owner_on_bounce_increment:
        kinds.append("bounce-increment")
    if case.report and (kinds or judged.counted):  # thousands of others may come that change nothing
        store.keep_report(conn, event.cause, case.report, now)
    for kind in kinds:
        about = [(known.address, known.display_name)]
        notices.queue(conn, kind, policy.list_id, about, now, detail=event.cause)
    return event


def _written(conn: Connection, event: BounceEvent, effect: Effect, score: int) -> BounceEvent:
    event = msgspec.structs.replace(event, effect=effect.value, score=score)
    store.add_event(conn, event)
    return event


def _probe(
    conn: Connection, office: Office, policy: ListPolicy, token: str, now: float
) -> store.Probe | None:
    found = store.probe_by_hash(conn, tokens.token_hash(token), now)
    if found is None or found.list_id != policy.list_id:
        return None
    expected = tokens.token(office.key, "probe", found.list_id, found.address_key, str(found.event))
    return found if tokens.fits(token, expected) else None


# -- what people have to look at ---------------------------------------------------------------------------


def _complaint(
    conn: Connection, office: Office, policy: ListPolicy, mail: Mail, complaint: Complaint, now: float
) -> Done:
    """With proof the membership ends, and only the owners hear of it: one more mail would be one more to
    complain about. Without proof anybody may have written it."""
    proven = bounces.complainer(complaint, mail.detail, policy, office.key, now, delimiter=mail.delimiter)
    address = proven or next(iter(complaint.recipients), "")
    known = store.member(conn, policy.list_id, _key(address), now) if address else None
    leaves = bool(proven) and known is not None and bounces.ends_membership(complaint)
    told = leaves or _may_pass_on(conn, policy, mail.cause, now)
    event = BounceEvent(
        cause=mail.cause,
        list_id=policy.list_id,
        address=address,
        address_key=_key(address),
        source="complaint",
        format=complaint.feedback_type[:_FORMAT],
        proof=bool(proven),
        message_id=mail.recognised.message_id,
        effect="",
        at=now,
    )
    event = _written(conn, event, Effect.COMPLAINT, known.state.score if known else 0)
    if known is not None and leaves:
        found = memberships.on_list(conn, policy.list_id, Role.MEMBER, [known.key])
        member_actions.end(conn, found, goodbye=False, notify=False, now=now)
        store.end_probes(conn, known.list_row, known.key)
    if told:
        store.keep_report(conn, mail.cause, mail.octets, now)
        about = [(address, known.display_name if known else "")]
        notices.queue(conn, "complaint", policy.list_id, about, now, detail=mail.cause)
    return Done("events", (event,))


def _unrecognised(conn: Connection, policy: ListPolicy, mail: Mail, now: float) -> Done:
    if policy.forward_unrecognized_bounces_to is UnrecognizedBounces.DISCARD:
        return Done("discarded")
    if automatic.is_noted(conn, "", "bounce", mail.cause):
        return Done("repeated")
    if not _may_pass_on(conn, policy, mail.cause, now):
        return Done("limited")
    store.keep_report(conn, mail.cause, mail.octets, now)
    notices.queue(conn, "bounce-unrecognized", policy.list_id, _NOBODY, now, detail=mail.cause)
    return Done("passed-on")


def _may_pass_on(conn: Connection, policy: ListPolicy, cause: str, now: float) -> bool:
    """Whether one more mail that anybody can have written goes to people; that is noted."""
    since = now - bounces.DAY_S
    if automatic.reaches(conn, "bounce", since, PASSED_ON_PER_DAY, list_id=policy.list_id):
        return False
    return automatic.note(conn, "", "bounce", cause, policy.list_id, now)


def _key(address: str) -> str:
    """Empty for what is no address."""
    try:
        return key_of(address)
    except BadAddress:
        return ""
