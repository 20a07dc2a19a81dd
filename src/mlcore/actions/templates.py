"""Texts of a site, a domain or a list: where they are, which one holds, and what is wrong with them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from mlcore.actions import lists
from mlcore.actions.site_texts import Loaded, Plan, assembled, load, plan
from mlcore.base.errors import BadInput
from mlcore.sources.files import Files, Tree
from mlcore.store import domains, templates
from mlcore.store.domains import NoSuchDomain
from mlcore.store.templates import Kept
from mlcore.texts.languages import chain
from mlcore.texts.names import TEMPLATES, template
from mlcore.texts.texts import Texts
from mlcore.texts.uris import (
    SITE,
    Address,
    Place,
    Record,
    addresses,
    checked,
    contexts,
    domain_context,
    is_web,
    own,
)

_LONGEST_SECRET = 200
"""Octets of a name or a password."""


class Scope(NamedTuple):
    """Whose texts are meant. context: see `texts.uris.SITE`; place: empty where it is the site; language: of
    the list, empty where it is none."""

    context: str
    place: Place
    language: str = ""


class Override(NamedTuple):
    """A text that stands in place of the program's. language: of a file, empty under a URI; place: the URI or
    the path; note: what is to be known of it, empty: it is as it should be."""

    name: str
    context: str
    language: str
    place: str
    note: str


class Site(NamedTuple):
    """Everything that is known of the texts of a site now."""

    texts: Texts
    tree: Tree
    loaded: Loaded
    plan: Plan


def scope(connection: Connection, list_spec: str | None, domain: str | None) -> Scope:
    """The list or domain that is named; the site if neither is. Raises BadInput."""
    if list_spec and domain:
        raise BadInput("a list and a domain are named", "name one of them")
    if list_spec:
        policy = lists.find(connection, list_spec)
        place = Place(policy.list_id, policy.posting_address, policy.mail_host)
        return Scope(policy.list_id, place, policy.preferred_language)
    if domain:
        found = domains.get(connection, domain)
        if found is None:
            raise NoSuchDomain(domain)
        return Scope(domain_context(found.mail_host), Place("", "", found.mail_host))
    return Scope(SITE, Place("", "", ""))


def put(
    connection: Connection, name: str, uri: str, where: Scope, *, username: str = "", password: str = ""
) -> Record:
    """The text is under `uri` from now on, and is fetched anew. username, password: for HTTP, both or
    neither. Raises BadInput."""
    if name not in TEMPLATES:
        template(name)
        raise BadInput(f"{name} can have no URI", "put a file into template_dir (docs/texts.md)")
    if where.place.list_id and not TEMPLATES[name].for_lists:
        raise BadInput(f"{name} is no text of a list", "set it for a domain or for the site")
    uri = checked(uri)
    _check_login(uri, username, password)
    record = Record(name, where.context, uri, username, password)
    templates.put(connection, record)
    templates.make_due(connection, addresses_of(connection, record))
    return record


def remove(connection: Connection, name: str, where: Scope) -> None:
    """The text is no longer under a URI there. Raises BadInput if it was not."""
    if not templates.remove(connection, name, where.context):
        of = shown(where.context)
        raise BadInput(f"{name} has no URI for {of}", "`mlcore templates list` shows those there are")


def addresses_of(connection: Connection, record: Record) -> list[Address]:
    """Everything that is asked for because of this record, each once."""
    codes = sorted({*chain(), *templates.languages(connection)})
    return list(dict.fromkeys(addresses(record, templates.places(connection), codes)))


def site(connection: Connection, packaged: Texts, files: Files, default_language: str) -> Site:
    """The texts as a server that starts now has them: nothing is fetched."""
    loaded = load(connection, None, {})
    assert loaded is not None, "without a known generation everything is loaded"
    wanted = plan(loaded, default_language)
    tree = files.look(frozenset(wanted.paths.values()))
    kept = {address: Kept(text, loaded.states[address]) for address, text in loaded.texts.items()}
    texts = assembled(packaged, loaded, wanted.paths, tree, kept)
    return Site(texts, tree, loaded, wanted)


def overrides(of: Site, where: Scope, directory: str) -> Iterator[Override]:
    """The texts that are not the program's: those that may serve this scope, of the site: all. By name, then
    those under URIs first. directory: that of the files."""
    seen = contexts(where.place.list_id, where.place.mail_host)
    found: list[Override] = [
        Override(record.name, record.context, "", record.uri, _note(of, record))
        for record in of.loaded.records
        if where.context == SITE or record.context in seen
    ]
    for directory_name, leaves in of.tree.texts.items():
        context = context_of(directory_name)
        if where.context == SITE or context in {*seen, where.place.posting_address}:
            for language, file_name in leaves:
                path = f"{directory}/{directory_name}/{language}/{file_name}"
                found.append(Override(file_name.removesuffix(".txt"), context, language, path, ""))
    yield from sorted(found, key=lambda one: (one.name, bool(one.language), one.context, one.language))


def context_of(directory_name: str) -> str:
    """Whose files lie in `site`, `domains/HOST` or `lists/LIST`."""
    kind, _, name = directory_name.partition("/")
    return {"site": SITE, "domains": domain_context(name)}.get(kind, name)


def shown(context: str) -> str:
    """A context as people read it."""
    return context or "the site"


def _note(of: Site, record: Record) -> str:
    """What is known of the text, short."""
    if own(record.uri) is not None:
        return ""
    mine = [address for address, one in of.plan.wanted.items() if one == record]
    if not is_web(record.uri):
        missing = [address for address in mine if of.plan.paths.get(address, "") not in of.tree.named]
        return "cannot be read" if missing else ""
    states = [of.loaded.states.get(address) for address in mine]
    troubles = [state.trouble for state in states if state is not None and state.trouble]
    if troubles:
        return troubles[0]
    return "not fetched yet" if None in states else ""


def _check_login(uri: str, username: str, password: str) -> None:
    if bool(username) != bool(password):
        raise BadInput("Specify both username and password, or neither")
    if not username:
        return
    if not is_web(uri):
        raise BadInput("only http and https have a username and password", "leave them out")
    for word in (username, password):
        if len(word.encode("utf-8", "replace")) > _LONGEST_SECRET or not word.isprintable():
            raise BadInput(
                "the username or password cannot be used",
                f"write at most {_LONGEST_SECRET} characters, no control characters",
            )
    if ":" in username:
        raise BadInput("the username has a colon", "HTTP takes what is behind it for the password (RFC 7617)")


def languages_for(where: Scope, language: str, default_language: str) -> Sequence[str]:
    """The order in which the text is looked for."""
    return chain(language, where.language, default_language)
