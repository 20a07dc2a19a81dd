"""The section [mailman]: what concerns the whole site."""

from dataclasses import dataclass
from datetime import timedelta

from mlcore.config import values
from mlcore.config.option import option

LISTNAME_SIGNS = "[-_.+=!$*{}~0-9a-z]"
"""What `listname_chars` may allow at the most: none of it needs quoting in an address or in a Postfix map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailmanSettings:
    """What concerns the whole site."""

    site_owner: str = option(
        "",
        "A person or an alias who reads mail about this site; never a list of this site. Sender of"
        " notices to owners, and their recipient where a list has no owner. A start refuses it empty.",
        values.optional_address(),
        live=True,
    )
    noreply_address: str = option(
        "noreply",
        "Local part of the address under which mail goes out that nobody is to answer.",
        values.local_part(),
        live=True,
    )
    default_language: str = option(
        "en", "Language of texts where nothing nearer says otherwise.", values.language(), live=True
    )
    listname_chars: str = option(
        "[-_.0-9a-z]",
        "Signs that the name of a new list may have, as a class of a regular expression; at most"
        f" {LISTNAME_SIGNS}, and not verp_delimiter.",
        values.characters(LISTNAME_SIGNS),
        live=True,
    )
    site_list_name: str = option(
        "mailman",
        "Local part of the addresses of the site in each list domain: NAME-request answers commands about all"
        " lists, NAME and NAME-owner reach site_owner. No list may be called so.",
        values.local_part(),
    )
    sender_headers: tuple[str, ...] = option(
        ("from", "from_", "reply-to", "sender"),
        "Which addresses of a post let it in where they belong to the list: of these fields, and of the"
        " envelope (`from_`). Nothing proves that Reply-To and Sender are true. What is said against an"
        " address, a ban for one, counts in all four.",
        values.some_of("from", "from_", "reply-to", "sender"),
        live=True,
    )
    anonymous_list_keep_headers: tuple[str, ...] = option(
        (
            *("^x-mailman-", "^x-content-filtered-by:", "^x-topics:", "^x-ack:", "^x-beenthere:"),
            *("^x-list-administrivia:", "^x-spam-"),
        ),
        "Fields beginning with X- that posts to an anonymous list keep: regular expressions, without regard"
        " to case; a colon at the end ends the name.",
        values.patterns(),
        live=True,
    )
    email_commands_max_lines: int = option(
        10,
        "Lines of a mail to -request that are looked at for commands, and of a post for such lines.",
        values.integer(1, 100),
        live=True,
    )
    pending_request_life: timedelta = option(  # noqa: RUF009  (a dataclasses.field)
        timedelta(days=3),
        "How long a person can confirm a subscription or its end.",
        values.duration("1h", "90d"),
        live=True,
    )
    moderator_request_life: timedelta = option(  # noqa: RUF009  (a dataclasses.field)
        timedelta(days=180),
        "How long a request waits for a moderator.",
        values.duration("1d", "3650d"),
        live=True,
    )
    dsn_lifetime: timedelta = option(  # noqa: RUF009  (a dataclasses.field)
        timedelta(days=1),
        "How long a delivery report is kept, to be shown to those who are told of it.",
        values.duration("1h", "90d"),
        live=True,
    )
    one_click_url: str = option(
        "",
        "Address of the page by which one click ends a subscription (RFC 8058), as"
        " https://lists.example.org/unsubscribe; personal copies then name it with a token of their member."
        " Empty: there is no such page.",
        values.text(),
        live=True,
    )
    confirmations_per_day: int = option(
        3,
        "Requests for confirmation that one address gets in 24 hours, of all lists, while it answers none.",
        values.integer(1, 100),
        live=True,
    )
    mass_subscription: str = option(
        "direct",
        "direct: who may add members makes them members. invite: they are invited, and become members by"
        " their own answer; only addmembers --consented says that all of them have agreed.",
        values.choice("direct", "invite"),
        live=True,
    )
    remind_moderators: timedelta = option(  # noqa: RUF009  (a dataclasses.field)
        timedelta(days=1),
        "How often owners and moderators are told of what waits for them; 0s: never.",
        values.duration("0s", "90d"),
        live=True,
    )
    cache_life: timedelta = option(  # noqa: RUF009  (a dataclasses.field)
        timedelta(days=7),
        "How old a text fetched by HTTP may become before it is fetched again.",
        values.duration("1m", "365d"),
        live=True,
    )
    filtered_messages_are_preservable: bool = option(
        False,
        "Whether filter_action preserve keeps a copy in bad; otherwise the post is discarded.",
        values.boolean(),
        live=True,
    )
    filter_report: bool = option(
        False, "Whether a filtered post says at its end what was taken out.", values.boolean(), live=True
    )
    hold_digest: bool = option(
        False, "Whether replies that quote a digest as a whole are held.", values.boolean(), live=True
    )
    masthead_threshold: int = option(
        4, "Lines of a digest's beginning that make a post such a reply.", values.integer(1, 100), live=True
    )
    check_max_size_on_filtered_message: bool = option(
        False,
        "Whether max_message_size is compared with what the content filter leaves.",
        values.boolean(),
        live=True,
    )
    layout: str = option(
        "here",
        "Where files lie: here (./var), fhs (/var/lib/mlcore and so on), or a section [paths.NAME] of yours.",
        values.name(),
    )
