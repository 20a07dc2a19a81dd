"""Translations of short texts."""

from mlcore.texts.catalog import Catalog


def test_the_translation_or_the_text_itself() -> None:
    catalog = Catalog(lambda text: {"": "Language: ja\n", "held": "保留"}.get(text, text))
    assert catalog.say("held") == "保留"
    assert catalog.say("unknown") == "unknown"


def test_the_header_of_a_catalogue_is_not_said() -> None:
    assert not Catalog(lambda _text: "Content-Type: text/plain").say("")
