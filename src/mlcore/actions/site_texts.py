"""All texts of a site put together: those of the program, files, and what is known of those under URIs."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection

from mlcore.sources.files import Tree
from mlcore.store import generation, templates
from mlcore.store.templates import Kept, State
from mlcore.texts.languages import chain
from mlcore.texts.texts import Texts
from mlcore.texts.uris import Address, Place, Record, file_path, wanted

MOST_ADDRESSES: Final = 20_000
"""Texts under URIs; more are not asked for."""


class Loaded(NamedTuple):
    """What the database says. states: of all texts that were fetched; texts: of those whose state is another
    one than was known."""

    generation: int
    records: Sequence[Record] = ()
    places: Sequence[Place] = ()
    languages: frozenset[str] = frozenset()
    states: Mapping[Address, State] = {}
    texts: Mapping[Address, str | None] = {}


def load(conn: Connection, known: int | None, states: Mapping[Address, State]) -> Loaded | None:
    """Everything about texts under URIs; None if the generation still is `known`. states: what is known."""
    number = generation.read(conn)
    if number == known:
        return None
    found = templates.states(conn)
    records = templates.records(conn)
    if not records:
        return Loaded(number, states=found)
    texts = {
        address: templates.text(conn, address)
        for address, state in found.items()
        if states.get(address) != state
    }
    return Loaded(number, records, templates.places(conn), templates.languages(conn), found, texts)


class Plan(NamedTuple):
    """What has to be got, with the record that says so. paths: of those that are files."""

    wanted: Mapping[Address, Record] = {}
    paths: Mapping[Address, str] = {}


def plan(loaded: Loaded, default_language: str) -> Plan:
    """At most one address more than `MOST_ADDRESSES`."""
    codes = sorted({*chain(default_language), *loaded.languages})
    found = wanted(loaded.records, loaded.places, codes, MOST_ADDRESSES + 1)
    return Plan(found, {address: path for address in found if (path := file_path(address.uri))})


def assembled(
    packaged: Texts, loaded: Loaded, paths: Mapping[Address, str], tree: Tree, kept: Mapping[Address, Kept]
) -> Texts:
    """All texts from what is known. paths: of those addresses that are files."""
    fetched = {address: one.text for address, one in kept.items() if one.text is not None}
    fetched |= {address: tree.named[path] for address, path in paths.items() if path in tree.named}
    book = packaged.book.of_site(
        files=tree.texts, records=loaded.records, fetched=fetched, lists=loaded.places
    )
    return Texts(book, packaged.catalogs)
