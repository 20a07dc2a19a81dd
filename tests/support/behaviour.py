"""What a list server like this has to do, row by row, and which test is about each row.

The rows are written out here, and not taken from the code: what the code lacks would not be missed."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

TESTS: Final = Path(__file__).parent.parent

_RULES: Final = [
    "administrivia",
    "any",
    "approved",
    "auto-reply",
    "banned-address",
    "digests",
    "dmarc-mitigation",
    "duplicate",
    "emergency",
    "header-limits",
    "header-match",
    "implicit-dest",
    "loop",
    "max-recipients",
    "max-size",
    "member-moderation",
    "mime-limits",
    "news-moderation",
    "no-senders",
    "no-subject",
    "nonmember-moderation",
    "posting-rate",
    "restricted-member",
    "spam-score",
    "suspicious-header",
    "truth",
]
_CHAINS: Final = [
    "default-posting-chain",
    "default-owner-chain",
    "header-match",
    "dmarc",
    "moderation",
    "accept",
    "hold",
    "reject",
    "discard",
]
_TERMINALS: Final = ["accept", "hold", "reject", "discard", "forward", "preserve"]
_DECISIONS: Final = [
    "accept",
    "reject",
    "discard",
    "forward",
    "reply with Approved",
    "plain reply",
    "none in time",
]
_FIELDS: Final = [
    "Archived-At",
    "Auto-Submitted",
    "Cc",
    "Date",
    "Delivered-To",
    "From",
    "List-Archive",
    "List-Help",
    "List-Id",
    "List-Owner",
    "List-Post",
    "List-Subscribe",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Message-ID",
    "Precedence",
    "Reply-To",
    "Subject",
    "To",
    "X-Content-Filtered-By",
    "X-Mailman-Approved-At",
    "X-Mailman-Copy",
    "X-Mailman-Rule-Hits",
    "X-Mailman-Rule-Misses",
    "X-Mailman-Version",
    "X-No-Archive",
    "X-Original-Date",
    "X-Topics",
]
_HANDLERS: Final = [
    "mime-delete",
    "tagger",
    "member-recipients",
    "avoid-duplicates",
    "cleanse",
    "cleanse-dkim",
    "cook-headers",
    "subject-prefix",
    "rfc-2369",
    "after-delivery",
    "acknowledge",
    "dmarc",
    "decorate",
    "owner-recipients",
    "to-outgoing",
    "anonymous",
    "rule-headers",
    "date",
    "message-id",
    "to-archive",
    "to-digest",
    "personalize",
]
_PIPELINES: Final = ["default-posting-pipeline", "default-owner-pipeline", "virgin"]
_PREFERENCES: Final = [
    "acknowledge_posts",
    "delivery_mode",
    "delivery_status",
    "hide_address",
    "preferred_language",
    "receive_list_copy",
    "receive_own_postings",
]
_COMMANDS: Final = [
    "confirm",
    "echo",
    "end",
    "help",
    "join",
    "leave",
    "set",
    "show",
    "stop",
    "subscribe",
    "unsubscribe",
    "who",
    "lists",
]
_MAILS: Final = [
    "confirm_join",
    "invite",
    "confirm_leave",
    "welcome",
    "goodbye",
    "subscribed",
    "unsubscribed",
    "request_join",
    "request_leave",
    "held_author",
    "no_more_today",
    "held_owners",
    "rejected",
    "refused",
    "forwarded",
    "acknowledged",
    "results",
    "filtered",
    "pending",
    "new_list",
    "shunted",
    "autoresponse",
    "probe",
    "bounce_warning",
    "bounce_increment",
    "bounce_disable",
    "bounce_removal",
    "bounce_unrecognized",
    "complaint",
]
_JOIN: Final = (
    "open/verified",
    "open/unverified",
    "confirm/verified",
    "confirm/verified+confirmed",
    "confirm/unverified",
    "moderate/verified",
    "moderate/verified+approved",
    "moderate/unverified",
    "confirm_then_moderate/verified",
    "confirm_then_moderate/verified+confirmed",
    "confirm_then_moderate/verified+confirmed+approved",
    "confirm_then_moderate/unverified",
    "invitation",
)
_LEAVE: Final = (
    "open",
    "confirm",
    "confirm/confirmed",
    "moderate",
    "moderate/approved",
    "confirm_then_moderate",
    "confirm_then_moderate/confirmed",
    "confirm_then_moderate/confirmed+approved",
)
_TEMPLATES: Final = [
    "domain:admin:notice:new-list",
    "list:admin:action:post",
    "list:admin:action:subscribe",
    "list:admin:action:unsubscribe",
    "list:admin:notice:disable",
    "list:admin:notice:increment",
    "list:admin:notice:pending",
    "list:admin:notice:removal",
    "list:admin:notice:subscribe",
    "list:admin:notice:unrecognized",
    "list:admin:notice:unsubscribe",
    "list:member:digest:footer",
    "list:member:digest:header",
    "list:member:digest:masthead",
    "list:member:regular:footer",
    "list:member:regular:header",
    "list:user:action:invite",
    "list:user:action:subscribe",
    "list:user:action:unsubscribe",
    "list:user:notice:goodbye",
    "list:user:notice:hold",
    "list:user:notice:no-more-today",
    "list:user:notice:post",
    "list:user:notice:probe",
    "list:user:notice:refuse",
    "list:user:notice:rejected",
    "list:user:notice:warning",
    "list:user:notice:welcome",
]
_ATTRIBUTES: Final = [
    "accept_these_nonmembers",
    "acceptable_aliases",
    "admin_immed_notify",
    "admin_notify_mchanges",
    "administrivia",
    "advertised",
    "allow_list_posts",
    "anonymous_list",
    "archive_policy",
    "autorespond_owner",
    "autorespond_postings",
    "autorespond_requests",
    "autoresponse_grace_period",
    "autoresponse_owner_text",
    "autoresponse_postings_text",
    "autoresponse_request_text",
    "bounce_info_stale_after",
    "bounce_matching_headers",
    "bounce_notify_owner_on_bounce_increment",
    "bounce_notify_owner_on_disable",
    "bounce_notify_owner_on_removal",
    "bounce_score_threshold",
    "bounce_you_are_disabled_warnings",
    "bounce_you_are_disabled_warnings_interval",
    "charset",
    "collapse_alternatives",
    "convert_html_to_plaintext",
    "default_member_action",
    "default_nonmember_action",
    "description",
    "digest_send_periodic",
    "digest_size_threshold",
    "digest_volume_frequency",
    "digests_enabled",
    "disabled_archivers",
    "discard_these_nonmembers",
    "display_name",
    "dmarc_addresses",
    "dmarc_mitigate_action",
    "dmarc_mitigate_unconditionally",
    "dmarc_moderation_notice",
    "dmarc_wrapped_message_text",
    "emergency",
    "filter_action",
    "filter_content",
    "filter_extensions",
    "filter_types",
    "first_strip_reply_to",
    "forward_unrecognized_bounces_to",
    "header_matches",
    "hold_these_nonmembers",
    "include_rfc2369_headers",
    "info",
    "max_days_to_hold",
    "max_message_size",
    "max_num_recipients",
    "max_posts_per_day",
    "member_roster_visibility",
    "moderator_password",
    "newsgroup_moderation",
    "owner_chain",
    "owner_pipeline",
    "pass_extensions",
    "pass_types",
    "personalize",
    "posting_chain",
    "posting_pipeline",
    "preferred_language",
    "process_bounces",
    "regular_exclude_lists",
    "regular_include_lists",
    "reject_these_nonmembers",
    "reply_goes_to_list",
    "reply_to_address",
    "require_explicit_destination",
    "respond_to_post_requests",
    "send_goodbye_message",
    "send_welcome_message",
    "spam_discard_score",
    "spam_hold_score",
    "subject_prefix",
    "subscription_policy",
    "topics",
    "topics_bodylines_limit",
    "topics_enabled",
    "unsubscription_policy",
]

_KEPT: Final = [
    "archive_rendering_mode",
    "gateway_to_mail",
    "gateway_to_news",
    "linked_newsgroup",
    "nntp_prefix_subject_too",
]

ROWS: Final[Mapping[str, Sequence[str]]] = {
    "rule": _RULES,
    "chain": _CHAINS,
    "terminal": _TERMINALS,
    "decision": _DECISIONS,
    "handler": _HANDLERS,
    "pipeline": _PIPELINES,
    "field": _FIELDS,
    "attribute": _ATTRIBUTES,
    "kept": _KEPT,
    "preference": _PREFERENCES,
    "join": _JOIN,
    "leave": _LEAVE,
    "command": _COMMANDS,
    "mail": _MAILS,
    "template": _TEMPLATES,
}
"""Kind → names. A test says `@pytest.mark.row("KIND: NAME")`, or `KIND: *` where it is about each of them."""

TITLES: Final[Mapping[str, str]] = {
    "rule": "Rules",
    "chain": "Chains",
    "terminal": "What becomes of a post",
    "decision": "What a moderator decides about a held post",
    "handler": "Handlers",
    "pipeline": "Pipelines",
    "field": "Header fields that are written",
    "attribute": "Settings of a list that act",
    "kept": "Settings of a list that are kept, and nothing acts on them yet",
    "preference": "Preferences of a member",
    "join": "The way in: policy of the list / what is known of the address",
    "leave": "The way out: policy of the list / what is known of the wish",
    "command": "Commands by mail",
    "mail": "Mail that mlcore writes",
    "template": "Texts that a site may replace",
}

_HEAD: Final = """\
# What a list decides, and the test of each part

Made by `tools/behaviour-table` from the marks of the tests. `make check` fails for a row without a test, for
a mark that names no row, and where this page is not what the tool would write.
"""
_EACH: Final = "*"
_MOST: Final = 4
"""Tests that a row shows; `grep -rn 'KIND: NAME' tests` finds the others."""


class Found(NamedTuple):
    """label: `KIND: NAME`; test: path below tests/, `::`, name of the function."""

    label: str
    test: str


def collect(tests: Path = TESTS) -> list[Found]:
    """The marks of all tests below `tests`, in order. Raises ValueError for a mark that is not written on a
    test, or whose label is made by code: it might be on none.

    The files are read, not imported: that takes half a second instead of a quarter of a minute."""
    found: list[Found] = []
    for path in sorted(tests.rglob("test_*.py")):
        text = path.read_text("utf-8")
        if "mark.row" in text:
            found += [
                Found(label, f"{path.relative_to(tests)}::{name}") for label, name in marks(text, str(path))
            ]
    return found


def marks(text: str, path: str) -> Iterator[tuple[str, str]]:
    """Label and name of the test, of each mark in the source of a module. Raises ValueError as above; path:
    for its text."""
    tree = ast.parse(text, path)
    seen: set[ast.AST] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            for mark in _marks_in(node.decorator_list):
                seen.add(mark)
                for argument in mark.args:
                    try:
                        label = ast.literal_eval(argument)
                    except ValueError:
                        raise ValueError(f"{path}:{mark.lineno}: the label is no literal") from None
                    yield label, node.name
    for mark in _marks_in([tree]):
        if mark not in seen:
            raise ValueError(f"{path}:{mark.lineno}: this mark is on no test")


def _marks_in(nodes: Iterable[ast.AST]) -> Iterator[ast.Call]:
    for top in nodes:
        for node in ast.walk(top):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.row":
                yield node


def labels() -> list[str]:
    """Every row."""
    return [f"{kind}: {name}" for kind, names in ROWS.items() for name in names]


def untested(found: Iterable[Found]) -> list[str]:
    """The rows that no test is about."""
    covered = {one.label for one in found}
    return [
        label
        for label in labels()
        if label not in covered and f"{label.partition(':')[0]}: {_EACH}" not in covered
    ]


def unknown(found: Iterable[Found]) -> list[Found]:
    """The marks that name no row."""
    rows = {*labels(), *(f"{kind}: {_EACH}" for kind in ROWS)}
    return [one for one in found if one.label not in rows]


def table(found: Iterable[Found]) -> str:
    """docs/behaviour.md."""
    tests: dict[str, list[str]] = {}
    for one in found:
        tests.setdefault(one.label, []).append(one.test)
    parts = [_HEAD]
    for kind, names in ROWS.items():
        parts.append(f"\n## {TITLES[kind]}\n")
        each = _shown(tests.get(f"{kind}: {_EACH}", ()))
        if each:
            parts.append(f"\nEach of them: {', '.join(each)}.\n")
        parts.append(f"\n| {kind} | tests |\n|---|---|\n")
        for name in sorted(names):
            shown = _shown(tests.get(f"{kind}: {name}", ()))
            parts.append(f"| `{name}` | {'<br>'.join(shown)} |\n")
    return "".join(parts)


def _shown(tests: Iterable[str]) -> list[str]:
    return [f"`{test}`" for test in sorted(set(tests))[:_MOST]]
