"""The order of the rules, and what their hits add up to: chains of links, walked until one decides.

Each link asks one rule, and says what a hit means: to remember it and go on, to go to another chain for good,
or to go there and come back. The chains `accept`, `hold`, `reject` and `discard` are where it ends."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, get_args

from mlcore.base.errors import MlcoreError
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.links import (
    AS_ASKED,
    OBEY,
    REMEMBER,
    Always,
    Chain,
    IfAny,
    Link,
    NamedRule,
    SearchingLink,
    Several,
    Step,
    Then,
    detour,
    given,
    jump,
)
from mlcore.lists.model import HeaderMatch, ListPolicy
from mlcore.lists.patterns import Patterns
from mlcore.lists.plain import one_line
from mlcore.lists.reasons import Reason
from mlcore.lists.rules import (
    administrivia,
    approved,
    auto_reply,
    banned_address,
    digests,
    dmarc_mitigation,
    duplicate,
    emergency,
    header_limits,
    header_match,
    implicit_dest,
    loop,
    max_recipients,
    max_size,
    member_moderation,
    mime_limits,
    news_moderation,
    no_senders,
    no_subject,
    nonmember_moderation,
    posting_rate,
    restricted_member,
    spam_score,
    suspicious_header,
    truth,
)
from mlcore.lists.rules import any as any_
from mlcore.lists.verdict import Accept, Discard, Hit, Hold, Reject, Terminal, Trail, Verdict


class NoSuchChain(MlcoreError):
    """A list names a chain that there is not: its mail is set aside, since nobody can say what it needs."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no chain is called {name!r}")


FIRST: Final[Mapping[str, Chain]] = MappingProxyType(
    {
        "post": (
            Link("loop", loop.rule, jump("discard")),
            Link("header-limits", header_limits.rule, jump("hold")),
            Link("duplicate", duplicate.rule, jump("discard")),
            SearchingLink("auto-reply", auto_reply.rule, OBEY),
        ),
        "owner": (
            Link("loop", loop.rule, jump("discard")),
            Link("header-limits", header_limits.rule, jump("hold")),
        ),
    }
)
"""Asked before the first chain, whichever that is: no setting of a list can make it a part of a loop."""

CHAINS: Final[Mapping[str, Chain]] = MappingProxyType(
    {
        "default-posting-chain": (
            # who may never post, and what would not arrive: no password helps
            Link("no-senders", no_senders.rule, jump("discard")),
            Link("banned-address", banned_address.rule, jump("discard")),
            SearchingLink("dmarc-mitigation", dmarc_mitigation.rule, jump("dmarc")),
            Link("approved", approved.rule, jump("accept")),
            # what it looks like: spam is not worth an answer, whoever seems to have sent it
            Always(detour("header-match")),
            Link("spam-score", spam_score.rule, OBEY),
            Link("emergency", emergency.rule, jump("hold")),
            # who sent it
            Link("restricted-member", restricted_member.rule, jump("reject")),
            Link("posting-rate", posting_rate.rule, jump("hold")),
            Link("member-moderation", member_moderation.rule, jump("moderation")),
            SearchingLink("nonmember-moderation", nonmember_moderation.rule, jump("moderation")),
            # what is in it: all reasons are found, so that a moderator looks once
            Link("mime-limits", mime_limits.rule, jump("hold")),
            Link("administrivia", administrivia.rule, REMEMBER),
            SearchingLink("implicit-dest", implicit_dest.rule, REMEMBER),
            Link("max-recipients", max_recipients.rule, REMEMBER),
            Link("max-size", max_size.rule, REMEMBER),
            Link("news-moderation", news_moderation.rule, REMEMBER),
            Link("no-subject", no_subject.rule, REMEMBER),
            Link("digests", digests.rule, REMEMBER),
            SearchingLink("suspicious-header", suspicious_header.rule, REMEMBER),
            Several("site rules"),
            IfAny("hold"),
            Always(jump("accept")),
        ),
        "default-owner-chain": (Always(jump("accept")),),
        "header-match": (
            Several("site header_checks"),
            IfAny(),
            Several("list header matches"),
        ),
        "dmarc": (Always(AS_ASKED),),
        "moderation": (Always(AS_ASKED),),
        "accept": (),
        "hold": (),
        "reject": (),
        "discard": (),
    }
)
"""By name. A list begins a post at its `posting_chain`, mail to its owners at its `owner_chain`."""

_TERMINALS: Final[Mapping[str, Terminal]] = {name: name for name in get_args(Terminal)}
_OTHERWISE: Final[Terminal] = "hold"
"""Where a chain ends without a decision, a person decides."""
_SUBJECT_LENGTH: Final = 255
_SENDER_LENGTH: Final = 255


def rule_names() -> tuple[str, ...]:
    """Every rule that a chain asks, each once, in the order of the chains; `header-match` stands for those
    that settings make."""
    names = [name for chain in (*FIRST.values(), *CHAINS.values()) for step in chain if (name := _name(step))]
    return tuple(dict.fromkeys(names))


def _name(step: Step) -> str:
    if isinstance(step, (Link, SearchingLink)):
        return step.name
    if isinstance(step, Several):
        return "" if step.of == "site rules" else "header-match"
    return "truth" if isinstance(step, Always) else "any"


def judge(
    draft: Draft,
    policy: ListPolicy,
    facts: PostFacts,
    *,
    extra: Sequence[NamedRule] = (),
    patterns: Patterns | None = None,
) -> Verdict:
    """What is to be done with a message: the rules of `facts.purpose`, from `FIRST` and the list's chain on.

    extra: rules of the site, asked in this order when all others have been. patterns: what tries the
    expressions of the list; its `late` names those that took too long, the site's too.

    Hold carries the sender (empty if none) and the decoded subject: one line each, without control
    characters, at most 255 characters. Raises NoSuchChain. Whatever a rule raises goes through: the entry is
    then tried again, and set aside if that does not help."""
    walk = _Walk(draft, policy, facts, extra, Patterns() if patterns is None else patterns)
    end = walk.through(FIRST["owner" if facts.purpose == "owner" else "post"])
    if end is None:
        end = walk.to(policy.owner_chain if facts.purpose == "owner" else policy.posting_chain)
    end = end or _OTHERWISE
    trail = walk.trail(end)
    if end == "accept":
        return Accept(trail)
    if end == "reject":
        return Reject(trail)
    if end == "discard":
        return Discard(trail)
    sender = facts.sender.address if facts.sender is not None else ""
    return Hold(
        trail,
        sender=one_line(sender, _SENDER_LENGTH),
        subject=one_line(draft.fields.text("subject") or "", _SUBJECT_LENGTH),
    )


class _Walk:
    """One message on its way through the chains."""

    def __init__(
        self,
        draft: Draft,
        policy: ListPolicy,
        facts: PostFacts,
        extra: Sequence[NamedRule],
        patterns: Patterns,
    ) -> None:
        self._draft = draft
        self._policy = policy
        self._facts = facts
        self._extra = extra
        self._patterns = patterns
        self._hits: list[str] = []
        self._misses: list[str] = []
        self._reasons: list[Reason] = []
        self._remembered: list[str] = []
        self._texts: header_match.FieldTexts | None = None
        self._asked_for: Terminal | None = None
        self._text = ""
        self._by = ""

    def trail(self, end: Terminal) -> Trail:
        """What led to `end`."""
        return Trail(
            hits=tuple(self._hits),
            misses=tuple(self._misses),
            reasons=tuple(self._reasons),
            text=self._text,
            chain=end,
            by=self._by,
        )

    def to(self, name: str) -> Terminal | None:
        """Where the chain `name` leads; None: it ends without a decision."""
        end = _TERMINALS.get(name)
        if end is not None:
            return end
        try:
            chain = CHAINS[name]
        except KeyError:
            raise NoSuchChain(name) from None
        return self.through(chain)

    def through(self, steps: Iterable[Step]) -> Terminal | None:
        """The same for steps."""
        draft, policy, facts = self._draft, self._policy, self._facts
        for step in steps:
            # Nearly every rule misses, so this is kept short.
            if isinstance(step, Link | SearchingLink):
                try:
                    if isinstance(step, Link):
                        hit = step.rule(draft, policy, facts)
                    else:
                        hit = step.rule(draft, policy, facts, self._patterns)
                except Exception as error:
                    error.add_note(f"raised by the rule {step.name}")
                    raise
                if hit is None:
                    self._misses.append(step.name)
                    continue
                end = self._found(step.name, hit, step.then)
            elif isinstance(step, Always):
                end = self._found("truth", truth.rule(draft, policy, facts), step.then, records=False)
            elif isinstance(step, IfAny):
                hit = any_.rule(self._remembered)
                if hit is None:
                    continue
                then = jump(step.chain) if step.chain else given(facts.site.jump_action)
                end = self._found("any", hit, then, records=False)
            elif step.of == "site rules":
                end = self.through([Link(name, function, OBEY) for name, function in self._extra])
            elif step.of == "site header_checks":
                end = self._header_checks()
            else:
                end = self._header_matches()
            if end is not None:
                return end
        return None

    def _found(self, name: str, hit: Hit, then: Then, *, records: bool = True) -> Terminal | None:
        """Keeps what a rule found; where that leads, if anywhere."""
        if records:
            self._hits.append(name)
        if then.verb == "note":
            return None
        if hit.reason is not None:
            self._reasons.append(hit.reason)
        if hit.text:
            self._text = hit.text
        if hit.action is not None:
            self._asked_for = hit.action
        if then.verb == "remember" or (then.verb == "obey" and hit.action is None):
            self._remembered.append(name)
            return None
        if name != "truth":
            self._by = name
        if then.verb == "detour":
            return self.to(then.chain)
        if then.verb == "jump":
            return self.to(then.chain) or _OTHERWISE
        return self._asked_for or _OTHERWISE

    def _header_checks(self) -> Terminal | None:
        """Those of the site have a budget of their own: no list can use it up."""
        checks = self._facts.site.header_checks
        if checks:
            patterns = Patterns()
            for line, match in enumerate(checks, 1):
                self._match(header_match.site_name(line), match, patterns, REMEMBER)
            self._patterns.late.extend(patterns.late)
        return None

    def _header_matches(self) -> Terminal | None:
        policy, jump_action = self._policy, self._facts.site.jump_action
        for position, match in enumerate(policy.header_matches):
            name = header_match.list_name(policy.list_id, position)
            end = self._match(name, match, self._patterns, given(match.action or jump_action))
            if end is not None:
                return end
        return None

    def _match(self, name: str, match: HeaderMatch, patterns: Patterns, then: Then) -> Terminal | None:
        if self._texts is None:
            self._texts = header_match.FieldTexts(self._draft)
        hit = header_match.rule(match, name, self._texts, patterns)
        if hit is None:
            self._misses.append(name)
            return None
        return self._found(name, hit, then)
