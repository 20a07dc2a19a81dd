"""A command line that speaks Japanese, and what can be told of its words."""

import importlib.util
import re
import sys
from collections.abc import Mapping
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Final

from babel.messages.pofile import read_po

import mlcore

JAPANESE: Final = "ja_JP.UTF-8"
ROOT: Final = Path(mlcore.__file__).parents[2]
CATALOGUE: Final = ROOT / "src/mlcore/locale/ja/LC_MESSAGES/mlcore-cli.po"
_KANA: Final = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_ENGLISH: Final = re.compile(r"(?<![\w@./`'={$-])[A-Za-z]?[a-z]+(?: [a-z]+){2,}(?![\w@=/])")
"""Three words of prose in a row; names, commands and options do not come so."""


def is_japanese(text: str) -> bool:
    """Whether anything in it is."""
    return _KANA.search(text) is not None


def english_in(text: str) -> list[str]:
    """What looks like a piece of an English sentence. Commands in backquotes are none."""
    return _ENGLISH.findall(re.sub(r"`[^`]*`|'[^']*'", "", text))


def translations() -> Mapping[tuple[str, str], str]:
    """The catalogue: (context, English) → Japanese."""
    with CATALOGUE.open("rb") as stream:
        found = read_po(stream, locale="ja", abort_invalid=True)
    return {(one.context or "", first(one.id)): first(one.string) for one in found if one.id}


def first(text: object) -> str:
    """The text, or the first of its forms."""
    return text if isinstance(text, str) else str(text[0])  # type: ignore[index]  # then it is a sequence


def extraction() -> ModuleType:
    """tools/extract-messages as a module."""
    tools = str(ROOT / "tools")
    loader = SourceFileLoader("extract_messages", f"{tools}/extract-messages")
    specification = importlib.util.spec_from_loader(loader.name, loader)
    assert specification is not None
    module = importlib.util.module_from_spec(specification)
    sys.path.append(tools)  # where it finds what lies beside it
    try:
        loader.exec_module(module)
    finally:
        sys.path.remove(tools)
    return module
