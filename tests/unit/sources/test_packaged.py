"""The texts and catalogues that come with the program."""

import gettext
import io
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import mlcore
from mlcore.sources.packaged import catalogs, leaves, packaged
from mlcore.texts.expand import placeholders
from mlcore.texts.names import FILES, TEMPLATES, alternative
from support.texts import texts

PACKAGE = Path(mlcore.__file__).parent
SOURCES = sorted(PACKAGE.glob("locale/*/LC_MESSAGES/*.po"))
FILE_NAMES = sorted(f"{one.parent.name}/{one.name}" for one in PACKAGE.glob("templates/*/*.txt"))


@pytest.mark.parametrize("name", [one for one in TEMPLATES if not alternative(one)])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_text_is_there_in_both_languages(name: str, language: str) -> None:
    found = texts().book.locate(name, list_id="", mail_host="", languages=(language,))
    assert found is not None
    assert (found.source, found.language) == ("packaged", language)


@pytest.mark.parametrize("place", FILE_NAMES)
def test_every_file_is_a_text_with_values_that_are_filled_in(place: str) -> None:
    language, _, file_name = place.partition("/")
    template = FILES[file_name.removesuffix(".txt")]
    text = leaves()[language, file_name]
    assert [name for name in placeholders(text) if not template.knows(name)] == []
    assert text == "" or text.endswith("\n")


def test_english_needs_no_catalogue_and_japanese_has_one() -> None:
    assert texts().say("ja", "(no subject)") != "(no subject)"
    assert texts().say("en", "(no subject)") == "(no subject)"
    assert "en" not in catalogs()


def test_a_domain_without_catalogues_has_none() -> None:
    assert catalogs("no-such-domain") == {}


def test_they_can_be_read_again() -> None:
    assert packaged().book is not packaged().book


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: f"{path.parts[-3]}-{path.name}")
def test_what_is_compiled_is_what_is_written(source: Path) -> None:
    """Otherwise: .venv/bin/python tools/compile-catalogs."""
    octets = io.BytesIO()
    with source.open("rb") as written:
        write_mo(octets, read_po(written, abort_invalid=True))
    octets.seek(0)
    with source.with_suffix(".mo").open("rb") as compiled:
        theirs = vars(gettext.GNUTranslations(compiled))["_catalog"]
    assert theirs == vars(gettext.GNUTranslations(octets))["_catalog"]
    assert len(theirs) > 1
