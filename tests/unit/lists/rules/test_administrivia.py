"""Commands in posts."""

import pytest

from mlcore.lists.reasons import Reason
from mlcore.lists.rules.administrivia import rule
from mlcore.lists.verdict import Hit
from support.posts import SITE, draft, policy, post_facts

HIT = Hit("administrivia", Reason("Message contains administrivia"))
WORDS = {
    "confirm": (1, 1),
    "help": (0, 0),
    "info": (0, 0),
    "lists": (0, 0),
    "options": (0, 0),
    "password": (2, 2),
    "remove": (0, 0),
    "set": (3, 3),
    "subscribe": (0, 3),
    "unsubscribe": (0, 1),
    "who": (0, 2),
}


def _hit(subject: str, body: str = "", **settings: object) -> Hit | None:
    made = draft(f"Subject: {subject}", "Content-Type: text/plain; charset=utf-8", body=body.encode())
    return rule(made, policy(**settings), post_facts())


@pytest.mark.row("rule: administrivia")
@pytest.mark.row("attribute: administrivia")
@pytest.mark.parametrize("word", WORDS)
def test_words_and_numbers_of_arguments(word: str) -> None:
    least, most = WORDS[word]
    for count in range(8):
        line = " ".join([word.title(), *["x"] * count])
        expected = HIT if least <= count <= most else None
        assert _hit(f"  {line}  ") == expected
        assert _hit("Tea", f"\r\n\r\n  {line}\t\r\n") == expected
        assert _hit(line, administrivia=False) is None


@pytest.mark.parametrize(
    "subject", ["Re: unsubscribe", "please help", "helpful", "tea", "", "ヘルプ", "Ｈello", "=?utf-8?q?=20?="]
)
def test_other_subjects_are_none(subject: str) -> None:
    assert _hit(subject) is None


@pytest.mark.parametrize("word", ["ｕｎｓｕｂｓｃｒｉｂｅ", "ＨＥＬＰ", "Ｈelp", "help　"])
def test_full_width_letters_are_letters(word: str) -> None:
    assert _hit(word) == HIT
    assert _hit("Tea", word) == HIT


def test_the_first_lines_with_text_count() -> None:
    facts = post_facts(site=SITE)
    lines = "\r\n\r\n".join(f"line {number}" for number in range(9))
    assert _hit("Tea", f"{lines}\r\nhelp\r\n") == HIT
    assert _hit("Tea", f"{lines}\r\nline\r\nhelp\r\n") is None
    assert facts.site.email_commands_max_lines == 10


def test_nothing_but_html_has_no_lines() -> None:
    made = draft("Subject: Tea", "Content-Type: text/html", body=b"help\r\n")
    assert rule(made, policy(), post_facts()) is None
    assert rule(draft("X-A: b", body=b""), policy(), post_facts()) is None
