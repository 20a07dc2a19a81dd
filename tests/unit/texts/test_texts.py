"""Texts and translations together."""

from mlcore.texts.book import Book
from mlcore.texts.catalog import Catalog
from mlcore.texts.texts import Texts

TEXTS = Texts(
    Book({("en", "help.txt"): "Help", ("ja", "help.txt"): "ヘルプ"}),
    {
        "ja": Catalog(lambda text: {"held": "保留"}.get(text, text)),
        "zh_Hant": Catalog(lambda text: {"held": "保留中"}.get(text, text)),
    },
)


def test_a_text_in_the_language_that_is_wanted() -> None:
    assert TEXTS.template("help", "ant.example.com", "example.com", ("ja", "en")) == "ヘルプ"
    assert TEXTS.template("help", "", "", ("fr", "en")) == "Help"


def test_said_in_the_first_language_that_can() -> None:
    assert TEXTS.say(("fr", "ja", "en"), "held") == "保留"
    assert TEXTS.say(("fr", "en", "ja"), "held") == "held"
    assert TEXTS.say("ja", "held") == "保留"
    assert TEXTS.say("zh_TW", "held") == "保留中"
    assert TEXTS.say("fr", "held") == "held"


def test_what_no_catalogue_has_is_said_in_english() -> None:
    assert TEXTS.say(("ja", "en"), "unheard of") == "unheard of"
    assert not TEXTS.say((), "")


def test_english_of_a_country_is_english() -> None:
    assert TEXTS.say(("en_GB", "ja"), "held") == "held"
