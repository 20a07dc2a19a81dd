"""What rules and handlers may know: gathered before they run, so that they stay pure.

All of it can be written as JSON (msgspec): the worker child gets the same facts as the process itself."""

from collections.abc import Mapping

import msgspec

from mlcore.lists.model import Action, Addressee, HeaderMatch, Recipient, SenderStanding, TopicChoice


class ArchiverFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An archiver as posts know it. name: as lists and `{NAME_url}` in texts have it; kind: how its addresses
    are made (`lists.archiving`); base_url: where its pages are, empty: it has none; public_only: whether it
    takes posts of lists with a public archive alone."""

    name: str
    kind: str
    base_url: str = ""
    public_only: bool = False


class SiteFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is the same for every post of this process."""

    version: str
    """Of mlcore, for X-Mailman-Version."""
    site_owner: str
    noreply: str = "noreply"
    """Local part of the sender of mail that nobody should answer."""
    site_name: str = ""
    """Local part of the addresses of the site, lower case; empty: there are none."""
    delimiter: str = "+"
    """Of sub-addresses."""
    default_language: str = "en"
    max_hops: int = 50
    max_header_bytes: int = 262_144
    max_header_fields: int = 2_000
    header_checks: tuple[HeaderMatch, ...] = ()
    """Of all lists; their action is not looked at."""
    jump_action: Action = Action.HOLD
    """Of hits among `header_checks`, and of a list's header matches without an action of their own."""
    email_commands_max_lines: int = 10
    hold_digest: bool = False
    masthead_threshold: int = 4
    mastheads: tuple[str, ...] = ()
    """Texts that digests of a list begin with, for the rule against quoting them: of every language."""
    check_max_size_on_filtered_message: bool = False
    filter_report: bool = False
    filtered_messages_are_preservable: bool = False
    sender_headers: tuple[str, ...] = ("from", "from_", "reply-to", "sender")
    """Which senders let a post in by what they are to its list: see `lists.senders`."""
    anonymous_list_keep_headers: tuple[str, ...] = ()
    """Regular expressions of X- fields that an anonymous list keeps."""
    remove_dkim_headers: bool = False
    verp_confirmations: bool = True
    verp_delivery_interval: int = 0
    """0: no VERP; N: for posts whose number N divides."""
    verp_personalized_deliveries: bool = False
    verp_max_volume: int = 1 << 30
    """Octets times recipients above which VERP is for some of them only."""
    one_click_url: str = ""
    """Of the page that ends a subscription (RFC 8058); empty: there is none."""
    archivers: tuple[ArchiverFacts, ...] = ()
    """Those that are switched on, in order."""
    max_autoresponses_per_day: int = 10
    """Hold notices and command results for one address; 0: no limit."""


class SenderFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One sender address of a post. address: as spelt; key: as it is compared; standing: what it is to this
    list, through any address of its user; vouches: whether that may let the post in (it stands in one of
    `SiteFacts.sender_headers`), otherwise it may only stop it; posts_today: posts of this key (accepted by
    this list) within the last 24 hours; lists: those posting addresses, out of the `@list` entries of
    accept_these_nonmembers, that it is a member of (lower case)."""

    address: str
    key: str
    banned: bool = False
    standing: SenderStanding = SenderStanding()
    vouches: bool = True
    posts_today: int = 0
    lists: frozenset[str] = frozenset()


class PostFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was gathered for one post before the rules (first pass)."""

    site: SiteFacts
    entry: str
    """Name of the spool entry; new Message-IDs and boundaries derive from its root."""
    now: float
    reverse_path: str
    purpose: str
    """`post` or `owner`."""
    senders: tuple[SenderFacts, ...] = ()
    """In the order of `lists.senders`; the first one is the sender."""
    size_bytes: int = 0
    """Of the message as it arrived."""
    approved: bool | None = None
    """Whether a password that came with the message is the moderators'; None: there was none."""
    moderator_approved: bool = False
    """A moderator has let it go: the rules do not run again."""
    dmarc_policy: str = ""
    """Of the domain in From: none, quarantine, reject; empty: there is none, or nobody has asked."""
    duplicate_of: str = ""
    """The entry by which this list got the same Message-ID with the same content within a day."""
    from_usenet: bool = False
    alias_domain: str = ""
    """Where mail for the list arrives besides at its mail host; empty: nowhere. The list has its addresses
    there too."""

    @property
    def sender(self) -> SenderFacts | None:
        """Who sent it; None: there is no valid sender address."""
        return self.senders[0] if self.senders else None

    @property
    def root(self) -> str:
        """The root of `entry`: the same on every way of this post."""
        return self.entry.partition(".")[0]


class RenderFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was gathered once nothing can drop the post any more (second pass)."""

    post: PostFacts
    number: int | None
    """The post number; None for owner mail."""
    recipients: tuple[Recipient, ...]
    """Regular members with delivery enabled (owners and moderators for owner mail), in member order; with
    `regular_include_lists` those of the included lists behind them."""
    excluded: frozenset[str] = frozenset()
    """Keys of members who get this very post by way of another list, and so no second copy from this one."""
    addressees: Mapping[str, Addressee] = {}
    """By address key, of the recipients of a list that sends personal copies; who is no member (owners of an
    umbrella list for one) is not in it."""
    digest_readers: bool = True
    """Whether any member takes digests, or nobody knows."""
    topic_choices: Mapping[str, TopicChoice] = {}
    """By address key, of members who chose topics."""
    base_url: str = ""
    """Of the list's domain; empty: none."""
    header: str = ""
    footer: str = ""
    """Templates of the list, in its language; empty: no decoration."""
    no_subject: str = "(no subject)"
    """In the list's language."""
    rule_hits: tuple[str, ...] = ()
    rule_misses: tuple[str, ...] = ()
    approved_at: float | None = None
    """When a moderator let it go."""
