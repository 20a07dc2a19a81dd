"""Posts that members' mail servers would refuse, as the author's domain asks them to (RFC 7489)."""

from typing import Final

from mlcore.lists import dmarc
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.model import DmarcAction, ListPolicy
from mlcore.lists.patterns import Patterns
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Hit

_NAME: Final = "dmarc-mitigation"


def rule(draft: Draft, policy: ListPolicy, facts: PostFacts, patterns: Patterns) -> Hit | None:
    """Hits where `dmarc_mitigate_action` is `reject` or `discard`, and it is meant for the author
    (`dmarc.concerns`). The others are no matter of rules: handlers do them.

    A rejected author is told `dmarc_moderation_notice`, or what it is about and whom to ask."""
    action = policy.dmarc_mitigate_action
    if action is not DmarcAction.REJECT and action is not DmarcAction.DISCARD:
        return None
    if not _may_concern(policy, facts, patterns) or not dmarc.concerns(
        draft.fields, policy, facts.dmarc_policy
    ):
        return None
    if action is DmarcAction.DISCARD:
        return Hit(_NAME, Reason("DMARC moderation"), "discard")
    notice = policy.dmarc_moderation_notice
    if notice.strip():
        return Hit(_NAME, Reason("DMARC moderation"), "reject", text=notice)
    return Hit(
        _NAME,
        Reason(
            "The domain of your address does not allow mailing lists to pass its mail on (DMARC), so your"
            " message has not been sent to the members. If you have questions, please write to {}.",
            policy.sub_address("owner"),
        ),
        "reject",
    )


def _may_concern(policy: ListPolicy, facts: PostFacts, patterns: Patterns) -> bool:
    """Whether it is worth while to look who the authors are: they are among the senders."""
    if facts.dmarc_policy not in {"", "none"}:
        return True
    keys = [sender.key for sender in facts.senders]
    return any(
        patterns.search_any(entry, keys) if entry[0] == "^" else entry in keys
        for entry in policy.dmarc_addresses
    )
