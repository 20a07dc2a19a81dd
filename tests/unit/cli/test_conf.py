"""`mlcore conf` and `mlcore db`."""

from pathlib import Path

from mlcore.config.describe import example
from support.site import SiteInDirectory

LOGIN = "[mta]\nsmtp_user: mlcore\nsmtp_pass: hunter2\n"


def test_what_is_in_force_is_shown(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path, "[mta]\nsmtp_port: 2525\n")

    assert site.run("conf", "-s", "mta", "-k", "smtp_port").output == "2525\n"
    assert "[mta] smtp_port: 2525\n" in site.run("conf").output
    assert site.run("conf", "-k", "smtp_port").output == "[mta] smtp_port: 2525\n"
    assert (
        site.run("conf", "-s", "database").output
        == f"[database] url: sqlite:///{tmp_path}/var/data/mlcore.db\n"
    )


def test_p27_secrets_are_masked(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path, LOGIN)

    assert "hunter2" not in site.run("conf").output
    assert "hunter2" not in site.run("conf", "-s", "mta", "-k", "smtp_pass").output


def test_what_is_not_there(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path)

    assert "Error: No such section: webservice\n" in site.run("conf", "-s", "webservice").stderr
    assert "Error: Section mta: No such key: port\n" in site.run("conf", "-s", "mta", "-k", "port").stderr


def test_check_and_describe(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path)

    assert site.run("conf", "--check").output == f"{site.config}: ok\n"
    assert site.run("conf", "--describe").output == example()
    site.config.write_text("[mta]\nsmtp_port: 0\n")
    assert site.run("conf", "--check").exit_code == 2


def test_a_new_database_is_made_up_to_date(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path)

    assert site.run("db", "upgrade").output == "The database is up to date\n"
    assert site.run("db", "upgrade").exit_code == 0
    assert site.run("lists").output == "No matching mailing lists found\n"
