"""All words of this site: whole texts, and translations of short ones."""

from collections.abc import Mapping, Sequence

from mlcore.texts.book import Book
from mlcore.texts.catalog import Catalog
from mlcore.texts.languages import directories


class Texts:
    """book: whole texts; catalogs: by language, English has none."""

    def __init__(self, book: Book, catalogs: Mapping[str, Catalog]) -> None:
        self.book = book
        self.catalogs = catalogs

    def template(self, name: str, list_id: str, mail_host: str, languages: Sequence[str]) -> str:
        """The text of this name, before values are filled in; see `Book.find`."""
        return self.book.find(name, list_id=list_id, mail_host=mail_host, languages=languages)

    def say(self, languages: Sequence[str] | str, text: str) -> str:
        """`text`, which is English, in the first of these languages that it can be said in."""
        for code in (languages,) if isinstance(languages, str) else languages:
            for name in directories(code):
                if name == "en":
                    return text
                said = self.catalogs[name].say(text) if name in self.catalogs else text
                if said != text:
                    return said
        return text
