"""The three steps in which a message is decided and made ready, each a function of what was gathered before.

`examine` takes the message apart as far as the facts need it; `decide` asks the rules and the handlers that
may drop it; `render` writes. They are the same in the server's loop and in the worker child."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from mlcore.lists import chain, pipelines, senders
from mlcore.lists.approved import take_out
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, RenderFacts, SiteFacts
from mlcore.lists.links import NamedRule
from mlcore.lists.model import ListPolicy
from mlcore.lists.patterns import Patterns
from mlcore.lists.pipelines import NamedHandler
from mlcore.lists.rules.header_limits import too_large
from mlcore.lists.siblings import came_through
from mlcore.lists.verdict import Accept, Discard, Hit, Reject, Verdict
from mlcore.mail import message_id
from mlcore.mail.address import Address
from mlcore.mail.fields import header_size
from mlcore.mail.lines import normalise

_KEY_OCTETS: Final = 16
_ALIKE: Final = ("message-id", "from", "date")
"""Fields that are the same in two copies of a post, however they travelled."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A message before anything is known about it. draft: without credentials; passwords: the credentials
    that were in it, one at the most; senders, silent: see `lists.senders`; from_domain: of the first author,
    in A-labels, empty: none; message_key, content_key: 32 hex digits to compare posts by, empty: not to be
    compared; came_through: keys of addresses that it was delivered to before; size_bytes: as it arrived."""

    draft: Draft
    passwords: tuple[str, ...]
    senders: tuple[Address, ...]
    silent: frozenset[str]
    from_domain: str
    message_key: str
    content_key: str
    came_through: tuple[str, ...]
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Extensions:
    """What a site adds. rules: asked after the built-in ones; handlers: called in the second pass."""

    rules: tuple[NamedRule, ...] = ()
    handlers: tuple[NamedHandler, ...] = ()


NOTHING_MORE: Final = Extensions()


def examine(
    octets: bytes, policy: ListPolicy, site: SiteFacts, *, reverse_path: str, root: str
) -> Examined | Hit:
    """The message in `octets` taken apart; a Hit where its header section is too large to be.

    reverse_path: MAIL FROM without brackets; root: of the entry."""
    size_bytes = len(octets)
    octets = normalise(octets)
    large = too_large(header_size(octets), site)
    if large is not None:
        return large
    draft = Draft.post(octets)
    fields = draft.fields
    written = senders.written_in(fields)
    found = senders.all_of(written, fields, reverse_path)
    # Date too: some programs give all that they send one Message-ID, and the same text every night.
    content_key = _key(*(fields.first(name) or b"" for name in _ALIKE), draft.body)
    draft, passwords = take_out(draft, look_into_body=bool(policy.moderator_password))
    return Examined(
        draft=draft,
        passwords=passwords,
        senders=found,
        silent=senders.silent(found, site.sender_headers, written, fields, reverse_path),
        from_domain=written[0].key.rpartition("@")[2] if written else "",
        message_key=_key(_sent_message_id(draft, policy, root)),
        content_key=content_key if message_id.of(fields) else "",
        came_through=came_through(fields),
        size_bytes=size_bytes,
    )


def decide(
    draft: Draft,
    policy: ListPolicy,
    facts: PostFacts,
    more: Extensions = NOTHING_MORE,
    patterns: Patterns | None = None,
) -> tuple[Verdict, Draft]:
    """What becomes of a message, and the message as the handlers of the first pass leave it. patterns: what
    tries the expressions of owners; its `late` names those that took too long.

    A message that a moderator has let go is not asked about again, but may still be dropped by a handler."""
    verdict: Verdict = Accept()
    if not facts.moderator_approved:
        verdict = chain.judge(draft, policy, facts, extra=more.rules, patterns=patterns)
    if not isinstance(verdict, Accept):
        return verdict, draft
    pipeline = pipelines.pipeline_for(policy, facts.purpose, extra=more.handlers)
    result = pipelines.first_pass(draft, policy, facts, pipeline)
    if isinstance(result, Draft):
        return verdict, result
    return result, draft


def render(
    draft: Draft,
    policy: ListPolicy,
    facts: RenderFacts,
    more: Extensions = NOTHING_MORE,
    patterns: Patterns | None = None,
) -> Draft | Reject | Discard:
    """The message as its recipients get it. patterns: as for `decide`."""
    pipeline = pipelines.pipeline_for(policy, facts.post.purpose, extra=more.handlers)
    return pipelines.second_pass(draft, policy, facts, pipeline, patterns)


def _sent_message_id(draft: Draft, policy: ListPolicy, root: str) -> bytes:
    """The Message-ID under which it will go out."""
    known = b"" if policy.anonymous_list else draft.fields.first("message-id") or b""
    return known or message_id.make(root, policy.mail_host).encode()


def _key(*texts: bytes) -> str:
    digest = blake2b(digest_size=_KEY_OCTETS)
    for text in texts:
        digest.update(len(text).to_bytes(8))
        digest.update(text)
    return digest.hexdigest()
