"""What is wrong with the texts of a site: files that nobody reads, values that nobody fills in, addresses
where there is nothing."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from mlcore.actions.templates import Site, context_of
from mlcore.lists.languages import is_language
from mlcore.sources.web import Unreachable, Web
from mlcore.texts.expand import placeholders
from mlcore.texts.languages import LANGUAGES, chain, directories
from mlcore.texts.names import FILES, SUFFIX, TEMPLATES, Template
from mlcore.texts.uris import SITE, Place, Record, own, places_of

MOST_FETCHED: Final = 200
"""Texts under URIs that one check asks for."""
_DIRECTORIES: Final = frozenset(name for code in LANGUAGES for name in directories(code))


class Finding(NamedTuple):
    """place: a path or a URI; reason: one line."""

    place: str
    reason: str


def of_files(site: Site, directory: str, hosts: frozenset[str], lists: frozenset[str]) -> Iterator[Finding]:
    """Of the files below `directory`. hosts: the mail hosts there are; lists: the List-IDs and posting
    addresses there are."""
    for trouble in site.tree.troubles:
        yield Finding(trouble.path, trouble.reason)
    for path in site.tree.strange:
        yield Finding(path, "its name is that of no language")
    named = {inside.file_name for one in site.loaded.records if (inside := own(one.uri)) is not None}
    known = {"domains": hosts, "lists": lists}
    for scope, leaves in site.tree.texts.items():
        kind, _, name = scope.partition("/")
        if kind in known and name not in known[kind]:
            yield Finding(f"{directory}/{scope}", f"there is no such {kind.removesuffix('s')}")
        for (language, file_name), text in leaves.items():
            place = f"{directory}/{scope}/{language}/{file_name}"
            reason = _of_name(scope, language, file_name)
            if reason and file_name not in named:
                yield Finding(place, reason)
            template = FILES.get(file_name.removesuffix(SUFFIX))
            if template is not None:
                yield from _of_text(place, template, text)


def of_records(site: Site, default_language: str) -> Iterator[Finding]:
    """Of texts under URIs that are files here."""
    for record in site.loaded.records:
        if own(record.uri) is not None:
            place = next(places_of(record, site.loaded.places), Place("", "", ""))
            found = site.texts.book.under(record, place, chain(default_language))
            if found is None:
                yield Finding(record.uri, f"{record.name}: there is no such file")
            else:
                yield from _of_text(record.uri, TEMPLATES[record.name], found.text)
    for address, path in site.plan.paths.items():
        if path in site.tree.named:
            template = TEMPLATES[site.plan.wanted[address].name]
            yield from _of_text(address.uri, template, site.tree.named[path])


async def of_web(site: Site, web: Web) -> list[Finding]:
    """Of texts on other hosts: each is asked for, at most `MOST_FETCHED`."""
    wanted = [item for item in site.plan.wanted.items() if item[0] not in site.plan.paths]
    findings = []
    for address, record in wanted[:MOST_FETCHED]:
        findings += await of_address(address.uri, record, web)
    left = len(wanted) - MOST_FETCHED
    if left > 0:
        findings.append(Finding("URIs", f"{left:,} of {len(wanted):,} texts were not asked for"))
    return findings


async def of_address(uri: str, record: Record, web: Web) -> list[Finding]:
    """Of one text on another host."""
    try:
        text = await web.fetch(uri, record.username, record.password)
    except Unreachable as error:
        return [Finding(uri, f"{record.name}: {error}")]
    if text is None:
        return [Finding(uri, f"{record.name}: there is no such text")]
    return list(_of_text(uri, TEMPLATES[record.name], text))


def _of_name(scope: str, language: str, file_name: str) -> str:
    """Why a file will not be read by anybody; empty: it will."""
    template = FILES.get(file_name.removesuffix(SUFFIX))
    if template is None:
        return "no text has this name"
    if language not in _DIRECTORIES and not is_language(language):
        return f"{language} is no language"
    context = context_of(scope)
    if context != SITE and not context.startswith("@") and not template.for_lists:
        return "this is no text of a list"
    return ""


def _of_text(place: str, template: Template, text: str) -> Iterator[Finding]:
    for name in placeholders(text):
        if not template.knows(name):
            yield Finding(place, f"${name} is not filled in in {template.name}")
