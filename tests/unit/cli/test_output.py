"""Files that commands write: whole, in their place, with the rights of the caller."""

import os
import pwd
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from mlcore.base.errors import DiskTrouble
from mlcore.cli.output import OUTPUT_FILE, Output


@click.command()
@click.option("-o", "output", type=OUTPUT_FILE, default="-")
@click.option("--text", default="words\n")
@click.option("--die", is_flag=True)
@click.option("--idle", is_flag=True)
def write(output: Output, text: str, *, die: bool, idle: bool) -> None:
    if idle:
        return
    with output as stream:
        stream.write(text)
        if die:
            raise ValueError("a defect")


def leftovers(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.fixture(params=["as ourselves", "as somebody else"])
def rights(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With and without the child that keeps the rights of root."""
    monkeypatch.setattr(os, "geteuid", lambda: 0 if request.param == "as ourselves" else 4711)
    return str(request.param)


@pytest.mark.usefixtures("rights")
def test_a_file_is_there_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "out"

    with Output(str(path)) as stream:
        stream.write("太郎\n")
        stream.flush()
        assert not path.exists()

    assert path.read_text("utf-8") == "太郎\n"
    assert leftovers(tmp_path) == ["out"]


@pytest.mark.usefixtures("rights")
@pytest.mark.parametrize("how", ["--die", "--idle"])
def test_what_was_there_stays_if_nothing_comes_of_it(tmp_path: Path, how: str) -> None:
    path = tmp_path / "out"
    path.write_text("before")

    CliRunner().invoke(write, ["-o", str(path), how])

    assert path.read_text() == "before"
    assert leftovers(tmp_path) == ["out"]


@pytest.mark.usefixtures("rights")
def test_a_file_keeps_its_mode_and_a_link_stays_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "out", tmp_path / "link"
    path.write_text("before")
    path.chmod(0o640)
    link.symlink_to(path)

    assert CliRunner().invoke(write, ["-o", str(link)]).exit_code == 0

    assert link.is_symlink()
    assert path.read_text() == "words\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_p26_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """The members of a list, or a configuration, are nobody else's business, whatever the umask of root."""
    os.umask(0o022)
    assert CliRunner().invoke(write, ["-o", str(tmp_path / "out")]).exit_code == 0
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o600


def test_a_dash_is_standard_output_and_a_device_is_written_to() -> None:
    assert CliRunner().invoke(write, []).output == "words\n"
    assert CliRunner().invoke(write, ["-o", "/dev/null"]).exit_code == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_full_device_is_an_error() -> None:
    result = CliRunner().invoke(write, ["-o", "/dev/full"])

    assert isinstance(result.exception, DiskTrouble)
    assert str(result.exception) == "writing /dev/full: No space left on device"


@pytest.mark.usefixtures("rights")
def test_a_disk_that_fills_up_under_a_long_text_is_an_error_and_no_traceback(tmp_path: Path) -> None:
    """More than a buffer of text, so that it is the write itself that fails."""
    (tmp_path / "out").write_text("before")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limit[1]))
    try:
        result = CliRunner().invoke(write, ["-o", str(tmp_path / "out"), "--text", "words\n" * 20_000])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)

    assert isinstance(result.exception, DiskTrouble)
    assert str(result.exception) == f"writing {tmp_path}/out: File too large"
    assert (tmp_path / "out").read_text() == "before"
    assert leftovers(tmp_path) == ["out"]


def test_what_utf_8_does_not_have_is_escaped(tmp_path: Path) -> None:
    with Output(str(tmp_path / "out")) as stream:
        stream.write("a\udcff")
    assert (tmp_path / "out").read_text() == "a\\udcff"


def test_a_place_where_nothing_can_be_is_a_usage_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(write, ["-o", str(tmp_path / "nowhere" / "out")])

    assert result.exit_code == 2
    assert "No such file or directory" in result.stderr


@pytest.mark.usefixtures("rights")
def test_a_place_that_goes_away_is_an_error(tmp_path: Path) -> None:
    directory = tmp_path / "directory"
    directory.mkdir()
    output = Output(str(directory / "out"))
    (hidden,) = directory.iterdir()
    hidden.unlink()

    with pytest.raises(DiskTrouble), output as stream:
        stream.write("words")

    output.abandon()
    assert leftovers(directory) == []


def test_root_writes_where_the_owner_of_the_site_may_not(tmp_path: Path) -> None:
    """The rights are given up between opening and writing."""
    tmp_path.chmod(0o700)
    program = (
        "import os, pwd, sys; from mlcore.cli.output import Output; output = Output(sys.argv[1]);"
        "user = pwd.getpwnam('nobody'); os.setgroups([]); os.setgid(user.pw_gid); os.setuid(user.pw_uid)\n"
        "with output as stream: print(os.getresuid(), file=stream)"
    )
    number = pwd.getpwnam("nobody").pw_uid

    subprocess.run([sys.executable, "-c", program, str(tmp_path / "out")], check=True)

    assert (tmp_path / "out").read_text() == f"({number}, {number}, {number})\n"
    assert leftovers(tmp_path) == ["out"]


def test_a_command_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    program = (
        "import os, sys; from mlcore.cli.output import Output; output = Output(sys.argv[1]);"
        "os.kill(os.getpid(), 9)"
    )

    # The pipe is at its end when the child has gone too.
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "out")], stdout=subprocess.PIPE, check=False
    )

    assert done.returncode == -9
    assert leftovers(tmp_path) == []
