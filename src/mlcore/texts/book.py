"""The texts of a site and those of the program, and which of them holds: by list, domain, site, language."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from mlcore.texts.languages import directories
from mlcore.texts.names import SUFFIX, alternative
from mlcore.texts.uris import Address, Place, Record, contexts, expanded, own

Leaves = Mapping[tuple[str, str], str]
"""Language (as its directory is called) and file name → text."""
Source = Literal["uri", "file", "packaged"]

_PACKAGED: Final = "packaged"


class Found(NamedTuple):
    """A text and where it is from. language: the directory it lay in, empty under a URI that is asked for;
    place: the URI, or the path below the directory of texts."""

    text: str
    source: Source
    language: str
    place: str


class Book:
    """Texts as they are at one moment; never changed.

    packaged: those of the program. files: those of the site by directory (`site`, `domains/MAIL-HOST`,
    `lists/LIST-ID`, `lists/POSTING-ADDRESS`). records: what is under URIs. fetched: the texts that were got
    from them, by address; one that could not be got is not in it. lists: those that a URI may name."""

    def __init__(
        self,
        packaged: Leaves,
        *,
        files: Mapping[str, Leaves] = {},
        records: Sequence[Record] = (),
        fetched: Mapping[Address, str] = {},
        lists: Sequence[Place] = (),
    ) -> None:
        self._packaged = packaged
        self._files = files
        self._records = {(record.name, record.context): record for record in records}
        self._fetched = fetched
        self._lists = {spec: place for place in lists for spec in place[:2]} if records else {}

    def of_site(
        self,
        *,
        files: Mapping[str, Leaves],
        records: Sequence[Record],
        fetched: Mapping[Address, str],
        lists: Sequence[Place],
    ) -> "Book":
        """A book with the same texts of the program, and these of the site."""
        return Book(self._packaged, files=files, records=records, fetched=fetched, lists=lists)

    def find(
        self, name: str, *, list_id: str, mail_host: str, languages: Sequence[str], posting_address: str = ""
    ) -> str:
        """The text `name` for a list (for a domain where `list_id` is empty); empty where there is none.

        languages: in the order in which they are wanted, English is the last in any case. A record whose text
        could not be got is passed over: the next context holds, not an empty text."""
        found = self.locate(
            name,
            list_id=list_id,
            mail_host=mail_host,
            languages=languages,
            posting_address=posting_address,
        )
        return "" if found is None else found.text

    def locate(
        self, name: str, *, list_id: str, mail_host: str, languages: Sequence[str], posting_address: str = ""
    ) -> Found | None:
        """As `find`, with where it is from."""
        place = Place(list_id, posting_address or _posting_address(list_id, mail_host), mail_host)
        if self._records:
            for context in contexts(list_id, mail_host):
                record = self._records.get((name, context))
                found = None if record is None else self.under(record, place, languages)
                if found is not None:
                    return found
        return self._in_files(name + SUFFIX, place, languages)

    def packaged(self, name: str) -> tuple[str, ...]:
        """The text of the program in every language that has it."""
        return tuple(text for (_, file_name), text in self._packaged.items() if file_name == name + SUFFIX)

    def under(self, record: Record, place: Place, languages: Sequence[str]) -> Found | None:
        """What is known of the text under this record's URI, asked for this list in these languages."""
        uri = expanded(record.uri, place, languages[0] if languages else "en")
        inside = own(uri)
        if inside is None:
            text = self._fetched.get(Address(uri, record.username))
            return None if text is None else Found(text, "uri", "", uri)
        if inside.list_spec:
            named = self._lists.get(inside.list_spec.lower())
            if named is None:
                return None
            place = named
        if inside.language:
            languages = (inside.language, *languages)
        return self._in_files(inside.file_name, place, languages)

    def _in_files(self, file_name: str, place: Place, languages: Sequence[str]) -> Found | None:
        """A file of this name, or of the text that stands in for it."""
        found = next(self._files_of(file_name, place, languages), None)
        other = "" if found is not None else alternative(file_name.removesuffix(SUFFIX))
        return next(self._files_of(other + SUFFIX, place, languages), None) if other else found

    def _files_of(self, file_name: str, place: Place, languages: Sequence[str]) -> Iterator[Found]:
        """All files of this name that would serve, the best one first. A nearer language goes before a nearer
        place: who reads Japanese gets the program's Japanese text, not this list's English one."""
        kinds = ("lists", "lists", "domains")
        names = [f"{kind}/{name}" for kind, name in zip(kinds, place, strict=True) if name]
        scopes = [
            (scope, leaves) for scope in (*names, "site") if (leaves := self._files.get(scope)) is not None
        ]
        for code in dict.fromkeys((*languages, "en")):
            for language in directories(code):
                key = (language, file_name)
                for scope, leaves in scopes:
                    if (text := leaves.get(key)) is not None:
                        yield Found(text, "file", language, f"{scope}/{language}/{file_name}")
                if (text := self._packaged.get(key)) is not None:
                    yield Found(text, "packaged", language, f"{language}/{file_name}")


def _posting_address(list_id: str, mail_host: str) -> str:
    """The address that a List-ID is made from; empty: that cannot be told."""
    name = list_id.removesuffix(f".{mail_host}")
    return f"{name}@{mail_host}" if name != list_id else ""
