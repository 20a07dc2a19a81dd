"""`mlcore conf` and `mlcore db`."""

import stat
from pathlib import Path

import pytest

from mlcore.config.describe import example
from support.site import SiteInDirectory

LOGIN = "[mta]\nsmtp_user: mlcore\nsmtp_pass: hunter2\n"
OWNER = "[mailman]\nsite_owner: root@example.com\n"
PASSWORD = "[database]\nurl: postgresql://mlcore:hunter2@db/lists\n"


def test_what_is_in_force_is_shown(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path, "[mta]\nsmtp_port: 2525\n[database]\nurl: sqlite:////srv/lists.db\n")

    assert site.run("conf", "-s", "mta", "-k", "smtp_port").output == "2525\n"
    assert "[mta] smtp_port: 2525\n" in site.run("conf").output
    assert site.run("conf", "-k", "smtp_port").output == "[mta] smtp_port: 2525\n"
    assert site.run("conf", "-s", "database").output == "[database] url: sqlite:////srv/lists.db\n"
    assert site.run("conf", "-s", "postfix").output == (
        "[postfix] postmap_command: /usr/sbin/postmap\n"
        "[postfix] socketmap: \n"
        "[postfix] transport_file_type: hash\n"
    )


def test_what_is_in_force_goes_into_a_file(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path, LOGIN)
    file = tmp_path / "shown"

    assert site.run("conf", "-o", str(file)).output == ""
    assert file.read_text() == site.run("conf", "-o", "-").output
    assert site.run("conf", "--describe", "-o", str(file)).output == ""
    assert file.read_text("utf-8") == example()


def test_a_file_is_left_alone_where_there_is_nothing_to_write(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path, LOGIN)
    file = tmp_path / "shown"
    file.write_text("as before")
    file.chmod(0o640)

    assert site.run("conf", "-s", "nowhere", "-o", str(file)).exit_code == 2
    assert file.read_text() == "as before"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["mlcore.cfg", "shown"]


@pytest.mark.parametrize("text", [LOGIN, PASSWORD])
def test_p27_secrets_are_masked(tmp_path: Path, text: str) -> None:
    site = SiteInDirectory(tmp_path, text)

    assert "hunter2" not in site.run("conf").output
    assert "hunter2" not in site.run("conf", "-s", "mta", "-k", "smtp_pass").output
    assert "hunter2" not in site.run("conf", "-k", "url").output


def test_what_is_not_there(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path)

    section = site.run("conf", "-s", "webservice")
    key = site.run("conf", "-s", "mta", "-k", "port")

    assert "Error: No such section: webservice\n" in section.stderr
    assert "Error: Section mta: No such key: port\n" in key.stderr
    assert (section.exit_code, key.exit_code) == (2, 2)


def test_check_says_ok_and_the_notices(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path, f"{OWNER}[webservice]\nport: 8001\n")

    result = site.run("conf", "--check")

    assert result.stdout == (
        f"Notice: [webservice] port: has no effect: mlcore has no REST interface yet\n{site.config}: ok\n"
    )
    assert result.exit_code == 0
    assert site.run("conf", "--describe").output == example()
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("owner", ["", "site_owner: changeme@example.com\n"])
def test_check_refuses_a_site_without_an_owner(tmp_path: Path, owner: str) -> None:
    site = SiteInDirectory(tmp_path, f"[mailman]\n{owner}")

    result = site.run("conf", "--check")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"Error: {site.config} [mailman] site_owner: ")


def test_check_says_everything_that_is_wrong(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path, "[mta]\nsmtp_port: 0\nlmtp_port: none\n[mailman]\nlayuot: fhs\n")

    result = site.run("conf", "--check")

    assert result.exit_code == 2
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == [
        f"{site.config} [mailman] layuot",
        f"{site.config} [mta] smtp_port",
        f"{site.config} [mta] lmtp_port",
    ]


def test_check_warns_of_another_delimiter_in_postfix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    postconf = tmp_path / "postconf"
    postconf.write_text("#!/bin/sh\necho -\n")
    postconf.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    site = SiteInDirectory(tmp_path, OWNER)

    result = site.run("conf", "--check")

    assert result.stderr.startswith(
        "Warning: recipient_delimiter of Postfix is -, [mta] verp_delimiter is +: "
    )
    assert result.stdout == f"{site.config}: ok\n"
    assert result.exit_code == 0


def test_check_of_a_file_that_is_not_there(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path)
    site.config.unlink()

    result = site.run("conf", "--check")

    assert result.stderr.startswith(f"Error: {site.config}: -C names it, and there is no such file")
    assert result.exit_code == 2


def test_a_new_database_is_made_up_to_date(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path)

    assert site.run("db", "upgrade").output == "The database is up to date\n"
    assert site.run("db", "upgrade").exit_code == 0
    assert site.run("lists").output == "No matching mailing lists found\n"
