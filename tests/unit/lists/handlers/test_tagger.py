"""Posts say which topics they belong to."""

import pytest

from mlcore.lists.handlers.tagger import handler
from mlcore.lists.model import Topic
from mlcore.lists.patterns import Patterns
from mlcore.mail.fields import split
from support.posts import draft, policy, render_facts

TOPICS = (Topic(name="Tea", pattern=r"\btea\b"), Topic(name="蟻", pattern="蟻|ants?"))
LIST = policy(topics_enabled=True, topics=TOPICS)


@pytest.mark.row("field: X-Topics")
@pytest.mark.row("handler: tagger")
@pytest.mark.row("attribute: topics")
def test_the_names_stand_in_the_draft_and_on_top() -> None:
    made = handler(draft("Subject: TEA for ants", "X-Topics: forged"), LIST, render_facts(), Patterns())
    assert made.topics == ("Tea", "蟻")
    assert made.fields.names() == ("x-topics", "subject")
    assert made.fields.text("x-topics") == "Tea, 蟻"


def test_no_topic_no_field() -> None:
    made = handler(draft("Subject: Coffee", "X-Topics: forged"), LIST, render_facts(), Patterns())
    assert made.topics == ()
    assert made.fields.octets() == b"Subject: Coffee\r\n"


@pytest.mark.row("attribute: topics_enabled")
def test_p8_a_list_without_topics_touches_nothing() -> None:
    made = draft("Subject: Tea", "X-Topics: of another list")
    assert handler(made, policy(topics=TOPICS), render_facts(), Patterns()) is made


def test_p9_no_name_adds_a_field() -> None:
    evil = policy(topics_enabled=True, topics=(Topic(name="x\r\nBcc: evil@example.net", pattern="tea"),))
    made = handler(draft("Subject: Tea"), evil, render_facts(), Patterns())
    assert split(made.octets())[0].names() == ("x-topics", "subject")
