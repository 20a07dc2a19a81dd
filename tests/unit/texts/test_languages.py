"""Languages: their order, their charsets, and where their texts are looked for."""

import pytest

from mlcore.lists.languages import is_language
from mlcore.texts.languages import LANGUAGES, chain, charset_of, directories, is_directory


def test_every_language_here_has_a_code_that_settings_take() -> None:
    assert all(is_language(code) and code == one.code for code, one in LANGUAGES.items())
    assert LANGUAGES["ja"].own_name == "日本語"


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((), ("en",)),
        (("ja", "en"), ("ja", "en")),
        (("", "ja", ""), ("ja", "en")),
        (("fr", "ja", "fr", "de"), ("fr", "ja", "de", "en")),
        (("en", "ja"), ("en", "ja")),
    ],
)
def test_the_order_in_which_they_are_tried(codes: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert chain(*codes) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ja", ("ja",)),
        ("zh_CN", ("zh_CN", "zh_Hans", "zh")),
        ("zh_TW", ("zh_TW", "zh_Hant", "zh")),
        ("no", ("no", "nb_NO", "nb")),
        ("nb_NO", ("nb_NO", "nb", "no")),
        ("pt_BR", ("pt_BR", "pt")),
        ("en_GB", ("en_GB", "en")),
    ],
)
def test_codes_and_directories_may_be_spelt_differently(code: str, expected: tuple[str, ...]) -> None:
    assert directories(code) == expected


@pytest.mark.parametrize(
    ("name", "possible"),
    [
        ("en", True),
        ("zh_Hans", True),
        ("pt-BR", True),
        ("ast", True),
        ("..", False),
        ("english", False),
        ("", False),
    ],
)
def test_what_a_directory_of_texts_can_be_called(name: str, possible: bool) -> None:
    assert is_directory(name) is possible


def test_charsets() -> None:
    assert charset_of("en") == "us-ascii"
    assert charset_of("ja") == "utf-8"
    assert charset_of("xx") == "utf-8"
