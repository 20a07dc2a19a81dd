"""The handler that filters content: what it decides, and what it writes."""

import time

import msgspec
import pytest

from mlcore.lists import filtering
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts
from mlcore.lists.handlers.content_filter import handler
from mlcore.lists.model import FilterAction, ListPolicy
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Discard, Reject, Trail
from support.odd_messages import (
    HTML,
    IMAGE,
    PROGRAM,
    SIGNED,
    TEXT,
    many,
    multipart,
    nested,
    odd_messages,
    whole,
)
from support.posts import PLAIN, SITE, policy, post_facts
from support.shapes import shapes

MIXED = b"multipart/mixed"
HELD = ["multipart/mixed"]
IN_SIGNED = ["multipart/signed", "text/plain", "application/pgp-signature"]


def _policy(**settings: object) -> ListPolicy:
    return policy(**({"filter_content": True} | settings))


def _facts(**site: object) -> PostFacts:
    return post_facts(site=msgspec.structs.replace(SITE, **site))


def _made(octets: bytes, settings: ListPolicy, facts: PostFacts | None = None) -> Draft:
    made = handler(Draft.post(octets), settings, facts or post_facts())
    assert isinstance(made, Draft)
    return made


@pytest.mark.row("handler: mime-delete")
@pytest.mark.row("attribute: filter_content")
def test_p8_without_a_filter_nothing_is_taken_apart() -> None:
    draft = Draft.post(whole(multipart(MIXED, TEXT, PROGRAM)))
    assert handler(draft, policy(filter_types=("application",)), post_facts()) is draft
    assert draft._parsed == []
    made = handler(draft, _policy(filter_types=("application",)), post_facts())
    assert isinstance(made, Draft)
    assert made.part().type == "text/plain"


@pytest.mark.row("attribute: filter_content")
@pytest.mark.parametrize("octets", [PLAIN, whole(SIGNED), *[octets for _, octets in shapes()]])
def test_p8_a_filter_that_finds_nothing_changes_nothing(octets: bytes) -> None:
    draft = Draft.post(octets)
    settings = _policy(filter_types=("application/x-msdownload",), collapse_alternatives=False)
    made = handler(draft, settings, _facts(filter_report=True))
    if len(draft.part().children) != 1:
        assert made is draft


def test_a_needless_container_is_not_reported() -> None:
    made = _made(whole(multipart(MIXED, TEXT)), _policy(), _facts(filter_report=True))
    assert made.octets().endswith(
        b"X-Content-Filtered-By: mlcore/0.1.0\r\n\r\nThe meeting begins at four.\r\n"
    )


@pytest.mark.row("field: X-Content-Filtered-By")
@pytest.mark.row("handler: mime-delete")
def test_what_was_changed_is_marked() -> None:
    draft = Draft.post(whole(multipart(MIXED, SIGNED, IMAGE, PROGRAM))).with_topics(("tea",))
    made = handler(draft, _policy(filter_extensions=("exe",)), post_facts())
    assert isinstance(made, Draft)
    assert made.fields.text("x-content-filtered-by") == "mlcore/0.1.0"
    assert made.fields.names()[:-1] == draft.fields.names()
    assert made.topics == ("tea",)
    assert [child.octets() for child in made.part().children] == [SIGNED, IMAGE]


@pytest.mark.row("attribute: filter_action")
@pytest.mark.parametrize(
    ("action", "preservable", "expected"),
    [
        pytest.param("reject", False, Reject, marks=pytest.mark.row("terminal: reject")),
        pytest.param("discard", False, Discard, marks=pytest.mark.row("terminal: discard")),
        pytest.param("forward", False, Discard, marks=pytest.mark.row("terminal: forward")),
        pytest.param("preserve", True, Discard, marks=pytest.mark.row("terminal: preserve")),
        pytest.param("preserve", False, Discard, marks=pytest.mark.row("terminal: preserve")),
    ],
)
def test_what_becomes_of_a_post_of_which_nothing_is_left(
    action: str, preservable: bool, expected: type[Reject | Discard]
) -> None:
    settings = _policy(filter_action=FilterAction(action), filter_types=("text/html",))
    facts = _facts(filtered_messages_are_preservable=preservable)
    made = handler(Draft.post(whole(HTML)), settings, facts)
    trail = Trail(reasons=(filtering.TYPE_DISALLOWED,), by="mime-delete")
    if expected is Reject:
        assert made == Reject(trail)
    else:
        assert made == Discard(trail, forward=action == "forward", preserve=preservable)


@pytest.mark.row("attribute: filter_action")
def test_a_rest_of_nothing_is_disposed_of() -> None:
    settings = _policy(filter_action=FilterAction.REJECT, filter_types=("text", "image"))
    made = handler(Draft.post(whole(multipart(MIXED, TEXT, IMAGE))), settings, post_facts())
    assert isinstance(made, Reject)
    assert [reason.english for reason in made.trail.reasons] == [
        "After content filtering, the message was empty"
    ]


@pytest.mark.parametrize("octets", [many(1001), nested(101)])
def test_p7_what_is_too_complex_passes_unchanged_once_a_moderator_has_seen_it(octets: bytes) -> None:
    draft = Draft.post(octets)
    facts = post_facts(moderator_approved=True)
    assert handler(draft, _policy(filter_types=("text",)), facts) is draft


@pytest.mark.parametrize("octets", [many(1001), nested(101)])
def test_p7_nobody_passes_the_filter_by_many_parts(octets: bytes) -> None:
    """No rule looks at the posts of those whom the list accepts at once."""
    decided = handler(Draft.post(octets), _policy(filter_action=FilterAction.REJECT), post_facts())
    assert isinstance(decided, Reject)
    assert decided.trail.reasons == (Reason("The structure of the message is too complex"),)


def test_a_report_says_what_was_done() -> None:
    octets = whole(
        multipart(
            MIXED,
            multipart(b"multipart/alternative", TEXT, HTML, boundary=b"x"),
            HTML,
            *[PROGRAM.replace(b"tea.exe", b"tea%d.exe" % n) for n in range(23)],
        )
    )
    settings = _policy(filter_extensions=("exe",), convert_html_to_plaintext=True)
    made = _made(octets, settings, _facts(filter_report=True))
    report = made.part().children[-1].text()
    lines = report.splitlines()
    assert lines[1] == "The content filter of this list has changed this post."
    assert lines[2] == "  Left out: application/x-msdownload (tea0.exe)"
    assert lines[22:] == [
        "  and 3 more parts",
        "  Of alternatives for the same text the first was kept.",
        "  HTML was made plain text.",
    ]
    assert _made(octets, settings).part().children[-1].text() == "The meeting begins at four.\n"


@pytest.mark.parametrize(
    ("octets", "types"),
    [
        (whole(multipart(MIXED, TEXT, PROGRAM)), ["text/plain"]),
        (whole(multipart(MIXED, TEXT, IMAGE, PROGRAM)), [*HELD, "text/plain", "image/png", "text/plain"]),
        (whole(multipart(MIXED, SIGNED, PROGRAM)), [*HELD, *IN_SIGNED, "text/plain"]),
        (dict(odd_messages())["name-unquoted-with-blanks"], ["text/plain"]),
    ],
)  # fmt: skip
def test_where_the_report_stands(octets: bytes, types: list[str]) -> None:
    made = _made(octets, _policy(filter_extensions=("exe",)), _facts(filter_report=True))
    assert [found.type for found in made.part().walk()] == types
    texts = [found.text() for found in made.part().walk() if found.type == "text/plain"]
    assert "Left out: application/" in texts[-1]
    assert texts[0].startswith("The meeting begins at four.\n")


def test_p9_no_name_of_a_file_adds_a_line() -> None:
    octets = dict(odd_messages())["name-of-controls"].replace(b"\x07\t", b"=?utf-8?q?=0D=0ABcc:_x=0D=0A?= ")
    made = _made(octets, _policy(filter_extensions=("exe",)), _facts(filter_report=True))
    assert made.body.count(b"\nBcc") == 0
    assert made.fields.names() == (
        "from", "to", "subject", "mime-version", "content-type", "x-content-filtered-by",
    )  # fmt: skip


def test_a_filter_that_only_looks_costs_little() -> None:
    drafts = [Draft.post(PLAIN + b"x\r\n" * 1_300) for _ in range(200)]
    settings = _policy(filter_types=("image",), pass_types=("text", "multipart"), filter_extensions=("exe",))
    facts = post_facts()
    started = time.process_time()
    for draft in drafts:
        assert handler(draft, settings, facts) is draft
    assert (time.process_time() - started) / 200 < 0.002
