"""`mlcore templates`: texts and exit statuses."""

from pathlib import Path

import pytest

from mlcore.texts.names import FILES
from support.site import SiteInDirectory
from support.web import serving

ANT = "ant@example.com"
WELCOME = "list:user:notice:welcome"


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    site.run("create", "--language", "ja", ANT)
    return site


def write(site: SiteInDirectory, place: str, text: str | bytes) -> Path:
    path = Path(site.settings.paths.template_dir) / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_names_of_all_texts(site: SiteInDirectory) -> None:
    assert site.run("templates", "list", "--names").output.split() == sorted(FILES)
    assert site.json("templates", "list", "--names") == sorted(FILES)


def test_nothing_of_one_s_own(site: SiteInDirectory) -> None:
    assert site.run("templates", "list").output == ""
    assert site.json("templates", "list") == []
    result = site.run("templates", "check")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "0 files, 0 URIs: 0 to be looked at\n"


def test_which_there_are(site: SiteInDirectory) -> None:
    path = write(site, f"lists/ant.example.com/ja/{WELCOME}.txt", "ようこそ\n")
    assert site.run("templates", "set", WELCOME, "mailman:///x.txt").output == ""
    of_uri, of_file = (
        f"{WELCOME}  the site  mailman:///x.txt\n",
        f"{WELCOME}  ant.example.com  ja  {path}\n",
    )
    assert site.run("templates", "list").output == of_uri + of_file
    assert site.run("templates", "list", "--list", ANT).output == of_uri + of_file
    assert site.run("templates", "list", "--domain", "example.com").output == of_uri
    assert site.json("templates", "list", "--domain", "example.com") == [
        {"name": WELCOME, "context": "", "language": "", "place": "mailman:///x.txt", "note": ""}
    ]


def test_a_text_that_is_shown(site: SiteInDirectory) -> None:
    result = site.run("templates", "show", WELCOME)
    assert result.stderr == f"From mlcore: en/{WELCOME}.txt\n"
    assert "$display_name" in result.stdout
    assert site.run("templates", "show", "-l", ANT, WELCOME).stderr == f"From mlcore: ja/{WELCOME}.txt\n"
    path = write(site, f"lists/ant.example.com/fr/{WELCOME}.txt", "Bienvenue\x1b\n")
    shown = site.run("templates", "show", "--list", ANT, "--language", "fr", WELCOME)
    assert (shown.stdout, shown.stderr) == ("Bienvenue\\x1b\n", f"From {path}\n")


def test_a_text_that_there_is_not(site: SiteInDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlcore.texts.book import Book

    monkeypatch.setattr(Book, "locate", lambda *_, **__: None)
    result = site.run("templates", "show", WELCOME)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "There is no such text: nothing is written.\n"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("show", "list:welcome"), "Error: No such text: list:welcome: `mlcore templates list --names`"),
        (("show", WELCOME, "--language", "../x"), "Error: Invalid language code: ../x"),
        (("show", WELCOME, "-l", "bee@example.com"), "Error: No such list: bee@example.com"),
        (("list", "--domain", "example.org"), "Error: Undefined domain: example.org"),
        (("set", WELCOME, "ftp://h/x"), "Error: ftp://h/x: only http, https, file and mailman are known"),
        (
            ("set", WELCOME, "mailman:///x.txt", "--password", "x"),
            "Error: Specify both username and password",
        ),
        (("remove", WELCOME), f"Error: {WELCOME} has no URI for the site"),
    ],
)
def test_what_is_refused(site: SiteInDirectory, arguments: tuple[str, ...], error: str) -> None:
    result = site.run("templates", *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(error)


def test_set_and_removed(site: SiteInDirectory) -> None:
    site.run("templates", "set", "--domain", "example.com", WELCOME, "mailman:///x.txt")
    assert "@example.com" in site.run("templates", "list").output
    assert site.run("templates", "remove", "--domain", "example.com", WELCOME).output == ""
    assert site.run("templates", "list").output == ""


def test_what_is_set_is_looked_for_once(site: SiteInDirectory) -> None:
    with serving(good="Welcome, $user_name", odd="Welcome, $nobody") as server:
        assert site.run("templates", "set", "-l", ANT, WELCOME, server.url("/good")).output == ""
        odd = site.run("templates", "set", "-l", ANT, WELCOME, server.url("/odd"))
        assert odd.exit_code == 0
        assert odd.stderr == f"Warning: {server.url('/odd')}: $nobody is not filled in in {WELCOME}\n"
        gone = site.run("templates", "set", "-l", ANT, WELCOME, server.url("/$list_id"))
        assert gone.stderr == f"Warning: {server.url('/ant.example.com')}: {WELCOME}: there is no such text\n"
    assert site.run("templates", "list").output == (
        f"{WELCOME}  ant.example.com  {server.url('/$list_id')}  (not fetched yet)\n"
    )


def test_a_password_is_asked_for_and_shown_nowhere(site: SiteInDirectory) -> None:
    with serving(good="x") as server:
        result = site.run(
            "templates", "set", "--username", "anne", WELCOME, server.url("/good"), stdin="secret\n"
        )
        assert result.exit_code == 0
        assert "authorization: basic YW5uZTpzZWNyZXQ=".lower() in server.asked[0].lower()
    for command in (("list",), ("list", "--json"), ("check",)):
        assert "secret" not in site.run("templates", *command).output


def test_what_is_wrong_is_said(site: SiteInDirectory) -> None:
    path = write(site, "site/ja/help.txt", b"\xff")
    with serving() as server:
        site.run("templates", "set", WELCOME, server.url("/gone"))
        result = site.run("templates", "check")
        assert result.exit_code == 1
        assert result.stdout == (
            f"{path}: not UTF-8\n{server.url('/gone')}: {WELCOME}: there is no such text\n"
        )
        assert result.stderr == "0 files, 1 URIs: 2 to be looked at\n"
        asked = len(server.asked)
        assert site.run("templates", "check", "--no-fetch").stdout == f"{path}: not UTF-8\n"
        assert len(server.asked) == asked


def test_without_a_command_it_says_what_there_is(site: SiteInDirectory) -> None:
    assert "Usage:" in site.run("templates").output
