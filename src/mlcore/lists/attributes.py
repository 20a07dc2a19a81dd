"""Every attribute of a list under the name that commands and clients know it by: what it means, which values
it takes, how it is written."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from mlcore.base.errors import BadInput
from mlcore.lists import kinds, model
from mlcore.lists.kinds import Kind
from mlcore.lists.model import ListPolicy, ListState

PIPELINES: Final = ("default-posting-pipeline", "default-owner-pipeline")
"""What an accepted message may go through: to the members, or to the owners."""
CHAINS: Final = (
    "default-posting-chain",
    "default-owner-chain",
    "header-match",
    "moderation",
    "dmarc",
    "accept",
    "hold",
    "reject",
    "discard",
)
"""Where the way of a message through the rules may begin."""
RECORDS: Final = ("header_matches", "topics")
"""Settings that are no text, but have commands of their own."""

_NOT_YET: Final = frozenset(
    {
        *("archive_rendering_mode", "gateway_to_mail", "gateway_to_news", "linked_newsgroup"),
        "nntp_prefix_subject_too",
    }
)
"""The settings that nothing acts on yet: they are kept for what is to come. A test compares with the
source."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute. doc: what it means, some sentences; read: its value, from what a list is and has come
    to; writable: whether it is a setting, which then has the same name in ListPolicy."""

    name: str
    kind: Kind
    doc: str
    read: Callable[[ListPolicy, ListState], object]
    writable: bool = True

    @property
    def in_force(self) -> bool:
        """Whether anything acts on it in this version; read-only ones are always true to the facts."""
        return not self.writable or self.name not in _NOT_YET

    @property
    def values(self) -> str:
        """What may be written, one line; empty for any text and where nothing may."""
        return self.kind.remedy.removeprefix("write ") if self.writable else ""

    def parse(self, text: str) -> object:
        """The value that `text` means. Raises BadInput."""
        if not self.writable:
            raise BadInput(f"{self.name} cannot be set", "it follows from what the list is or does")
        try:
            return self.kind.parse(text)
        except ValueError as error:
            raise BadInput(f"{self.name}: {error}", self.kind.remedy) from None


def attribute(name: str) -> Attribute:
    """The attribute of this name. Raises BadInput."""
    try:
        return ATTRIBUTES[name]
    except KeyError:
        near = difflib.get_close_matches(name, ATTRIBUTES, n=1)
        remedy = f"did you mean {near[0]}?" if near else "`mlcore settings --describe` shows those there are"
        raise BadInput(f"a list has no attribute {name!r}", remedy) from None


def changed(policy: ListPolicy, texts: Mapping[str, str]) -> ListPolicy:
    """The list with these settings, each given as text. Raises BadInput for the first that cannot be."""
    values = {name: attribute(name).parse(text) for name, text in texts.items()}
    return msgspec.structs.replace(policy, **values)


def shown(policy: ListPolicy, state: ListState) -> dict[str, str]:
    """Every attribute as text, by name; `changed` reads what this gives of settings."""
    return {name: one.kind.show(one.read(policy, state)) for name, one in ATTRIBUTES.items()}


def plain(policy: ListPolicy, state: ListState) -> dict[str, object]:
    """Every attribute as JSON has it, by name: yes or no as a boolean, spans as `90d`, moments as RFC 3339 in
    UTC or null, several values as a list."""
    return {name: one.kind.plain(one.read(policy, state)) for name, one in ATTRIBUTES.items()}


def _setting(name: str, kind: Kind, doc: str) -> Attribute:
    return Attribute(name, kind, doc, lambda policy, _state: getattr(policy, name))


def _state(name: str, kind: Kind, doc: str) -> Attribute:
    return Attribute(name, kind, doc, lambda _policy, state: getattr(state, name), writable=False)


def _fact(name: str, doc: str, read: Callable[[ListPolicy], object]) -> Attribute:
    return Attribute(name, kinds.line(), doc, lambda policy, _state: read(policy), writable=False)


def _sub_address(purpose: str, doc: str) -> Attribute:
    return _fact(f"{purpose}_address", doc, lambda policy: policy.sub_address(purpose))


_YES_NO: Final = kinds.boolean()
_RESPONSE: Final = kinds.choice(model.ResponseAction)
_WHO: Final = kinds.choice(model.SubscriptionPolicy)
_ACTION: Final = kinds.choice(model.Action)

_IDENTITY: Final = (
    _fact("fqdn_listname", "The posting address.", lambda policy: policy.posting_address),
    _fact("posting_address", "Where posts are sent.", lambda policy: policy.posting_address),
    _fact("list_name", "What stands before the @ of the posting address.", lambda policy: policy.list_name),
    _fact("mail_host", "The domain of the list.", lambda policy: policy.mail_host),
    _fact(
        "no_reply_address",
        "The sender of mail that nobody should answer.",
        lambda policy: f"noreply@{policy.mail_host}",
    ),
    _sub_address("bounces", "Where mail servers report what they could not deliver."),
    _sub_address("join", "Mail to it asks for a subscription."),
    _sub_address("leave", "Mail to it asks for the end of a subscription."),
    _sub_address("owner", "Reaches owners and moderators."),
    _sub_address("request", "Takes commands by mail."),
    _state("created_at", kinds.moment(), "When the list was made."),
    _state("last_post_at", kinds.moment(), "When the last post was accepted; empty: never."),
    _state("digest_last_sent_at", kinds.moment(), "When the last digest was sent; empty: never."),
    _state("post_id", kinds.number(), "The number of the next post."),
    _state("volume", kinds.number(), "The volume of the digests."),
    _state("next_digest_number", kinds.number(), "The number of the next digest in its volume."),
    _state(
        "usenet_watermark", kinds.optional_number(), "The last article taken from the newsgroup; empty: none."
    ),
)

_APPEARANCE: Final = (
    _setting("display_name", kinds.line(), "The name of the list as people read it."),
    _setting("description", kinds.line(), "What the list is about, in one line."),
    _setting("info", kinds.text(), "What the list is about, at length."),
    _setting(
        "subject_prefix",
        kinds.line(),
        "Put before each subject. %d stands for the number of the post, %05d for the same with zeros in "
        "front; a blank at the end counts.",
    ),
    _setting("preferred_language", kinds.language(), "The language of the list's own mail."),
    _setting(
        "charset",
        kinds.charset(),
        "The charset of the list's own mail and of what it adds to the fields of posts, where it can hold "
        "the text; empty: that of the language.",
    ),
    _setting("advertised", _YES_NO, "Whether the list is shown to everybody."),
    _setting(
        "member_roster_visibility",
        kinds.choice(model.RosterVisibility),
        "Who may see the members. The web pages obey it.",
    ),
    _setting(
        "archive_policy",
        kinds.choice(model.ArchivePolicy),
        "Who may read the archives; never: there are none, and no archiver gets posts.",
    ),
    _setting(
        "disabled_archivers", kinds.archivers(), "Archivers of the site that get no posts of this list."
    ),
    _setting("archive_rendering_mode", kinds.choice(model.ArchiveRendering), "How archives show posts."),
)

_SUBSCRIPTION: Final = (
    _setting(
        "subscription_policy",
        _WHO,
        "Whose consent a subscription needs: nobody's, that of the address, that of a moderator, or both.",
    ),
    _setting("unsubscription_policy", _WHO, "The same for the end of a subscription."),
    _setting("send_welcome_message", _YES_NO, "Whether new members are welcomed by mail."),
    _setting("send_goodbye_message", _YES_NO, "Whether those who leave get a last mail."),
    _setting(
        "admin_immed_notify", _YES_NO, "Whether moderators are told at once of what waits for their decision."
    ),
    _setting(
        "admin_notify_mchanges", _YES_NO, "Whether owners and moderators are told who came and who left."
    ),
)

_POSTS: Final = (
    _setting("allow_list_posts", _YES_NO, "Whether the list takes posts; otherwise List-Post says NO."),
    _setting("anonymous_list", _YES_NO, "Whether posts hide who wrote them."),
    _setting(
        "include_rfc2369_headers", _YES_NO, "Whether posts carry the List- fields (RFC 2369, RFC 2919)."
    ),
    _setting(
        "reply_goes_to_list",
        kinds.choice(model.ReplyGoesToList),
        "Where answers go: Reply-To is left alone, points to the list too, points to reply_to_address too, "
        "or to reply_to_address only.",
    ),
    _setting("reply_to_address", kinds.address(), "Where answers go with explicit_header."),
    _setting(
        "first_strip_reply_to", _YES_NO, "Whether the author's own Reply-To is removed before one is written."
    ),
    _setting(
        "personalize",
        kinds.choice(model.Personalization),
        "Whether each member gets a copy of his own; full: also addressed to him.",
    ),
    _setting("posting_chain", kinds.one_of(CHAINS, "Unknown chain"), "Where the rules begin for a post."),
    _setting("owner_chain", kinds.one_of(CHAINS, "Unknown chain"), "The same for mail to -owner."),
    _setting(
        "posting_pipeline", kinds.one_of(PIPELINES, "Unknown pipeline"), "What accepted posts go through."
    ),
    _setting("owner_pipeline", kinds.one_of(PIPELINES, "Unknown pipeline"), "The same for mail to -owner."),
    _setting(
        "regular_include_lists",
        kinds.posting_addresses(),
        "Lists whose members get the posts of this one too, each person once; not those that stand in To or "
        "Cc and get the post themselves.",
    ),
    _setting(
        "regular_exclude_lists",
        kinds.posting_addresses(),
        "Lists whose members get no copy from this one of posts that have such a list in To or Cc as well.",
    ),
)

_MODERATION: Final = (
    _setting(
        "moderator_password",
        kinds.password(),
        "With it a mail can approve itself, or a held post (Approved: PASSWORD). Kept as a hash.",
    ),
    _setting("emergency", _YES_NO, "Whether every post is held."),
    _setting("administrivia", _YES_NO, "Whether posts that look like commands are held."),
    _setting(
        "default_member_action", _ACTION, "What becomes of posts of members; defer: other checks decide."
    ),
    _setting("default_nonmember_action", _ACTION, "What becomes of posts of others."),
    _setting(
        "accept_these_nonmembers",
        kinds.senders(lists=True),
        "Others whose posts are treated like those of members: addresses, patterns, or @ and the address of "
        "a list for all its members.",
    ),
    _setting("hold_these_nonmembers", kinds.senders(), "Others whose posts are held."),
    _setting("reject_these_nonmembers", kinds.senders(), "Others whose posts are returned."),
    _setting("discard_these_nonmembers", kinds.senders(), "Others whose posts are thrown away."),
    _setting("require_explicit_destination", _YES_NO, "Whether posts must name the list in To or Cc."),
    _setting(
        "acceptable_aliases",
        kinds.aliases(),
        "Addresses in To or Cc that count as naming the list; lower case.",
    ),
    _setting("max_message_size", kinds.number(), "Longer posts are held, in KiB; 0: no limit."),
    _setting(
        "max_num_recipients",
        kinds.number(),
        "Posts with so many addresses in To and Cc are held; 0: no limit.",
    ),
    _setting(
        "max_posts_per_day",
        kinds.number(),
        "Further posts of a member within 24 hours are held; 0: no limit.",
    ),
    _setting(
        "bounce_matching_headers",
        kinds.header_lines(),
        "Lines `Header: regular expression`; posts with such a field are held.",
    ),
    _setting(
        "spam_hold_score",
        kinds.decimal(),
        "Posts are held from this score of the spam filter on (X-Spam-Status, X-Rspamd-Score); 0: never.",
    ),
    _setting("spam_discard_score", kinds.decimal(), "From this score on they are thrown away; 0: never."),
    _setting("max_days_to_hold", kinds.number(), "After so many days held posts are thrown away; 0: never."),
    _setting("respond_to_post_requests", _YES_NO, "Whether authors are told that their post is held."),
)

_CONTENT: Final = (
    _setting("filter_content", _YES_NO, "Whether parts of posts are removed by type."),
    _setting(
        "filter_action",
        kinds.choice(model.FilterAction),
        "What becomes of a post of which nothing is left.",
    ),
    _setting("filter_types", kinds.mime_types(), "Parts of these types are removed."),
    _setting("pass_types", kinds.mime_types(), "Parts of other types than these are removed; empty: none."),
    _setting("filter_extensions", kinds.extensions(), "Attached files with these extensions are removed."),
    _setting(
        "pass_extensions",
        kinds.extensions(),
        "Attached files with other extensions are removed; empty: none.",
    ),
    _setting("collapse_alternatives", _YES_NO, "Whether only the first of several alternatives is kept."),
    _setting("convert_html_to_plaintext", _YES_NO, "Whether HTML is turned into plain text."),
    _setting("topics_enabled", _YES_NO, "Whether members can choose topics of the list."),
    _setting(
        "topics_bodylines_limit",
        kinds.number(low=-1),
        "So many lines of a post are searched for Subject: and Keywords:; 0: none, -1: all.",
    ),
    _setting(
        "dmarc_mitigate_action",
        kinds.choice(model.DmarcAction),
        "What is done with posts from domains that forbid others to send in their name (RFC 7489).",
    ),
    _setting(
        "dmarc_mitigate_unconditionally", _YES_NO, "Whether that is done with all posts, whatever the domain."
    ),
    _setting("dmarc_addresses", kinds.senders(), "Authors with whose posts it is done in any case."),
    _setting("dmarc_moderation_notice", kinds.text(), "What the author of a post rejected by that is told."),
    _setting("dmarc_wrapped_message_text", kinds.text(), "Put before a message that is wrapped by that."),
)

_ANSWERS: Final = (
    _setting(
        "autorespond_owner", _RESPONSE, "Whether mail to -owner is answered, and whether it still goes on."
    ),
    _setting("autorespond_postings", _RESPONSE, "The same for posts."),
    _setting("autorespond_requests", _RESPONSE, "The same for mail to -request."),
    _setting("autoresponse_owner_text", kinds.text(), "The answer to mail to -owner."),
    _setting("autoresponse_postings_text", kinds.text(), "The answer to posts."),
    _setting("autoresponse_request_text", kinds.text(), "The answer to mail to -request."),
    _setting(
        "autoresponse_grace_period", kinds.span(), "Nobody gets the same answer twice within this time."
    ),
)

_BOUNCES: Final = (
    _setting("process_bounces", _YES_NO, "Whether bounces count against the members they are about."),
    _setting("bounce_score_threshold", kinds.number(), "With so many bounces delivery is disabled."),
    _setting(
        "bounce_info_stale_after", kinds.span(), "After this time without a bounce counting begins anew."
    ),
    _setting(
        "bounce_you_are_disabled_warnings", kinds.number(), "So many warnings before the member is removed."
    ),
    _setting("bounce_you_are_disabled_warnings_interval", kinds.span(), "The time between two warnings."),
    _setting("bounce_notify_owner_on_bounce_increment", _YES_NO, "Whether owners are told of each bounce."),
    _setting("bounce_notify_owner_on_disable", _YES_NO, "Whether owners are told of disabled delivery."),
    _setting("bounce_notify_owner_on_removal", _YES_NO, "Whether owners are told of removed members."),
    _setting(
        "forward_unrecognized_bounces_to",
        kinds.choice(model.UnrecognizedBounces),
        "Who gets bounces that nobody understands.",
    ),
)

_DIGESTS: Final = (
    _setting("digests_enabled", _YES_NO, "Whether there are digests."),
    _setting("digest_send_periodic", _YES_NO, "Whether digests are sent daily even if they are small."),
    _setting("digest_size_threshold", kinds.decimal(), "A digest of so many KiB is sent at once; 0: never."),
    _setting("digest_volume_frequency", kinds.choice(model.DigestFrequency), "When a new volume begins."),
)

_NEWS: Final = (
    _setting("gateway_to_mail", _YES_NO, "Whether articles of the newsgroup become posts."),
    _setting("gateway_to_news", _YES_NO, "Whether posts become articles of the newsgroup."),
    _setting("linked_newsgroup", kinds.newsgroup(), "The newsgroup that the gateways are to; empty: none."),
    _setting(
        "newsgroup_moderation", kinds.choice(model.NewsgroupModeration), "How the newsgroup is moderated."
    ),
    _setting("nntp_prefix_subject_too", _YES_NO, "Whether articles carry the subject_prefix."),
)

ATTRIBUTES: Final[Mapping[str, Attribute]] = {
    one.name: one
    for one in sorted(
        (
            *(*_IDENTITY, *_APPEARANCE, *_SUBSCRIPTION, *_POSTS, *_MODERATION),
            *(*_CONTENT, *_ANSWERS, *_BOUNCES, *_DIGESTS, *_NEWS),
        ),
        key=lambda one: one.name,
    )
}
"""By name, sorted."""
