"""The texts and catalogues that come with the program."""

import gettext
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import mlcore
from mlcore.sources.plain import text_of
from mlcore.texts.book import Book
from mlcore.texts.catalog import Catalog
from mlcore.texts.names import SUFFIX
from mlcore.texts.texts import Texts

MAIL: Final = "mlcore"
"""The domain of the catalogues for mail; `mlcore-cli` is that for the command line."""


def packaged() -> Texts:
    """All of them, read anew."""
    return Texts(Book(leaves()), catalogs())


def leaves() -> dict[tuple[str, str], str]:
    """Every text: (language, file name) → text."""
    return {
        (language.name, file.name): text_of(file.read_bytes())
        for language in _directories("templates")
        for file in language.iterdir()
        if file.name.endswith(SUFFIX)
    }


def catalogs(domain: str = MAIL) -> dict[str, Catalog]:
    """The catalogues of one domain, by language: `locale/LANGUAGE/LC_MESSAGES/DOMAIN.mo`."""
    found = {}
    for language in _directories("locale"):
        compiled = language / "LC_MESSAGES" / f"{domain}.mo"
        if compiled.is_file():
            with compiled.open("rb") as stream:
                found[language.name] = Catalog(gettext.GNUTranslations(stream).gettext)
    return found


def _directories(name: str) -> list[Traversable]:
    """One for each language."""
    root = files(mlcore) / name
    return [entry for entry in root.iterdir() if entry.is_dir()] if root.is_dir() else []
