"""The packaged texts: each is there in English and Japanese, complete, and fit to be sent."""

import re
import unicodedata

import pytest

from mlcore.sources.packaged import leaves
from mlcore.texts.expand import placeholders
from mlcore.texts.fill import width
from mlcore.texts.names import FILES, HELP

LANGUAGES = ("en", "ja")
LEAVES = leaves()
EMPTY = {"list:member:digest:header", "list:member:regular:header"}
BY_GENERIC_FOOTER = {"list:member:digest:footer", "list:member:regular:footer"}
NAMES = sorted(set(FILES) - BY_GENERIC_FOOTER)
WITH_WORDS = [(language, name) for language in LANGUAGES for name in NAMES if name not in EMPTY]
JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
ADDRESSES = {"owner_email", "request_email", "site_email", "user_email", "sender_email", "member"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_texts_are_there_and_no_others(language: str) -> None:
    assert sorted(name for code, name in LEAVES if code == language) == sorted(
        f"{name}.txt" for name in NAMES
    )
    for name in EMPTY:
        assert LEAVES[language, f"{name}.txt"] == ""


@pytest.mark.parametrize(("language", "name"), WITH_WORDS)
def test_a_text_names_only_what_is_filled_in(language: str, name: str) -> None:
    text = LEAVES[language, f"{name}.txt"]
    assert [one for one in placeholders(text) if not FILES[name].knows(one)] == []
    # both languages tell the same
    assert set(placeholders(text)) == set(placeholders(LEAVES["en", f"{name}.txt"]))


@pytest.mark.parametrize(("language", "name"), WITH_WORDS)
def test_a_text_is_tidy(language: str, name: str) -> None:
    text = LEAVES[language, f"{name}.txt"]
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert text == unicodedata.normalize("NFC", text)
    lines = text.split("\n")
    assert [line for line in lines if line != line.rstrip()] == []
    if not FILES[name].wrap:
        assert [line for line in lines if width(line) > 70] == []


@pytest.mark.parametrize(("language", "name"), WITH_WORDS)
def test_addresses_stand_on_lines_of_their_own(language: str, name: str) -> None:
    """So that a reader sees where they begin and end, and no line break is put into them."""
    for line in LEAVES[language, f"{name}.txt"].split("\n"):
        if ADDRESSES & set(placeholders(line)):
            assert line.startswith("    ")


@pytest.mark.parametrize(("language", "name"), WITH_WORDS)
def test_no_text_asks_to_follow_a_link(language: str, name: str) -> None:
    assert "http" not in LEAVES[language, f"{name}.txt"]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in EMPTY])
def test_japanese_is_polite_and_written_as_japanese_is(name: str) -> None:
    text = LEAVES["ja", f"{name}.txt"]
    assert JAPANESE.search(text)
    if name != HELP:
        assert re.search("です。|ます。|ました。|ません。|ください", text)
    # no punctuation of other scripts beside Japanese, no half-width katakana
    assert re.search("[\u3040-\u30ff\u4e00-\u9fff][,.!?;:]", text) is None
    assert re.search("[\uff61-\uff9f]", text) is None
    assert re.search("(?m)^[、。」）]", text) is None


def test_a_masthead_can_be_known_again_by_its_lines() -> None:
    """The rule against quoted digests counts the lines that are found again, four unless told otherwise."""
    for language in LANGUAGES:
        text = LEAVES[language, "list:member:digest:masthead.txt"]
        assert len([line for line in text.split("\n") if line.strip()]) >= 8
