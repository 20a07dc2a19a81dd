"""What a list is, as values: the rows of the store become these before they leave it."""

import enum
from collections.abc import Mapping
from typing import Final

import msgspec

_DAY_S: Final = 86_400


class Role(enum.StrEnum):
    """What an address is to a list; one address may have several."""

    MEMBER = "member"
    OWNER = "owner"
    MODERATOR = "moderator"
    NONMEMBER = "nonmember"


class DeliveryMode(enum.StrEnum):
    """How posts reach a member."""

    REGULAR = "regular"
    PLAINTEXT_DIGESTS = "plaintext_digests"
    MIME_DIGESTS = "mime_digests"
    SUMMARY_DIGESTS = "summary_digests"


class DeliveryStatus(enum.StrEnum):
    """Whether posts reach a member."""

    ENABLED = "enabled"
    BY_USER = "by_user"
    BY_BOUNCES = "by_bounces"
    BY_MODERATOR = "by_moderator"
    UNKNOWN = "unknown"


class SubscriptionPolicy(enum.StrEnum):
    """Whose consent a subscription, or its end, needs."""

    OPEN = "open"
    CONFIRM = "confirm"
    MODERATE = "moderate"
    CONFIRM_THEN_MODERATE = "confirm_then_moderate"


class Action(enum.StrEnum):
    """What becomes of a post; `defer` leaves it to the rules that follow."""

    HOLD = "hold"
    REJECT = "reject"
    DISCARD = "discard"
    ACCEPT = "accept"
    DEFER = "defer"


class FilterAction(enum.StrEnum):
    """What becomes of a post of which the content filter leaves nothing."""

    REJECT = "reject"
    DISCARD = "discard"
    FORWARD = "forward"
    PRESERVE = "preserve"


class ArchivePolicy(enum.StrEnum):
    """Who may read the archive, if there is one."""

    NEVER = "never"
    PRIVATE = "private"
    PUBLIC = "public"


class ArchiveRendering(enum.StrEnum):
    """How an archiver shows a post."""

    TEXT = "text"
    MARKDOWN = "markdown"


class RosterVisibility(enum.StrEnum):
    """Who may see the members."""

    PUBLIC = "public"
    MEMBERS = "members"
    MODERATORS = "moderators"


class ResponseAction(enum.StrEnum):
    """Whether an automatic answer is given, and what then becomes of the mail."""

    NONE = "none"
    RESPOND_AND_DISCARD = "respond_and_discard"
    RESPOND_AND_CONTINUE = "respond_and_continue"


class DmarcAction(enum.StrEnum):
    """What is done where the author's domain forbids that others send in its name (RFC 7489)."""

    NO_MITIGATION = "no_mitigation"
    MUNGE_FROM = "munge_from"
    WRAP_MESSAGE = "wrap_message"
    REJECT = "reject"
    DISCARD = "discard"


class UnrecognizedBounces(enum.StrEnum):
    """Who gets a bounce that nobody understands."""

    DISCARD = "discard"
    ADMINISTRATORS = "administrators"
    SITE_OWNER = "site_owner"


class DigestFrequency(enum.StrEnum):
    """When a new volume of digests begins."""

    YEARLY = "yearly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    WEEKLY = "weekly"
    DAILY = "daily"


class Personalization(enum.StrEnum):
    """Whether each member gets a copy of his own; full: also with his address in To."""

    NONE = "none"
    INDIVIDUAL = "individual"
    FULL = "full"


class NewsgroupModeration(enum.StrEnum):
    """How the linked newsgroup is moderated."""

    NONE = "none"
    OPEN_MODERATED = "open_moderated"
    MODERATED = "moderated"


class ReplyGoesToList(enum.StrEnum):
    """What happens to Reply-To (mail flow, cook-headers)."""

    NO_MUNGING = "no_munging"
    POINT_TO_LIST = "point_to_list"
    EXPLICIT_HEADER = "explicit_header"
    EXPLICIT_HEADER_ONLY = "explicit_header_only"


class HeaderMatch(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of a list about a header field. header: lower case; pattern: a regular expression, searched
    without regard to case in the decoded field of the message or of any part; action: what then becomes of
    the post, None: what the site says; tag: a name for those who manage such rules, may be empty."""

    header: str
    pattern: str
    action: Action | None = None
    tag: str = ""


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """One topic of a list. name: unique there, one line; pattern: regular expressions, one a line, any of
    which makes a post belong to it; description: for members who choose."""

    name: str
    pattern: str
    description: str = ""


class ListPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The identity and the settings of one list; cached by the store until their generation changes.

    list_name and mail_host are lower case; list_id is `name.host`. `lists.attributes` says what each setting
    means and which values it takes. Sizes are KiB, spans seconds, as their names or comments say."""

    list_id: str
    list_name: str
    mail_host: str

    display_name: str
    description: str = ""
    info: str = ""
    subject_prefix: str = ""
    """May hold %d, %03d …; a trailing blank counts."""
    preferred_language: str = "en"
    charset: str = ""
    """Of the list's own mail and of header text that it adds; empty: that of the language."""
    advertised: bool = True
    member_roster_visibility: RosterVisibility = RosterVisibility.MODERATORS
    subscription_policy: SubscriptionPolicy = SubscriptionPolicy.CONFIRM
    unsubscription_policy: SubscriptionPolicy = SubscriptionPolicy.CONFIRM
    send_welcome_message: bool = True
    send_goodbye_message: bool = True
    admin_immed_notify: bool = True
    admin_notify_mchanges: bool = False
    allow_list_posts: bool = True
    anonymous_list: bool = False
    include_rfc2369_headers: bool = True
    reply_goes_to_list: ReplyGoesToList = ReplyGoesToList.NO_MUNGING
    reply_to_address: str = ""
    first_strip_reply_to: bool = False
    personalize: Personalization = Personalization.NONE
    posting_chain: str = "default-posting-chain"
    owner_chain: str = "default-owner-chain"
    posting_pipeline: str = "default-posting-pipeline"
    owner_pipeline: str = "default-owner-pipeline"
    moderator_password: str = ""
    """A hash; empty: nobody can approve by password."""
    emergency: bool = False
    administrivia: bool = True
    default_member_action: Action = Action.DEFER
    default_nonmember_action: Action = Action.HOLD
    require_explicit_destination: bool = True
    max_message_size: int = 40
    """KiB; 0: no limit."""
    max_num_recipients: int = 10
    max_posts_per_day: int = 0
    """Of one member within 24 hours; 0: no limit."""
    bounce_matching_headers: str = ""
    """Lines `Header: regex`."""
    spam_hold_score: float = 0.0
    spam_discard_score: float = 0.0
    """As a spam filter before mlcore scores; 0: scores are not looked at."""
    max_days_to_hold: int = 0
    respond_to_post_requests: bool = True
    filter_content: bool = False
    filter_action: FilterAction = FilterAction.DISCARD
    collapse_alternatives: bool = True
    convert_html_to_plaintext: bool = False
    topics_enabled: bool = False
    topics_bodylines_limit: int = 5
    """Lines of the body that are looked at; 0: none, negative: all."""
    dmarc_mitigate_action: DmarcAction = DmarcAction.NO_MITIGATION
    dmarc_mitigate_unconditionally: bool = False
    dmarc_moderation_notice: str = ""
    dmarc_wrapped_message_text: str = ""
    autorespond_owner: ResponseAction = ResponseAction.NONE
    autorespond_postings: ResponseAction = ResponseAction.NONE
    autorespond_requests: ResponseAction = ResponseAction.NONE
    autoresponse_owner_text: str = ""
    autoresponse_postings_text: str = ""
    autoresponse_request_text: str = ""
    autoresponse_grace_period: int = 90 * _DAY_S
    """Seconds."""
    process_bounces: bool = True
    bounce_score_threshold: int = 5
    bounce_info_stale_after: int = 7 * _DAY_S
    """Seconds."""
    bounce_you_are_disabled_warnings: int = 3
    bounce_you_are_disabled_warnings_interval: int = 7 * _DAY_S
    """Seconds."""
    bounce_notify_owner_on_bounce_increment: bool = False
    bounce_notify_owner_on_disable: bool = True
    bounce_notify_owner_on_removal: bool = True
    forward_unrecognized_bounces_to: UnrecognizedBounces = UnrecognizedBounces.ADMINISTRATORS
    digests_enabled: bool = True
    digest_send_periodic: bool = True
    digest_size_threshold: float = 30.0
    """KiB; 0: none."""
    digest_volume_frequency: DigestFrequency = DigestFrequency.MONTHLY
    archive_policy: ArchivePolicy = ArchivePolicy.PUBLIC
    archive_rendering_mode: ArchiveRendering = ArchiveRendering.TEXT
    disabled_archivers: tuple[str, ...] = ()
    """Names of archivers of the site that get no posts of this list."""
    gateway_to_mail: bool = False
    gateway_to_news: bool = False
    linked_newsgroup: str = ""
    newsgroup_moderation: NewsgroupModeration = NewsgroupModeration.NONE
    nntp_prefix_subject_too: bool = True

    acceptable_aliases: tuple[str, ...] = ()
    accept_these_nonmembers: tuple[str, ...] = ()
    hold_these_nonmembers: tuple[str, ...] = ()
    reject_these_nonmembers: tuple[str, ...] = ()
    discard_these_nonmembers: tuple[str, ...] = ()
    dmarc_addresses: tuple[str, ...] = ()
    filter_types: tuple[str, ...] = ()
    pass_types: tuple[str, ...] = ()
    filter_extensions: tuple[str, ...] = ()
    pass_extensions: tuple[str, ...] = ()
    regular_include_lists: tuple[str, ...] = ()
    """Posting addresses of lists whose members get the posts of this one too."""
    regular_exclude_lists: tuple[str, ...] = ()
    """Posting addresses of lists whose members get no copy from this one where the post went there too."""

    header_matches: tuple[HeaderMatch, ...] = ()
    """In the order they are tried."""
    topics: tuple[Topic, ...] = ()

    @property
    def posting_address(self) -> str:
        """`name@host`."""
        return f"{self.list_name}@{self.mail_host}"

    def sub_address(self, purpose: str) -> str:
        """`name-purpose@host` for owner, bounces, confirm, join, leave, request."""
        return f"{self.list_name}-{purpose}@{self.mail_host}"


class ListState(msgspec.Struct, frozen=True):
    """What a list has come to, which nobody sets. Times are Unix seconds; None: not yet. style: what it was
    made with; post_id: the number of the next post."""

    created_at: float
    post_id: int
    last_post_at: float | None
    digest_last_sent_at: float | None
    volume: int
    next_digest_number: int
    style: str
    usenet_watermark: int | None = None


class Domain(msgspec.Struct, frozen=True, kw_only=True):
    """A domain with lists. mail_host and alias_domain: lower case, A-labels."""

    mail_host: str
    description: str = ""
    alias_domain: str = ""
    """Where mail to its lists arrives instead; the lists keep their addresses. Empty: nowhere else."""
    base_url: str = ""


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """What a membership, an address or a user wants; None: what the next one of these three says, and in the
    end `DEFAULTS`."""

    acknowledge_posts: bool | None = None
    hide_address: bool | None = None
    preferred_language: str | None = None
    receive_list_copy: bool | None = None
    receive_own_postings: bool | None = None
    delivery_mode: DeliveryMode | None = None
    delivery_status: DeliveryStatus | None = None


DEFAULTS: Final = Preferences(
    acknowledge_posts=False,
    hide_address=True,
    receive_list_copy=True,
    receive_own_postings=True,
    delivery_mode=DeliveryMode.REGULAR,
    delivery_status=DeliveryStatus.ENABLED,
)
"""The end of the chain. The language is that of the list, and then that of the site."""


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person, who may have several addresses. user_id: a UUID, 36 characters; created_at: Unix seconds;
    preferred_address: as it is spelled, empty if there is none."""

    user_id: str
    display_name: str = ""
    created_at: float = 0.0
    is_server_owner: bool = False
    preferred_address: str = ""
    preferences: Preferences = Preferences()


class MailAddress(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is known here. address: as it is spelled; times are Unix seconds, verified_at None if
    nobody has shown that it is his; user_id: empty if it belongs to no user."""

    address: str
    display_name: str = ""
    created_at: float = 0.0
    verified_at: float | None = None
    user_id: str = ""
    preferences: Preferences = Preferences()


class Ban(msgspec.Struct, frozen=True, kw_only=True):
    """Who may have no role. pattern: the key of an address, or `^regex`; list_id: empty for all lists."""

    pattern: str
    list_id: str = ""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One membership as commands show it and make it, with the preferences in force.

    display_name: on this list, else that of address or user. When one is made, preferences that are those of
    `DEFAULTS` are not stored, so that those of address and user come through."""

    address: str
    display_name: str = ""
    role: Role = Role.MEMBER
    delivery_mode: DeliveryMode = DeliveryMode.REGULAR
    delivery_status: DeliveryStatus = DeliveryStatus.ENABLED
    receive_own_postings: bool = True
    receive_list_copy: bool = True


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """One membership in full. address: where its mail goes (for a user the preferred address); as_user:
    whether the user is the subscriber, not the address; preferences: those of the membership alone;
    effective: what holds, the language aside."""

    member_id: str
    list_id: str
    role: Role
    address: str
    user_id: str = ""
    as_user: bool = False
    display_name: str = ""
    moderation_action: Action | None = None
    restricted: bool = False
    """Reads, but neither posts nor sees who else is there."""
    nonmatching_topics: bool = False
    """Whether a member who chose topics (`store.topics`) also gets posts that belong to none."""
    subscribed_at: float = 0.0
    preferences: Preferences = Preferences()
    effective: Preferences = DEFAULTS


class Addressee(msgspec.Struct, frozen=True, kw_only=True):
    """What a personal copy may say about its recipient. name: as this list shows it, empty: none; language:
    code of what this person wants, empty: that of the list; user_address: the preferred address of the user,
    else the address the membership is by."""

    name: str = ""
    language: str = ""
    user_address: str = ""


class Recipient(msgspec.Struct, frozen=True):
    """One member who gets regular delivery, as the pipeline needs it (plain columns, no row objects)."""

    address: str
    own_postings: bool = True
    list_copy: bool = True


class TopicChoice(msgspec.Struct, frozen=True):
    """Which posts a member who has chosen topics wants of a list. topics: their names; nonmatching: also
    posts that belong to none."""

    topics: frozenset[str]
    nonmatching: bool = False


class SenderStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What an address is to a list, through itself or through another address of its user.

    roles: all of them; moderation_action, restricted and acknowledge_posts: of the membership with role
    member, otherwise (moderation_action alone) of the nonmember; display_name: on this list, else of the
    address; language: what this person wants, empty: nothing."""

    roles: frozenset[Role] = frozenset()
    moderation_action: Action | None = None
    restricted: bool = False
    acknowledge_posts: bool = False
    display_name: str = ""
    language: str = ""


class Roster(msgspec.Struct, frozen=True):
    """Members, owners and moderators of a small list. standings: by address key, also of the other addresses
    of their users; what nonmembers are as well is left out;
    recipients: who gets regular delivery, in the order of membership."""

    recipients: tuple[Recipient, ...]
    standings: Mapping[str, SenderStanding]
    digest_readers: bool = True
    """Whether any member takes digests instead of single posts."""
