"""The steps of `lists.stages` as JSON and octets: what server and worker child say to each other.

One request, one reply, each a frame: two lengths of eight octets, a line of JSON, octets of a message. No
pickles: neither side can be made to run anything by what it reads."""

from collections.abc import Sequence
from typing import Final

import msgspec

from mlcore.lists import stages
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, RenderFacts, SiteFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.patterns import Patterns
from mlcore.lists.stages import Examined, Extensions
from mlcore.lists.verdict import Accept, Discard, Hit, Hold, Reject, Trail, Verdict
from mlcore.mail import address
from mlcore.mail.report import Recognised
from mlcore.mail.slots import Slot

HEAD_OCTETS: Final = 16
"""Of a frame: the lengths of JSON and octets, most significant octet first."""


class Examine(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """For `stages.examine`; with the message as it arrived."""

    policy: ListPolicy
    site: SiteFacts
    reverse_path: str
    root: str


class Decide(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """For `stages.decide`; with the draft."""

    policy: ListPolicy
    facts: PostFacts


class Render(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """For `stages.render`; with the draft."""

    policy: ListPolicy
    facts: RenderFacts
    topics: tuple[str, ...] = ()


class Recognise(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """For `reports.recognise`; with the report."""


Request = Examine | Decide | Render | Recognise


class WasExamined(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """`stages.Examined`, with its draft; hit: instead of all else."""

    hit: Hit | None = None
    passwords: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    silent: frozenset[str] = frozenset()
    from_domain: str = ""
    message_key: str = ""
    content_key: str = ""
    came_through: tuple[str, ...] = ()
    size_bytes: int = 0


class WasDecided(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A verdict. kind: name of its class; with the draft."""

    kind: str
    trail: Trail
    sender: str = ""
    subject: str = ""
    forward: bool = False
    preserve: bool = False
    topics: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    slots: tuple[Slot, ...] = ()
    kept: int = -1
    """Length of what archives and digests get, which stands behind the draft; -1: nothing."""
    late: tuple[str, ...] = ()
    """Expressions of owners that took too long."""


class WasRecognised(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What `reports.recognise` found."""

    found: Recognised


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A rule or handler raised. error: one line; traceback: all of it."""

    error: str
    traceback: str


Reply = WasExamined | WasDecided | WasRecognised | Failed

_ENCODER: Final = msgspec.json.Encoder()
_REQUESTS: Final = msgspec.json.Decoder(Request)
_REPLIES: Final = msgspec.json.Decoder(Reply)


def frame(message: Request | Reply, octets: bytes = b"") -> bytes:
    """The whole frame."""
    line = _ENCODER.encode(message)
    return b"".join((len(line).to_bytes(8), len(octets).to_bytes(8), line, octets))


def lengths(head: bytes) -> tuple[int, int]:
    """Of JSON and octets, from the first `HEAD_OCTETS` of a frame."""
    return int.from_bytes(head[:8]), int.from_bytes(head[8:])


def request(line: bytes) -> Request:
    """The request in a line of JSON. Raises msgspec.DecodeError."""
    found: Request = _REQUESTS.decode(line)
    return found


def reply(line: bytes) -> Reply:
    """The reply in a line of JSON. Raises msgspec.DecodeError."""
    found: Reply = _REPLIES.decode(line)
    return found


def carry_out(asked: Request, octets: bytes, more: Extensions) -> tuple[Reply, bytes]:
    """What the child does with a request; whatever a rule or handler raises goes through."""
    if isinstance(asked, Examine):
        found = stages.examine(
            octets, asked.policy, asked.site, reverse_path=asked.reverse_path, root=asked.root
        )
        if isinstance(found, Hit):
            return WasExamined(hit=found), b""
        return _of_examined(found), found.draft.octets()
    if isinstance(asked, Recognise):
        # on first use: patterns of many formats, which no post needs
        from mlcore.lists import reports  # noqa: PLC0415  (see above)

        return WasRecognised(found=reports.recognise(octets)), b""
    draft, patterns = Draft.post(octets), Patterns()
    if isinstance(asked, Decide):
        verdict, draft = stages.decide(draft, asked.policy, asked.facts, more, patterns)
        return of_verdict(verdict, draft, patterns.late)
    result = stages.render(draft.with_topics(asked.topics), asked.policy, asked.facts, more, patterns)
    if isinstance(result, Draft):
        return of_verdict(Accept(), result, patterns.late)
    return of_verdict(result, draft, patterns.late)


def _of_examined(found: Examined) -> WasExamined:
    return WasExamined(
        passwords=found.passwords,
        senders=tuple(map(str, found.senders)),
        silent=found.silent,
        from_domain=found.from_domain,
        message_key=found.message_key,
        content_key=found.content_key,
        came_through=found.came_through,
        size_bytes=found.size_bytes,
    )


def examined(found: WasExamined, octets: bytes) -> Examined | Hit:
    """What the reply means, in the server. octets: of the draft."""
    if found.hit is not None:
        return found.hit
    return Examined(
        draft=Draft.post(octets),
        passwords=found.passwords,
        senders=tuple(map(address.parse, found.senders)),
        silent=found.silent,
        from_domain=found.from_domain,
        message_key=found.message_key,
        content_key=found.content_key,
        came_through=found.came_through,
        size_bytes=found.size_bytes,
    )


def of_verdict(verdict: Verdict, draft: Draft, late: Sequence[str] = ()) -> tuple[WasDecided, bytes]:
    """The reply that carries a verdict and the draft. late: see `WasDecided`."""
    hold = verdict if isinstance(verdict, Hold) else Hold()
    discard = verdict if isinstance(verdict, Discard) else Discard()
    kept = b"" if draft.kept is None else draft.kept.octets()
    reply_ = WasDecided(
        kind=type(verdict).__name__,
        trail=verdict.trail,
        sender=hold.sender,
        subject=hold.subject,
        forward=discard.forward,
        preserve=discard.preserve,
        topics=draft.topics,
        recipients=draft.recipients,
        slots=draft.slots,
        kept=len(kept) if draft.kept is not None else -1,
        late=tuple(late),
    )
    return reply_, draft.octets() + kept


def decided(found: WasDecided, octets: bytes) -> tuple[Verdict, Draft]:
    """What the reply means, in the server. octets: of the draft. Raises KeyError for no kind of verdict."""
    verdicts: dict[str, Verdict] = {
        "Accept": Accept(found.trail),
        "Hold": Hold(found.trail, found.sender, found.subject),
        "Reject": Reject(found.trail),
        "Discard": Discard(found.trail, found.forward, found.preserve),
    }
    kept = None
    if found.kept >= 0:
        at = len(octets) - found.kept
        kept, octets = Draft.post(octets[at:]), octets[:at]
    draft = Draft.post(octets).with_topics(found.topics).with_recipients(found.recipients)
    return verdicts[found.kind], draft.with_slots(found.slots).with_kept(kept)
