"""Words for a mail: found by language, filled in, wrapped."""

import pytest

from mlcore.lists.notices.desk import Desk, answered_by, each_once, named
from mlcore.lists.notices.letters import Answered, Person
from mlcore.lists.notices.phrases import SUBJECTS
from mlcore.lists.notices.writer import Writer
from mlcore.lists.reasons import Reason
from mlcore.texts.book import Book
from mlcore.texts.names import COMMON, TEMPLATES
from mlcore.texts.texts import Texts
from support.letters import ANNE, ANT, ARGUMENTS, ORIGINAL, WHEN, text, writer
from support.posts import SITE, policy
from support.texts import texts

WITH_PAGES = {"example.com": "https://lists.example.com/"}

TEMPLATE_OF = {
    "new_list": "domain:admin:notice:new-list",
    "held_owners": "list:admin:action:post",
    "request_join": "list:admin:action:subscribe",
    "request_leave": "list:admin:action:unsubscribe",
    "bounce_disable": "list:admin:notice:disable",
    "bounce_increment": "list:admin:notice:increment",
    "bounce_removal": "list:admin:notice:removal",
    "bounce_unrecognized": "list:admin:notice:unrecognized",
    "bounce_warning": "list:user:notice:warning",
    "probe": "list:user:notice:probe",
    "pending": "list:admin:notice:pending",
    "subscribed": "list:admin:notice:subscribe",
    "unsubscribed": "list:admin:notice:unsubscribe",
    "invite": "list:user:action:invite",
    "confirm_join": "list:user:action:subscribe",
    "confirm_leave": "list:user:action:unsubscribe",
    "goodbye": "list:user:notice:goodbye",
    "held_author": "list:user:notice:hold",
    "no_more_today": "list:user:notice:no-more-today",
    "acknowledged": "list:user:notice:post",
    "refused": "list:user:notice:refuse",
    "rejected": "list:user:notice:rejected",
    "welcome": "list:user:notice:welcome",
}


@pytest.mark.parametrize(("method", "name"), TEMPLATE_OF.items())
def test_every_placeholder_of_a_text_has_its_value(method: str, name: str) -> None:
    """A site may have a text of its own that names any of them."""
    wanted = sorted(COMMON | TEMPLATES[name].extra)
    own = "\n\n".join(f"    <{wish}>${wish}" for wish in wanted) + "\n"
    book = Book({}, files={"site": {("en", f"{name}.txt"): own}})
    made = getattr(Writer(Texts(book, {}), SITE, WITH_PAGES), method)(ANT, *ARGUMENTS[method], **WHEN)
    said = text(made)
    for wish in wanted:
        assert f"<{wish}>" in said
        assert f"${wish}" not in said


@pytest.mark.parametrize("method", TEMPLATE_OF)
def test_nothing_is_left_open_in_the_packaged_texts(method: str) -> None:
    for language in ("en", "ja"):
        about = policy(preferred_language=language)
        assert "$" not in text(getattr(writer(), method)(about, *ARGUMENTS[method], **WHEN))


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_text_is_wrapped_as_it_is_meant_to_be(name: str) -> None:
    long = "word " * 20
    book = Book({("en", f"{name}.txt"): f"{long}$display_name\n\n    {long}\n"})
    desk = Desk(Texts(book, {}), SITE)
    about = policy(display_name="name " * 20)
    said = desk.template(name, about, desk.voice(about), {}).split("\n")
    prose = [line for line in said if line and not line.startswith(" ")]
    wrapped = TEMPLATES[name].wrap
    assert (max(map(len, prose)) <= 70) is (wrapped == "after")
    assert (len(prose) > 1) is (wrapped != "")
    assert "    " + long in said


def test_texts_of_a_list_come_before_packaged_ones() -> None:
    own = {"lists/ant.example.com": {("en", "list:user:notice:goodbye.txt"): "Bye from $listname.\n"}}
    book = Book({("en", "list:user:notice:goodbye.txt"): "Bye.\n"}, files=own)
    about, other = policy(), policy(list_id="bee.example.com", list_name="bee")
    by = Writer(Texts(book, {}), SITE)
    assert text(by.goodbye(about, ANNE, **WHEN)) == "Bye from ant@example.com.\n"
    assert text(by.goodbye(other, ANNE, **WHEN)) == "Bye.\n"


def test_an_empty_text_makes_a_mail_without_words() -> None:
    by = Writer(Texts(Book({}), {}), SITE)
    assert text(by.goodbye(ANT, ANNE, **WHEN)) == ""


def test_reasons_in_the_language_of_the_reader() -> None:
    desk = writer()
    voice = desk.voice(ANT, "ja")
    assert desk.reasons(voice, [Reason("Message has more than {} recipients", "10")], 66) == (
        "    宛先が 10 件を超えています"
    )
    assert (
        desk.reasons(voice, [Reason("Nobody knows this one: {}", "x")], 66) == "    Nobody knows this one: x"
    )
    assert desk.reasons(voice, [], 66) == "    （理由は記されていません）"


def test_what_a_person_wrote_keeps_its_paragraphs() -> None:
    desk = writer()
    voice = desk.voice(ANT)
    written = desk.written(voice, "\r\nOne\r\n\r\n" + "two " * 10 + "\x07\n", 20)
    assert written == "    One\n\n    two two two two two\n    two two two two two"
    assert desk.written(voice, " \n ", 20) == "    (no reason was\n    given)"


def test_who_it_is_on_one_line() -> None:
    assert named(Person("a@example.org", "Anne\r\nBcc: x")) == "Anne Bcc: x <a@example.org>"
    assert named(Person("a@example.org")) == "a@example.org"


def test_what_a_message_is_called() -> None:
    assert answered_by(ORIGINAL) == Answered(message_id="<one@example.org>")
    assert answered_by(b"") == Answered()


def test_each_once() -> None:
    assert each_once(["b", "a", "b"]) == ("b", "a")


def test_phrases_for_owners() -> None:
    say = writer().saying(policy(preferred_language="ja"))
    assert say("(no subject)") == "（件名なし）"


def test_pages_of_a_domain() -> None:
    desk = Desk(texts(), SITE, WITH_PAGES)
    assert desk.voice(ANT).values["held_message_url"] == (
        "https://lists.example.com/lists/ant.example.com/held_messages"
    )
    assert "held_message_url" not in Desk(texts(), SITE).voice(ANT).values
    assert desk.voice(None).values == {}
    assert set(SUBJECTS) >= {"welcome", "pending"}
