"""Look-ups in compiled catalogues."""

import gettext
import io
import struct

import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from hypothesis import given
from hypothesis import strategies as st

from mlcore.cli.catalogue import SEPARATOR, Catalogue, read
from mlcore.cli.language import catalogue, directory


def compiled(texts: dict[str, str], plurals: dict[tuple[str, str], str] | None = None) -> bytes:
    source = Catalog(locale="ja")
    for text, said in texts.items():
        source.add(text, said)
    for both, said in (plurals or {}).items():
        source.add(both, (said,))
    target = io.BytesIO()
    write_mo(target, source)
    return target.getvalue()


def test_a_text_is_found_or_stays() -> None:
    found = Catalogue(compiled({"a": "あ", "b": "い", "Ä": "う"}, {("one", "many"): "いくつも"}))

    assert [found.say(text) for text in ("a", "b", "Ä", "", "aa", "one", "\udcff")] == [
        *("あ", "い", "う", "", "aa", "one", "\udcff")
    ]
    assert found.say("one", "many") == "いくつも"
    assert found.say("one", "more") == "one"
    assert dict(found.entries()) | {"": ""} == {"": "", "a": "あ", "b": "い", "Ä": "う"}


@given(
    st.dictionaries(
        st.text(min_size=1, alphabet="abcあい"), st.text(min_size=1, alphabet="かき"), max_size=20
    )
)
def test_every_text_is_found(texts: dict[str, str]) -> None:
    found = Catalogue(compiled(texts))

    assert {text: found.say(text) for text in texts} == texts


def test_it_says_what_gettext_says() -> None:
    theirs = gettext.translation("mlcore-cli", directory(), ["ja"])
    ours = catalogue("ja")

    for text, said in ours.entries():
        context, separator, bare = text.rpartition(SEPARATOR)
        expected = theirs.pgettext(context, bare) if separator else theirs.gettext(text)
        assert expected == said == (ours.say(text) or said)
    assert ours.say("{count:,} post", "{count:,} posts") == theirs.ngettext(
        "{count:,} post", "{count:,} posts", 2
    )


@pytest.mark.parametrize(
    "octets", [b"", b"x", b"x" * 100, struct.pack("<7I", 0x950412DE, 0, 0, 28, 28, 0, 0)]
)
def test_what_is_no_catalogue_has_no_texts(octets: bytes) -> None:
    found = Catalogue(octets)

    assert found.say("a") == "a"
    assert list(found.entries()) == []


def test_what_is_not_there_has_no_texts() -> None:
    assert list(read("/no/such/file").entries()) == []
