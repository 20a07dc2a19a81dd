"""Texts of a site: set, shown, and looked through."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from mlcore.actions import lists as list_actions
from mlcore.actions import site_texts, template_check
from mlcore.actions import templates as action
from mlcore.actions.template_check import Finding
from mlcore.actions.templates import Override, Scope
from mlcore.base.errors import BadInput
from mlcore.sources.files import Files
from mlcore.sources.web import Unreachable, Web
from mlcore.store import domains, templates
from mlcore.store.engine import open_sync
from mlcore.store.templates import Kept, State
from mlcore.store.upgrade import prepare
from mlcore.texts.book import Book
from mlcore.texts.texts import Texts
from mlcore.texts.uris import SITE, Address, Place, Record

ANT = "ant@example.com"
WELCOME = "list:user:notice:welcome"
HOLD = "list:user:notice:hold"
PACKAGED = Texts(Book({("en", f"{WELCOME}.txt"): "packaged", ("ja", f"{WELCOME}.txt"): "ようこそ"}), {})


class FakeWeb(Web):
    """Answers from a table."""

    def __init__(self, **answers: str | None) -> None:
        super().__init__()
        self.answers = {f"https://h/{path}": answer for path, answer in answers.items()}

    async def fetch(self, uri: str, username: str = "", password: str = "") -> str | None:
        """See `Web.fetch`."""
        if uri not in self.answers:
            raise Unreachable(f"no connection for {username or 'nobody'}")
        return self.answers[uri]


@pytest.fixture
def conn(database_url: str) -> Iterator[Connection]:
    prepare(database_url)
    with open_sync(database_url) as connection:
        list_actions.create(connection, ANT, language="ja", now=1.0)
        yield connection


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "templates"


def write(directory: Path, place: str, text: str = "x") -> None:
    path = directory / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def site(conn: Connection, directory: Path) -> action.Site:
    return action.site(conn, PACKAGED, Files(str(directory)), "en")


def shown(conn: Connection, directory: Path, where: Scope | None = None) -> list[tuple[str, ...]]:
    found = action.overrides(site(conn, directory), where or action.scope(conn, None, None), str(directory))
    return [(one.name, one.context, one.language, one.note) for one in found]


# -- whose texts -------------------------------------------------------------------------------------------


def test_scopes(conn: Connection) -> None:
    assert action.scope(conn, None, None) == Scope(SITE, Place("", "", ""))
    assert action.scope(conn, "ANT@example.com", None) == Scope(
        "ant.example.com", Place("ant.example.com", ANT, "example.com"), "ja"
    )
    assert action.scope(conn, None, "Example.COM") == Scope("@example.com", Place("", "", "example.com"))
    for list_spec, domain, error in (
        ("bee@example.com", None, "No such list"),
        (None, "example.org", "Undefined domain"),
        (ANT, "example.com", "a list and a domain are named"),
    ):
        with pytest.raises(BadInput, match=error):
            action.scope(conn, list_spec, domain)


def test_languages_in_order(conn: Connection) -> None:
    of_list = action.scope(conn, ANT, None)
    assert action.languages_for(of_list, "fr", "de") == ("fr", "ja", "de", "en")
    assert action.languages_for(action.scope(conn, None, None), "", "ja") == ("ja", "en")


# -- setting -----------------------------------------------------------------------------------------------


def test_set_and_removed(conn: Connection) -> None:
    where = action.scope(conn, ANT, None)
    record = action.put(conn, WELCOME, " https://h/$list_id ", where, username="anne", password="x")
    assert (
        templates.records(conn)
        == [Record(WELCOME, "ant.example.com", "https://h/$list_id", "anne", "x")]
        == [record]
    )
    action.remove(conn, WELCOME, where)
    assert templates.records(conn) == []
    with pytest.raises(BadInput, match=r"has no URI for ant\.example\.com"):
        action.remove(conn, WELCOME, where)
    with pytest.raises(BadInput, match="has no URI for the site"):
        action.remove(conn, WELCOME, action.scope(conn, None, None))


def test_what_is_set_again_is_fetched_again(conn: Connection) -> None:
    address = Address("https://h/ant.example.com", "")
    templates.keep(conn, {address: Kept("old", State(5.0, 5.0, ""))})
    action.put(conn, WELCOME, "https://h/$list_id", action.scope(conn, None, "example.com"))
    assert templates.states(conn)[address].tried_at == 0
    assert templates.text(conn, address) == "old"


@pytest.mark.parametrize(
    ("name", "uri", "login", "error"),
    [
        ("list:welcome", "https://h/", (), "No such text"),
        ("help", "https://h/", (), "can have no URI"),
        ("list:member:generic:footer", "https://h/", (), "can have no URI"),
        ("domain:admin:notice:new-list", "https://h/", (), "is no text of a list"),
        (WELCOME, "ftp://h/", (), "only http, https, file and mailman"),
        (WELCOME, "https://h/", ("anne", ""), "Specify both username and password, or neither"),
        (WELCOME, "https://h/", ("", "x"), "Specify both username and password, or neither"),
        (WELCOME, "file:///x", ("anne", "x"), "only http and https"),
        (WELCOME, "https://h/", ("an:ne", "x"), "has a colon"),
        (WELCOME, "https://h/", ("anne\n", "x"), "cannot be used"),
        (WELCOME, "https://h/", ("anne", "x" * 201), "cannot be used"),
    ],
)
def test_refused(conn: Connection, name: str, uri: str, login: tuple[str, ...], error: str) -> None:
    username, password = login or ("", "")
    with pytest.raises(BadInput, match=error) as caught:
        action.put(conn, name, uri, action.scope(conn, ANT, None), username=username, password=password)
    assert "x" * 201 not in str(caught.value)
    assert templates.records(conn) == []


def test_a_domain_has_all_texts(conn: Connection) -> None:
    where = action.scope(conn, None, "example.com")
    action.put(conn, "domain:admin:notice:new-list", "https://h/", where)
    assert len(templates.records(conn)) == 1


# -- shown -------------------------------------------------------------------------------------------------


def test_without_anything_of_one_s_own(conn: Connection, directory: Path) -> None:
    assert shown(conn, directory) == []
    texts = site(conn, directory).texts
    assert texts.template(WELCOME, "ant.example.com", "example.com", ("ja",)) == "ようこそ"


def test_everything_of_the_site(conn: Connection, directory: Path) -> None:
    for place in (
        "site/en",
        "domains/example.com/ja",
        "lists/ant.example.com/ja",
        "lists/bee.example.com/en",
    ):
        write(directory, f"{place}/{WELCOME}.txt")
    action.put(conn, WELCOME, "https://h/$list_id", action.scope(conn, ANT, None))
    action.put(conn, HOLD, "mailman:///x.txt", action.scope(conn, None, None))
    assert shown(conn, directory) == [
        (HOLD, SITE, "", ""),
        (WELCOME, "ant.example.com", "", "not fetched yet"),
        (WELCOME, SITE, "en", ""),
        (WELCOME, "@example.com", "ja", ""),
        (WELCOME, "ant.example.com", "ja", ""),
        (WELCOME, "bee.example.com", "en", ""),
    ]


def test_what_may_serve_a_list_or_a_domain(conn: Connection, directory: Path) -> None:
    list_actions.create(conn, "bee@example.org", now=1.0)
    for place in ("lists/ant@example.com/en", "lists/bee.example.org/en", "domains/example.org/en"):
        write(directory, f"{place}/{WELCOME}.txt")
    for spec, domain in ((ANT, None), (None, "example.com"), ("bee@example.org", None), (None, None)):
        action.put(conn, HOLD, "mailman:///x.txt", action.scope(conn, spec, domain))
    assert shown(conn, directory, action.scope(conn, ANT, None)) == [
        (HOLD, SITE, "", ""),
        (HOLD, "@example.com", "", ""),
        (HOLD, "ant.example.com", "", ""),
        (WELCOME, ANT, "en", ""),
    ]
    assert shown(conn, directory, action.scope(conn, None, "example.org")) == [
        (HOLD, SITE, "", ""),
        (WELCOME, "@example.org", "en", ""),
    ]


def test_what_is_known_of_fetched_texts(conn: Connection, directory: Path) -> None:
    where = action.scope(conn, ANT, None)
    action.put(conn, WELCOME, "https://h/a", where)
    assert shown(conn, directory)[0][3] == "not fetched yet"
    for state, note in (
        (State(5.0, 5.0, ""), ""),
        (State(5.0, 6.0, "HTTP status 500"), "HTTP status 500"),
    ):
        templates.keep(conn, {Address("https://h/a", ""): Kept("x", state)})
        assert shown(conn, directory)[0][3] == note
    texts = site(conn, directory).texts
    assert texts.template(WELCOME, "ant.example.com", "example.com", ("ja",)) == "x"


def test_a_file_under_a_uri(conn: Connection, directory: Path) -> None:
    action.put(conn, WELCOME, f"file://{directory}/my", action.scope(conn, ANT, None))
    assert shown(conn, directory)[0][3] == "cannot be read"
    write(directory, "my", "mine")
    assert shown(conn, directory)[0][3] == ""
    texts = site(conn, directory).texts
    assert texts.template(WELCOME, "ant.example.com", "example.com", ("ja",)) == "mine"


def test_where_they_are(conn: Connection, directory: Path) -> None:
    write(directory, f"site/en/{WELCOME}.txt")
    (one,) = action.overrides(site(conn, directory), action.scope(conn, None, None), str(directory))
    assert one == Override(WELCOME, SITE, "en", f"{directory}/site/en/{WELCOME}.txt", "")
    assert action.shown(one.context) == "the site"


# -- looked through ----------------------------------------------------------------------------------------


def of_files(conn: Connection, directory: Path) -> list[Finding]:
    hosts = frozenset(domain.mail_host for domain in domains.all(conn))
    specs = frozenset(spec for place in templates.places(conn) for spec in place[:2])
    found = template_check.of_files(site(conn, directory), str(directory), hosts, specs)
    return [Finding(one.place.removeprefix(f"{directory}/"), one.reason) for one in found]


def test_files_that_are_as_they_should_be(conn: Connection, directory: Path) -> None:
    for place in ("site/zh_Hant", "domains/example.com/nb_NO", "lists/ant.example.com/ja", f"lists/{ANT}/sa"):
        write(directory, f"{place}/{WELCOME}.txt", "Welcome $user_name to ${display_name}, $$5")
    write(directory, "site/en/help.txt", "$listname")
    write(directory, "domains/example.com/en/domain:admin:notice:new-list.txt", "$siteowner")
    assert of_files(conn, directory) == []


def test_files_that_nobody_reads_or_fills_in(conn: Connection, directory: Path) -> None:
    write(directory, f"lists/bee.example.com/en/{WELCOME}.txt")
    write(directory, f"domains/example.org/en/{WELCOME}.txt")
    write(directory, f"site/jp/{WELCOME}.txt")
    write(directory, f"site/english/{WELCOME}.txt")
    write(directory, "site/en/welcome.txt", "$nothing")
    write(directory, "lists/ant.example.com/en/domain:admin:notice:new-list.txt")
    write(directory, f"site/en/{HOLD}.txt", "$token $reasons")
    (directory / "site/en/broken.txt").write_bytes(b"\xff")
    assert sorted(of_files(conn, directory)) == [
        ("domains/example.org", "there is no such domain"),
        ("lists/ant.example.com/en/domain:admin:notice:new-list.txt", "this is no text of a list"),
        ("lists/bee.example.com", "there is no such list"),
        ("site/en/broken.txt", "not UTF-8"),
        (f"site/en/{HOLD}.txt", f"$token is not filled in in {HOLD}"),
        ("site/en/welcome.txt", "no text has this name"),
        ("site/english", "its name is that of no language"),
        (f"site/jp/{WELCOME}.txt", "jp is no language"),
    ]


def test_a_file_that_a_uri_names_has_any_name(conn: Connection, directory: Path) -> None:
    write(directory, "site/en/my.txt", "$user_name")
    action.put(conn, WELCOME, "mailman:///my.txt", action.scope(conn, None, None))
    assert of_files(conn, directory) == []


def test_texts_under_uris_that_are_files(conn: Connection, directory: Path) -> None:
    everywhere, ant = action.scope(conn, None, None), action.scope(conn, ANT, None)
    write(directory, "site/en/my.txt", "$token")
    write(directory, "yours", "$token")
    action.put(conn, WELCOME, "mailman:///my.txt", everywhere)
    action.put(conn, HOLD, "mailman:///none.txt", everywhere)
    action.put(conn, WELCOME, f"file://{directory}/yours", ant)
    action.put(conn, HOLD, f"file://{directory}/none", ant)
    found = template_check.of_records(site(conn, directory), "en")
    assert sorted(found) == [
        (f"file://{directory}/yours", f"$token is not filled in in {WELCOME}"),
        ("mailman:///my.txt", f"$token is not filled in in {WELCOME}"),
        ("mailman:///none.txt", f"{HOLD}: there is no such file"),
    ]
    assert Finding("none", "No such file or directory") in of_files(conn, directory)


async def test_texts_of_other_hosts(conn: Connection, directory: Path) -> None:
    where = action.scope(conn, ANT, None)
    names = (WELCOME, HOLD, "list:user:notice:post", "list:user:notice:goodbye")
    for name, path in zip(names, ("good", "odd", "gone", "away"), strict=True):
        action.put(conn, name, f"https://h/{path}", where, username="anne", password="secret")
    action.put(conn, "list:user:notice:probe", "mailman:///x.txt", where)
    web = FakeWeb(good="$user_name", odd="$token", gone=None)
    found = await template_check.of_web(site(conn, directory), web)
    assert sorted(found) == [
        ("https://h/away", "list:user:notice:goodbye: no connection for anne"),
        ("https://h/gone", "list:user:notice:post: there is no such text"),
        ("https://h/odd", f"$token is not filled in in {HOLD}"),
    ]


async def test_there_is_an_end_to_how_many_are_asked_for(
    conn: Connection, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(template_check, "MOST_FETCHED", 1)
    action.put(conn, WELCOME, "https://h/a", action.scope(conn, ANT, None))
    action.put(conn, WELCOME, "https://h/b", action.scope(conn, None, None))
    found = await template_check.of_web(site(conn, directory), FakeWeb(a="x", b="x"))
    assert found == [Finding("URIs", "1 of 2 texts were not asked for")]


def test_only_what_differs_is_read_from_the_database(conn: Connection) -> None:
    known, other = Address("https://h/a", ""), Address("https://h/b", "")
    state = State(5.0, 5.0, "")
    templates.keep(conn, {known: Kept("a", state), other: Kept("b", state)})
    action.put(conn, HOLD, "https://h/$list_id", action.scope(conn, None, None))
    loaded = site_texts.load(conn, None, {known: state})
    assert loaded is not None
    assert loaded.texts == {other: "b"}
    assert site_texts.load(conn, loaded.generation, {}) is None
