"""`mlcore shell`, alias `mlcore withlist`: a prompt, or a function of the administrator's."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlcore.lists.model import ListPolicy
from mlcore.store import lists
from mlcore.store.engine import open_sync
from support.site import SiteInDirectory


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    for name in ("ant", "bee"):
        assert site.run("create", f"{name}@example.com").exit_code == 0
    return site


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a module that is not known yet, in a directory that Python looks into."""
    directory = tmp_path / "scripts"
    directory.mkdir()
    monkeypatch.syspath_prepend(str(directory))
    name = f"script_{abs(hash(request.node.nodeid))}"
    yield name
    sys.modules.pop(name, None)


def write(site: SiteInDirectory, script: str, text: str) -> None:
    (site.directory / "scripts" / f"{script}.py").write_text(text)


def description(site: SiteInDirectory, list_id: str = "ant.example.com") -> str:
    with site.connection() as connection:
        policy = lists.get(connection, list_id)
    assert policy is not None
    return policy.description


CHANGE = """\
import msgspec
store.lists.change(connection, msgspec.structs.replace(m, description="insects"))
"""


def test_the_end_of_the_input_commits(site: SiteInDirectory) -> None:
    result = site.run("shell", "-l", "ant@example.com", stdin=CHANGE)
    assert result.exit_code == 0
    assert "ant@example.com" in result.stderr
    assert description(site) == "insects"


def test_exit_does_not_commit(site: SiteInDirectory) -> None:
    result = site.run("withlist", "-l", "ant.example.com", stdin=CHANGE + "exit()\n")
    assert result.exit_code == 0
    assert description(site) == ""


def test_commit_and_abort(site: SiteInDirectory) -> None:
    text = CHANGE + "commit()\n" + CHANGE.replace("insects", "spiders") + "abort()\nexit()\n"
    site.run("shell", "-l", "ant@example.com", stdin=text)
    assert description(site) == "insects"


def test_an_error_at_the_prompt_does_not_end_it(site: SiteInDirectory) -> None:
    result = site.run("shell", stdin="1/0\nprint(settings.mailman.layout)\nprint(sorted(vars(store))[:1])\n")
    assert result.exit_code == 0
    assert "ZeroDivisionError" in result.stderr
    assert "here" in result.stdout


def test_the_prompt_shows_that_something_waits_for_commit(site: SiteInDirectory) -> None:
    result = site.run("shell", "-l", "ant@example.com", stdin=CHANGE + "commit()\nprint(7)\n")
    assert "*>>> " in result.stdout
    assert result.stdout.rpartition("7")[0].endswith(">>> ")
    assert not result.stdout.rpartition("7")[0].endswith("*>>> ")


def test_who_only_reads_keeps_nobody_from_writing(site: SiteInDirectory, script: str) -> None:
    """The write lock is free while the prompt waits, though the session could write."""
    write(
        site,
        script,
        f"""
from mlcore.store.engine import open_sync

def elsewhere():
    with open_sync({site.settings.database.url!r}) as other:
        other.exec_driver_sql("DELETE FROM bans")
    print("written")
""",
    )
    text = f"len(store.lists.all(connection))\nimport {script}\n{script}.elsewhere()\n"
    assert "written" in site.run("shell", stdin=text).stdout


def test_actions_and_store_are_at_hand(site: SiteInDirectory) -> None:
    result = site.run(
        "shell", stdin="print(actions.lists.find(connection, 'bee@example.com').list_id, store.members)\n"
    )
    assert "bee.example.com" in result.stdout


def test_a_function_is_called_with_the_list_and_the_arguments(site: SiteInDirectory, script: str) -> None:
    write(site, script, "def go(m, *more, connection):\n    print(m.list_id, more, connection.closed)\n")
    result = site.run("withlist", "-r", f"{script}.go", "-l", "ant@example.com", "one", "2")
    assert (result.exit_code, result.stdout) == (0, "ant.example.com ('one', '2') False\n")


def test_a_name_alone_is_module_and_function(site: SiteInDirectory, script: str) -> None:
    write(site, script, f"def {script}(*more):\n    print('called', more)\n")
    assert site.run("shell", "--run", script, "a").stdout == "called ('a',)\n"


def test_what_a_function_changes_is_committed(site: SiteInDirectory, script: str) -> None:
    write(
        site,
        script,
        "import msgspec\n"
        "def go(m, text, *, connection, store):\n"
        "    store.lists.change(connection, msgspec.structs.replace(m, description=text))\n"
        "    if text == 'bad': raise RuntimeError(text)\n",
    )
    assert site.run("shell", "-r", f"{script}.go", "-l", "ant@example.com", "good").exit_code == 0
    assert description(site) == "good"
    with pytest.raises(RuntimeError, match="bad"):
        site.run("shell", "-r", f"{script}.go", "-l", "ant@example.com", "bad")
    assert description(site) == "good"


def test_a_pattern_calls_it_for_each_list(site: SiteInDirectory, script: str) -> None:
    write(site, script, "def go(m):\n    return m.list_name\n")
    result = site.run("shell", "-i", "-r", f"{script}.go", "-l", "^.*@example", stdin="print(r)\n")
    assert "{'ant.example.com': 'ant', 'bee.example.com': 'bee'}" in result.stdout
    result = site.run("shell", "-i", "-r", f"{script}.go", "-l", r"^bee\.", stdin="print(r)\n")
    assert "{'bee.example.com': 'bee'}" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("-l", "^ant"), "Regular expression requires --run"),
        (("one",), "RUN_ARGS require --run"),
        (("-l", "wasp@example.com"), "No such list: wasp@example.com"),
        (("-r", "no_such_module_anywhere"), "cannot import no_such_module_anywhere"),
        (("-r", "os.no_such_function"), "os has no function no_such_function"),
        (("-r", "os.path;x"), "is no name of a function"),
        (("-r", "os.getcwd", "-l", "^("), "is no regular expression"),
    ],
)
def test_what_cannot_be_done(site: SiteInDirectory, arguments: tuple[str, ...], text: str) -> None:
    result = site.run("shell", *arguments)
    assert result.exit_code == 2
    assert text in result.stderr


def test_details(site: SiteInDirectory) -> None:
    result = site.run("shell", "--details")
    assert result.exit_code == 0
    assert "commit()" in result.stdout
    assert max(map(len, result.stdout.splitlines())) < 100


def test_a_session_that_ends_without_commit_forgets(site: SiteInDirectory) -> None:
    from mlcore.cli.console import session
    from mlcore.cli.site import Site

    with session(Site(str(site.config))) as current:
        policy = lists.get(current.connection, "ant.example.com")
        assert isinstance(policy, ListPolicy)
        lists.remove(current.connection, policy.list_id)
        assert current.changed
    with open_sync(site.settings.database.url, read_only=True) as connection:
        assert lists.get(connection, "ant.example.com") is not None
