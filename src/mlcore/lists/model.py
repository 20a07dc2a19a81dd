"""What a list is, as values: the rows of the store become these before they leave it."""

import enum
from collections.abc import Mapping, Sequence

import msgspec


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


class ReplyGoesToList(enum.StrEnum):
    """What happens to Reply-To (mail flow, cook-headers)."""

    NO_MUNGING = "no_munging"
    POINT_TO_LIST = "point_to_list"
    EXPLICIT_HEADER = "explicit_header"
    EXPLICIT_HEADER_ONLY = "explicit_header_only"


class ListPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one list; cached by the store until their generation changes.

    list_name and mail_host are lower case; list_id is `name.host`."""

    list_id: str
    list_name: str
    mail_host: str
    display_name: str
    description: str = ""
    subject_prefix: str = ""
    """May hold %d, %03d …; a trailing blank counts."""
    preferred_language: str = "en"
    allow_list_posts: bool = True
    include_rfc2369_headers: bool = True
    reply_goes_to_list: ReplyGoesToList = ReplyGoesToList.NO_MUNGING
    reply_to_address: str = ""
    first_strip_reply_to: bool = False

    @property
    def posting_address(self) -> str:
        """`name@host`."""
        return f"{self.list_name}@{self.mail_host}"

    def sub_address(self, purpose: str) -> str:
        """`name-purpose@host` for owner, bounces, confirm, join, leave, request."""
        return f"{self.list_name}-{purpose}@{self.mail_host}"


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One membership as commands show it."""

    address: str
    display_name: str = ""
    role: Role = Role.MEMBER
    delivery_mode: DeliveryMode = DeliveryMode.REGULAR
    delivery_status: DeliveryStatus = DeliveryStatus.ENABLED
    receive_own_postings: bool = True
    receive_list_copy: bool = True


class Recipient(msgspec.Struct, frozen=True):
    """One member who gets regular delivery, as the pipeline needs it (plain columns, no row objects)."""

    address: str
    own_postings: bool = True
    list_copy: bool = True


class Roster(msgspec.Struct, frozen=True):
    """Everybody on a small list. roles: by address key, of all roles; recipients: who gets regular delivery,
    in the order of membership."""

    recipients: tuple[Recipient, ...]
    roles: Mapping[str, frozenset[Role]]

    def roles_of(self, keys: Sequence[str]) -> frozenset[Role]:
        """The roles of the first of `keys` that has any; empty: none has."""
        return next((self.roles[key] for key in keys if key in self.roles), frozenset())
