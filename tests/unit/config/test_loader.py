"""From a file to settings, and every way in which that goes wrong."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from mlcore.base.errors import ConfigError
from mlcore.config.loader import find, load, parse, read

BAD_CONFIGS = Path(__file__).parents[2] / "bad_configs"


def test_without_a_file_everything_has_its_default() -> None:
    settings = parse("", file="", cwd="/work")

    assert settings.config_file == ""
    assert settings.mailman.site_owner == ""
    assert settings.paths.var_dir == "/work/var"
    assert settings.paths.queue_dir == "/work/var/queue"
    assert settings.paths.control_socket == "/work/var/mlcore.sock"
    assert settings.database.url == "sqlite:////work/var/data/mlcore.db"
    assert settings.mta.max_recipients == 500
    assert settings.mta.delivery_retry_period == timedelta(days=5)
    assert settings.mta.max_message_size == 64 * 1024 * 1024
    assert settings.mta.low_water_bytes == 96 * 1024 * 1024


def test_what_the_file_says_is_used() -> None:
    settings = parse(
        "# a comment\n[mailman]\nsite_owner: root@example.com\n"
        "[mta]\nSMTP_Port = 2525\nsmtp_verify_cert: Off\nmax_message_size: 1m\nmin_free_space: 5K\n"
        "delivery_retry_period: 1d12h\noutgoing: OUTBOX\n"
        "[logging.root]\nformat: json\npath: mlcore.log\n[process]\none_processor: no\n",
        file="/etc/mlcore.cfg",
        cwd="/",
    )

    assert settings.mailman.site_owner == "root@example.com"
    assert settings.mta.smtp_port == 2525
    assert settings.mta.smtp_verify_cert is False
    assert settings.mta.max_message_size == 1 << 20
    assert settings.mta.low_water_bytes == 5 << 10
    assert settings.mta.delivery_retry_period == timedelta(hours=36)
    assert settings.mta.outgoing == "outbox"
    assert (settings.logging.format, settings.logging.path) == ("json", "mlcore.log")
    assert settings.process.one_processor is False


def test_the_layout_fhs_lies_where_systems_expect_it() -> None:
    paths = parse("[mailman]\nlayout: fhs\n", file="/etc/mlcore.cfg", cwd="/").paths

    assert paths.var_dir == "/var/lib/mlcore"
    assert paths.data_dir == "/var/lib/mlcore/data"
    assert paths.queue_dir == "/var/spool/mlcore"
    assert paths.log_dir == "/var/log/mlcore"
    assert paths.etc_dir == "/etc"


def test_a_layout_of_ones_own_and_names_in_it() -> None:
    settings = parse(
        "[mailman]\nlayout: ours\n[paths.ours]\nvar_dir: /srv/mlcore\nqueue_dir: ${VAR_DIR}/spool\n"
        "[mta]\nlmtp_socket: $var_dir/lmtp.sock\n[database]\nurl: sqlite:///$DATA_DIR/lists.db\n",
        file="/etc/mlcore.cfg",
        cwd="/",
    )

    assert settings.paths.queue_dir == "/srv/mlcore/spool"
    assert settings.mta.lmtp_socket == "/srv/mlcore/lmtp.sock"
    assert settings.database.url == "sqlite:////srv/mlcore/data/lists.db"


def test_a_dollar_in_the_working_directory_names_nothing() -> None:
    assert parse("", file="", cwd="/srv/$var_dir").paths.var_dir == "/srv/$var_dir/var"


@pytest.mark.parametrize("name", sorted(entry.name for entry in BAD_CONFIGS.iterdir()))
def test_a_bad_file_is_refused_with_one_line(name: str) -> None:
    """tests/bad_configs/NAME/mlcore.cfg is refused with the line in `expected`."""
    file = BAD_CONFIGS / name / "mlcore.cfg"

    with pytest.raises(ConfigError) as caught:
        read(str(file), cwd="/work")

    line = str(caught.value)
    assert line.replace(str(file), "FILE") == (BAD_CONFIGS / name / "expected").read_text("utf-8").rstrip(
        "\n"
    )
    assert "\n" not in line
    assert "hunter2" not in line


def test_a_bad_value_of_several_lines_is_still_one_line() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("[paths.here]\nvar_dir: /srv\n  /more\n", file="x", cwd="/")

    assert "\n" not in str(caught.value)


def test_a_file_that_is_named_and_missing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "mlcore.cfg").write_text("")

    with pytest.raises(ConfigError, match="-C names it"):
        find("other.cfg", environ={}, cwd=str(tmp_path))
    with pytest.raises(ConfigError, match="MLCORE_CONFIG_FILE names it"):
        find(None, environ={"MLCORE_CONFIG_FILE": "/no/such"}, cwd=str(tmp_path))


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read(str(tmp_path))


def test_the_search_goes_from_near_to_far(tmp_path: Path) -> None:
    cwd, home = tmp_path / "work", tmp_path / "home"
    (cwd / "var/etc").mkdir(parents=True)
    home.mkdir()
    named = tmp_path / "named.cfg"
    near, in_var, at_home = cwd / "mlcore.cfg", cwd / "var/etc/mlcore.cfg", home / ".mlcore.cfg"
    for file in (named, near, in_var, at_home):
        file.write_text("")
    environ = {"HOME": str(home)}

    assert find(str(named), environ={"MLCORE_CONFIG_FILE": str(near)}, cwd=str(cwd)) == str(named)
    assert find(None, environ={**environ, "MLCORE_CONFIG_FILE": str(named)}, cwd=str(cwd)) == str(named)
    for file in (near, in_var, at_home):
        assert find(None, environ=environ, cwd=str(cwd)) == str(file)
        file.unlink()
    assert find(None, environ=environ, cwd=str(cwd)) in {"", "/etc/mlcore.cfg", "/etc/mlcore/mlcore.cfg"}


def test_load_reads_what_it_finds(tmp_path: Path) -> None:
    (tmp_path / "mlcore.cfg").write_text("[mta]\nlmtp_port: 0\n")

    settings = load(environ={}, cwd=str(tmp_path))

    assert settings.mta.lmtp_port == 0
    assert settings.config_file == os.path.join(tmp_path, "mlcore.cfg")
    assert settings.paths.var_dir == f"{tmp_path}/var"
