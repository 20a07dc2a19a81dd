"""URIs of texts: how they are written, what stands in them for a list, which ones have to be asked for."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from mlcore.base.errors import BadInput
from mlcore.texts.expand import expand, placeholders
from mlcore.texts.names import SUFFIX

SITE: Final = ""
"""The context of the whole site. That of a list is its List-ID, that of a domain `@` and its mail host: a
List-ID may be written as another domain is."""

LONGEST: Final = 2_000
"""Octets of a URI in UTF-8, also once its placeholders are filled in; PostgreSQL indexes 2,704."""
PLACEHOLDERS: Final = ("list_id", "listname", "domain_name", "language")
_OF_LIST: Final = frozenset({"list_id", "listname"})
_REMEDY: Final = "write https://HOST/PATH, file:///PATH or mailman:///NAME.txt"


@dataclass(frozen=True, slots=True)
class Record:
    """Where the text `name` is in one context (see `SITE`). username and password: for HTTP, empty: none."""

    name: str
    context: str
    uri: str
    username: str = ""
    password: str = field(default="", repr=False)


class Place(NamedTuple):
    """A list as URIs may name it."""

    list_id: str
    posting_address: str
    mail_host: str


class Address(NamedTuple):
    """What is asked for: a URI without placeholders, and as whom."""

    uri: str
    username: str


@dataclass(frozen=True, slots=True)
class Own:
    """A URI `mailman:` taken apart. list_spec: a List-ID or a posting address, empty: the list it is asked
    for; language: empty: those it is asked in; file_name: with its suffix."""

    file_name: str
    language: str = ""
    list_spec: str = ""


def domain_context(mail_host: str) -> str:
    """The context of a domain."""
    return f"@{mail_host}"


def contexts(list_id: str, mail_host: str) -> tuple[str, ...]:
    """Those of a list (of a domain where `list_id` is empty, of the site where both are), nearest first."""
    return (*filter(None, (list_id, mail_host and domain_context(mail_host))), SITE)


def expanded(uri: str, place: Place, language: str) -> str:
    """`uri` for one list and language. Values are written as a URI has them (RFC 3986 2.1), so that none of
    them ends its part; other placeholders stay."""
    if "$" not in uri:
        return uri
    values = (place.list_id, place.posting_address, place.mail_host, language)
    return expand(
        uri, {name: quote(value, safe="@") for name, value in zip(PLACEHOLDERS, values, strict=True)}
    )


def checked(uri: str) -> str:
    """`uri`, without blanks round it, if it can be one. Raises BadInput."""
    uri = uri.strip()
    if not _fits(uri):
        raise BadInput(f"the URI is longer than {LONGEST} octets", "move the text to a shorter address")
    if not uri or not uri.isprintable() or " " in uri:
        raise BadInput(f"not a URI: {uri!r}", _REMEDY)
    unknown = [name for name in placeholders(uri) if name not in PLACEHOLDERS]
    if unknown:
        known = ", ".join(f"${name}" for name in PLACEHOLDERS)
        raise BadInput(f"unknown in a URI: ${unknown[0]}", f"{known} may be used, and $$ for a dollar sign")
    sample = expanded(uri, Place("ant.example.com", "ant@example.com", "example.com"), "en")
    wrong = _wrong_with(sample)
    if wrong:
        raise BadInput(f"{uri}: {wrong}", _REMEDY)
    return uri


def own(uri: str) -> Own | None:
    """What a URI `mailman:///NAME`, `///LANGUAGE/NAME`, `///LIST/NAME` or `///LIST/LANGUAGE/NAME` asks for;
    None: it is another one, or none of these."""
    parts = urlsplit(uri)
    if parts.scheme != "mailman" or parts.netloc:
        return None
    names = [unquote(name) for name in parts.path.split("/")[1:]]
    file_name = names[-1] if names else ""
    if not file_name.endswith(SUFFIX) or any("/" in name or name in {"", ".", ".."} for name in names):
        return None
    match names[:-1]:
        case []:
            return Own(file_name)
        case [one] if "." in one or "@" in one:
            return Own(file_name, list_spec=one)
        case [one]:
            return Own(file_name, language=one)
        case [list_spec, language]:
            return Own(file_name, language, list_spec)
    return None


def file_path(uri: str) -> str:
    """The path in a URI `file:` (RFC 8089); empty: it is another one, or names no file here."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"}:
        return ""
    path = unquote(parts.path)
    return path if path.startswith("/") and not path.endswith("/") and "\0" not in path else ""


def is_web(uri: str) -> bool:
    """Whether it is asked for by HTTP."""
    return uri.startswith(("http://", "https://"))


def addresses(record: Record, places: Sequence[Place], languages: Iterable[str]) -> Iterator[Address]:
    """What has to be asked for so that this record serves every list it is for; with repetitions. An address
    that long names have made longer than `LONGEST` is left out: no database could find it by its index.

    places: all lists; languages: those that somebody reads. Nothing for `mailman:`, which is no address."""
    if own(record.uri) is not None:
        return
    asked = frozenset(placeholders(record.uri))
    codes = tuple(languages) if "language" in asked else ("",)
    for place in places_of(record, places) if asked - {"language"} else (Place("", "", ""),):
        if place.list_id or not asked & _OF_LIST:
            for code in codes:
                uri = expanded(record.uri, place, code)
                if _fits(uri):
                    yield Address(uri, record.username)


def wanted(
    records: Sequence[Record], places: Sequence[Place], languages: Iterable[str], most: int
) -> dict[Address, Record]:
    """All that has to be asked for, with the record that says so; the first `most` of them."""
    found: dict[Address, Record] = {}
    codes = tuple(languages)
    for record in records:
        for address in addresses(record, places, codes):
            if address not in found:
                if len(found) >= most:
                    return found
                found[address] = record
    return found


def _fits(uri: str) -> bool:
    return len(uri.encode("utf-8", "replace")) <= LONGEST


def places_of(record: Record, places: Sequence[Place]) -> Iterator[Place]:
    """The lists out of `places` that a record is for, then each of their domains for itself."""
    for place in places:
        if record.context in contexts(place.list_id, place.mail_host):
            yield place
    if record.context.startswith("@"):
        yield Place("", "", record.context[1:])
    elif record.context == SITE:
        for mail_host in sorted({place.mail_host for place in places}):
            yield Place("", "", mail_host)


def _wrong_with(uri: str) -> str:
    """Why a URI without placeholders cannot be used; empty: it can."""
    try:
        parts = urlsplit(uri)
        # asked for, since a port that is none is an error then and not before
        host, login = parts.hostname if parts.port is None or parts.port else "", parts.username
    except ValueError as error:
        return str(error)
    if parts.fragment:
        return "a text has no part of its own behind #"
    if parts.scheme == "mailman":
        return "" if own(uri) is not None else "this names no text file"
    if parts.scheme == "file":
        return "" if file_path(uri) else "this names no file by an absolute path"
    if not is_web(uri):
        return "only http, https, file and mailman are known"
    if login is not None:
        return "name and password are not written into it, but given for themselves"
    return "" if host else "this names no host"
