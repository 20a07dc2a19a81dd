"""Which topics a post belongs to."""

import time

import pytest

from mlcore.lists import topics
from mlcore.lists.model import ListPolicy, Topic
from mlcore.lists.patterns import Patterns
from support.posts import draft, policy

TEA = Topic(name="Tea", pattern="tea")
ANTS = Topic(name="Ants", pattern="  ^emmet$ \n\n蟻")


def _list(*more: Topic, lines: int = 5) -> ListPolicy:
    return policy(topics_enabled=True, topics=more or (TEA, ANTS), topics_bodylines_limit=lines)


def _names(*lines: str | bytes, body: str = "", settings: ListPolicy | None = None) -> tuple[str, ...]:
    return topics.of(draft(*lines, body=body.encode()), settings or _list(), Patterns())


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("Subject: TEA at four", ("Tea",)),
        ("Subject: Coffee", ()),
        ("Subject:", ()),
        ("Subject: emmet", ("Ants",)),
        ("Subject: emmets", ()),
        ("Keywords: emmet", ("Ants",)),
        ("keywords: steam", ("Tea",)),
        ("Comments: tea", ()),
        ("Subject: =?utf-8?b?6J+744Gu5Lya?=", ("Ants",)),
        ("Subject: =?utf-8?b?6J+744Gu5Lya?= tea", ("Tea", "Ants")),
    ],
)
def test_subject_and_keywords(line: str, found: tuple[str, ...]) -> None:
    assert _names("From: tea@example.com", line) == found


def test_every_field_of_these_names_counts() -> None:
    assert _names("Subject: Coffee", "Keywords: x", "Keywords: tea") == ("Tea",)


@pytest.mark.row("attribute: topics_bodylines_limit")
@pytest.mark.parametrize(
    ("lines", "body", "found"),
    [
        (5, "Keywords: tea\r\n\r\nHello", ("Tea",)),
        (5, "\r\n\r\nsubject : x, tea\r\n", ("Tea",)),
        (5, "Comments: x\r\nKeywords: y\r\n tea\r\n", ("Tea",)),
        (5, "Comments: x\r\n tea\r\nHello", ()),
        (5, "Comments: tea\r\n", ()),
        (5, "Hello tea\r\n", ()),
        (5, "Hello\r\nKeywords: tea\r\n", ()),
        (5, "Subject: x\r\n\r\nKeywords: tea\r\n", ()),
        (5, "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nKeywords: tea\r\n", ("Tea",)),
        (4, "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nKeywords: tea\r\n", ()),
        (0, "Keywords: tea\r\n", ()),
        (-1, "A: 1\r\n" * 2_000 + "Keywords: tea\r\n", ("Tea",)),
        (-1, "", ()),
        (5, "\r\n", ()),
    ],
)
def test_lines_at_the_beginning_of_the_text(lines: int, body: str, found: tuple[str, ...]) -> None:
    assert _names("Subject: Coffee", body=body, settings=_list(lines=lines)) == found


def test_the_first_text_of_several_parts_is_read_and_decoded() -> None:
    header = ("Subject: Coffee", 'Content-Type: multipart/mixed; boundary="b"')
    parts = (
        "--b\r\nContent-Type: text/html\r\n\r\nKeywords: emmet\r\n"
        "--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        "S2V5d29yZHM6IHRlYQ==\r\n--b--\r\n"
    )
    assert _names(*header, body=parts) == ("Tea",)
    assert _names("Content-Type: image/png", body="Keywords: tea\r\n") == ()


def test_p7_a_message_too_complex_has_its_header_alone() -> None:
    deep = "".join(f"--{n}\r\nContent-Type: multipart/mixed; boundary={n + 1}\r\n\r\n" for n in range(200))
    header = ("Subject: tea", "Content-Type: multipart/mixed; boundary=0")
    assert _names(*header, body=deep) == ("Tea",)


def test_a_topic_without_patterns_and_a_bad_pattern_find_nothing() -> None:
    settings = _list(Topic(name="a", pattern=" \n"), Topic(name="b", pattern="("), TEA)
    assert _names("Subject: tea (", settings=settings) == ("Tea",)


def test_a_pattern_for_everything_needs_a_text() -> None:
    settings = _list(Topic(name="all", pattern=".*"))
    assert _names("From: a", "Subject:", "Keywords: ", settings=settings) == ()
    assert _names("Subject: x", settings=settings) == ("all",)


def test_p7_a_pattern_that_takes_too_long_finds_nothing_and_is_named() -> None:
    slow = Topic(name="slow", pattern="(x+x+)+y")
    post = draft("Subject: " + "x" * 5_000)
    started = time.process_time()
    patterns = Patterns()
    found = topics.of(post, _list(slow, Topic(name="x", pattern="^x")), patterns)
    assert time.process_time() - started < 1
    assert found in {("x",), ()}
    assert patterns.late[0] == "(x+x+)+y"


def test_p7_long_texts_are_cut() -> None:
    settings = _list(Topic(name="end", pattern="end$"))
    assert _names("Subject: " + "x" * 2_000 + "end", settings=settings) == ()
    body = "Keywords: " + "x" * 900 + "\r\n" + " y" * 900 + "\r\n end\r\n"
    assert _names("Subject: a", body=body, settings=settings) == ()
