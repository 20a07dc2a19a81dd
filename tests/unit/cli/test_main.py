"""The command without and with wrong sub-commands, and how errors end it."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mlcore.cli.main import COMMANDS, EX_TEMPFAIL, cli
from support.site import SiteInDirectory


def test_without_a_command_there_is_help() -> None:
    result = CliRunner().invoke(cli, [])

    assert result.exit_code == 0
    assert all(f"  {name} " in result.output for name in COMMANDS)


def test_help_is_the_help_of_all_or_of_one_command() -> None:
    assert CliRunner().invoke(cli, ["help"]).output == CliRunner().invoke(cli, []).output

    result = CliRunner().invoke(cli, ["help", "stop"])
    assert result.output.startswith("Usage: cli stop [OPTIONS]\n")
    assert (
        result.output.partition("\n")[2] == CliRunner().invoke(cli, ["stop", "-h"]).output.partition("\n")[2]
    )

    result = CliRunner().invoke(cli, ["help", "domains", "add"])
    assert result.output.startswith("Usage: cli domains add [OPTIONS] HOST\n")
    assert "No such command 'x'." in CliRunner().invoke(cli, ["help", "domains", "x"]).stderr
    assert "No such command 'x'." in CliRunner().invoke(cli, ["help", "stop", "x"]).stderr

    result = CliRunner().invoke(cli, ["help", "nonsense"])
    assert result.exit_code == 2
    assert "Error: No such command 'nonsense'." in result.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_says_what_the_table_says(name: str) -> None:
    """Needs no configuration; the short text stands in the table so that help imports nothing."""
    result = CliRunner().invoke(cli, [name, "-h"])

    assert result.exit_code == 0
    assert COMMANDS[name][1].rstrip(".") in result.output.replace("\n", " ")


def test_an_unknown_command_is_a_usage_error() -> None:
    result = CliRunner().invoke(cli, ["nonsense"])

    assert result.exit_code == 2
    assert "Error: No such command 'nonsense'." in result.stderr


def test_a_bad_configuration_is_one_line(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path, "[mta]\nmax_recipient: 3\n")

    result = site.run("lists")

    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {site.config} [mta] max_recipient: there is no such key: write max_recipients\n"
    )


@pytest.mark.sqlite
def test_p3_trouble_of_this_host_is_temporary(tmp_path: Path) -> None:
    """A database that cannot be opened is not the caller's fault: 75, so that a pipe tries again."""
    site = SiteInDirectory(tmp_path)
    assert site.run("lists").exit_code == 0
    (tmp_path / "var/data/mlcore.db").write_bytes(b"no database at all" * 100)

    result = site.run("lists")

    assert result.exit_code == EX_TEMPFAIL
    assert result.stderr.startswith("Error: database: ")


def test_root_need_not_insist(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path)

    assert CliRunner().invoke(cli, ["--run-as-root", "-C", str(site.config), "lists"]).exit_code == 0


def test_a_command_imports_only_what_it_needs(tmp_path: Path) -> None:
    """`mlcore lists` is quick because servers, crypto and migrations stay away."""
    site = SiteInDirectory(tmp_path)
    site.run("lists")
    program = (
        "import sys; from mlcore.cli.main import cli; "
        f"cli(['-C', {str(site.config)!r}, 'lists'], standalone_mode=False); "
        "print(sorted({name.split('.')[0] for name in sys.modules}"
        " & {'aiosmtpd', 'alembic', 'structlog', 'cryptography'}),"
        " [name for name in sys.modules if name.startswith(('mlcore.server', 'mlcore.runners'))])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "No matching mailing lists found\n[] []\n"
