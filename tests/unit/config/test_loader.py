"""From a file to settings, and every way in which that goes wrong."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from mlcore.base.errors import ConfigError
from mlcore.config.loader import examine, find, load, parse, read, reread

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


def test_a_directory_is_not_called_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="-C names it, and this is no plain file: name one that exists"):
        find(str(tmp_path), environ={}, cwd="/")


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


def test_without_a_home_nothing_is_sought_there(tmp_path: Path) -> None:
    assert find(None, environ={}, cwd=str(tmp_path)) in {"", "/etc/mlcore.cfg", "/etc/mlcore/mlcore.cfg"}


def test_load_reads_what_it_finds(tmp_path: Path) -> None:
    (tmp_path / "mlcore.cfg").write_text("[mta]\nlmtp_port: 0\n")

    settings = load(environ={}, cwd=str(tmp_path))

    assert settings.mta.lmtp_port == 0
    assert settings.config_file == os.path.join(tmp_path, "mlcore.cfg")
    assert settings.paths.var_dir == f"{tmp_path}/var"


def test_everything_that_is_wrong_is_found(tmp_path: Path) -> None:
    """Values that are wrong by themselves are left out of what is compared with others."""
    (tmp_path / "mlcore.cfg").write_text(
        "[mta]\nsmtp_port\nretry_base: soon\nretry_cap: 1s\nsmtp_hosts: a\n[nntpp]\nhost: a\n"
        "[mailman]\nlayout: ours\nlistname_chars: [+]\n[webservice]\nports: 1\n[runner.out]\nstart: no\n"
    )

    examined = examine(environ={}, cwd=str(tmp_path))

    assert examined.settings is None
    assert [(problem.section, problem.key) for problem in examined.problems] == [
        ("mta", ""),
        ("nntpp", ""),
        ("webservice", "ports"),
        ("runner.out", "start"),
        ("mailman", "layout"),
        ("mta", "smtp_hosts"),
        ("mta", "retry_base"),
        ("mailman", "listname_chars"),
    ]
    with pytest.raises(ConfigError, match="line 2 cannot be read"):
        examined.usable()


def test_one_wrong_path_is_one_problem(tmp_path: Path) -> None:
    """What is made of it by default is wrong too, and to mend none of that would help."""
    (tmp_path / "mlcore.cfg").write_text(
        "[paths.here]\nvar_dir: relative\nlog_dir: $var_dir/logs\n[mta]\nsmtp_port: x\n"
    )

    examined = examine(environ={}, cwd=str(tmp_path))

    assert [(problem.section, problem.key) for problem in examined.problems] == [
        ("paths.here", "var_dir"),
        ("paths.here", "log_dir"),
        ("mta", "smtp_port"),
    ]


@pytest.mark.parametrize(
    "more",
    [
        "",
        "[mta]\nsmtp_port: x\n",
        "[mta]\nsmtp_prot: 1\n",
        "[mta]\noops\n",
        "[mta]\nsmtp_port: 1\nsmtp_port: 2\n",
        "[mta]\n[mta]\n",
        "[mailman]\nsite_owner: anne\n",
        "[database]\nurl: mysql://h/d\n",
        "[webservice]\nprt: 1\n",
        "[runner.out]\nstart: no\n",
        "# caf\xe9\n",
    ],
)
def test_where_files_lie_is_known_in_spite_of_a_mistake_elsewhere(tmp_path: Path, more: str) -> None:
    (tmp_path / "mlcore.cfg").write_text(f"[paths.here]\nvar_dir: {tmp_path}/here\n{more}", "iso-8859-1")

    examined = examine(environ={}, cwd=str(tmp_path))

    assert (examined.settings is None) == bool(more)
    assert examined.standing is not None
    assert examined.standing.paths.control_socket == f"{tmp_path}/here/mlcore.sock"


@pytest.mark.parametrize(
    "more",
    [
        "queue_dir: relative\n",
        "vardir: /srv\n",
        "oops\n",
        "var_dir: /srv\n",
        "[paths.fsh]\nvra_dir: /srv\n",
        "[pahts.here]\n",
        "[mailman]\nlayout: fsh\n",
        "[mailman]\nlayuot: fhs\n",
        "[mailman]\nlayout fhs\n",
        "[mailman]\n[mailman]\nlayout: fhs\n",
        "\0",
    ],
)
def test_where_files_lie_is_in_doubt_after_some_mistakes(tmp_path: Path, more: str) -> None:
    (tmp_path / "mlcore.cfg").write_text(f"[paths.here]\nvar_dir: {tmp_path}/here\n{more}")

    assert examine(environ={}, cwd=str(tmp_path)).standing is None


def test_line_ends_of_other_systems_are_none_of_the_values(tmp_path: Path) -> None:
    for end in ("\r\n", "\r"):
        (tmp_path / "mlcore.cfg").write_bytes(f"[mta]{end}smtp_host: a.example{end}".encode())
        assert load(environ={}, cwd=str(tmp_path)).mta.smtp_host == "a.example"


def test_a_file_that_cannot_be_read_is_one_problem(tmp_path: Path) -> None:
    (tmp_path / "mlcore.cfg").write_bytes(b"\xff")

    examined = examine(environ={}, cwd=str(tmp_path))

    assert [problem.remedy for problem in examined.problems] == ["save the file as UTF-8"]


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "mlcore.cfg").write_text("[mta]\nsmtp_port: 26\n", "utf-8-sig")

    assert load(environ={}, cwd=str(tmp_path)).mta.smtp_port == 26


def test_var_dir_of_the_environment_goes_before_that_of_the_layout(tmp_path: Path) -> None:
    file = tmp_path / "mlcore.cfg"
    file.write_text("[mailman]\nlayout: fhs\n[paths.fhs]\nvar_dir: /srv\n")

    moved = load(environ={"MLCORE_VAR_DIR": "/mnt/$x"}, cwd=str(tmp_path))
    beside = load(environ={"MLCORE_VAR_DIR": "other/.."}, cwd=str(tmp_path))

    assert moved.paths.var_dir == "/mnt/$x"
    assert moved.paths.data_dir == "/mnt/$x/data"
    assert moved.database.url == "sqlite:////mnt/$x/data/mlcore.db"
    assert moved.paths.queue_dir == "/var/spool/mlcore"
    assert beside.paths.var_dir == str(tmp_path)
    assert load(environ={"MLCORE_VAR_DIR": ""}, cwd=str(tmp_path)).paths.var_dir == "/srv"


def test_what_was_read_can_be_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the same file with the same $cwd and $MLCORE_VAR_DIR, wherever the process is by then."""
    file = tmp_path / "mlcore.cfg"
    file.write_text("[paths.here]\nlog_dir: $cwd/logs\n")
    settings = load(environ={"MLCORE_VAR_DIR": "site"}, cwd=str(tmp_path))
    file.write_text("[paths.here]\nlog_dir: $cwd/logs\n[mta]\nsmtp_port: 26\n")
    monkeypatch.chdir("/")

    again = reread(settings)

    assert again.mta.smtp_port == 26
    assert again.paths == settings.paths
    assert reread(parse("", file="", cwd="/work")) == parse("", file="", cwd="/work")
    file.write_text("[mta]\nsmtp_port: 0\n")
    with pytest.raises(ConfigError, match="out of bounds"):
        reread(again)


def test_a_file_of_no_use_names_no_password() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("[database]\nurl: postgresql://mlcore:hunter2$x@db/mlcore\n", file="", cwd="/")

    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
