"""Codes of languages."""

import pytest

from mlcore.lists.languages import is_language


@pytest.mark.parametrize("code", ["en", "ja", "aa", "zu", "pt_BR", "zh_CN", "zh_TW", "ast"])
def test_known(code: str) -> None:
    assert is_language(code)


@pytest.mark.parametrize(
    "code", ["", " ", "xx", "EN", "english", "pt_br", "pt-BR", "en_", "en\n", "a b", "aa ab"]
)
def test_unknown(code: str) -> None:
    assert not is_language(code)
