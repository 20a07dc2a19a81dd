"""The program with all sorts of standard input, output and error."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.site import SiteInDirectory

CODE = "import os, sys; from mlcore.cli.main import main; {0}; main()"


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    site.run("create", "ant@example.com")
    site.run("addmembers", "-W", "-", "ant@example.com", stdin="太郎 <taro@example.jp>\n")
    return site


def program(
    site: SiteInDirectory, *arguments: str, before: str = "pass", **environment: str
) -> "subprocess.Popen[bytes]":
    """The program itself. before: Python that comes first."""
    return subprocess.Popen(
        [sys.executable, "-c", CODE.format(before), "-C", str(site.config), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        env={**os.environ, **environment},
    )


MANY = [["lists"], ["members", "ant@example.com"], ["lists_members"], ["conf"], ["settings", "--describe"]]


@pytest.mark.parametrize("arguments", MANY, ids=lambda words: str(words[0]))
def test_a_reader_who_has_seen_enough_ends_it_without_a_word(
    site: SiteInDirectory, arguments: list[str]
) -> None:
    """As `mlcore members LIST | head -1`."""
    with program(site, *arguments) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        said = process.stderr.read()

    assert (process.returncode, said) == (128 + signal.SIGPIPE, b"")


@pytest.mark.parametrize("arguments", MANY, ids=lambda words: str(words[0]))
def test_a_full_disk_under_standard_output_is_one_line(site: SiteInDirectory, arguments: list[str]) -> None:
    before = "os.dup2(os.open('/dev/full', os.O_WRONLY), 1)"
    with program(site, *arguments, before=before) as process:
        _, said = process.communicate()

    assert (process.returncode, said) == (75, b"Error: standard output: No space left on device\n")


def test_standard_files_that_are_closed_are_no_place_for_a_database(site: SiteInDirectory) -> None:
    """The next file that is opened would get the number, and the words of a child with it."""
    shown = "[os.readlink(f'/proc/self/fd/{n}') for n in range(3)]"
    before = (
        "[os.close(n) for n in range(3)]; sys.stdin = sys.stdout = sys.stderr = None;"
        f"import atexit; atexit.register(lambda: open(os.environ['SHOWN'], 'w').write(str({shown})))"
    )
    for arguments in (["lists_members"], ["conf"], ["nosuch"]):
        with program(site, *arguments, before=before, SHOWN=str(site.directory / "shown")) as process:
            assert process.communicate() == (b"", b"")
        assert process.returncode == (2 if arguments == ["nosuch"] else 0)
        assert (site.directory / "shown").read_text() == "['/dev/null', '/dev/null', '/dev/null']"


def test_ctrl_c_ends_a_command_with_130_and_no_traceback(site: SiteInDirectory) -> None:
    before = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "sys.stderr.write('here'); sys.stderr.flush()"
    )
    with program(site, "addmembers", "-", "ant@example.com", before=before) as process:
        assert process.stderr is not None
        assert process.stdin is not None
        assert process.stderr.read(4) == b"here"
        process.stdin.write(b"# nobody\n" * 20_000)  # more than a pipe holds: it reads
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        process.stdin.close()

    assert process.returncode == 128 + signal.SIGINT
    assert b"Traceback" not in said
    assert said.splitlines()[-1] == b""


def test_names_that_the_terminal_cannot_show_are_escaped(site: SiteInDirectory) -> None:
    for arguments, expected in (
        (["members", "ant@example.com"], b"\\u592a\\u90ce <taro@example.jp>\n"),
        (["findmember", "taro"], b"Email: taro@example.jp\n"),
    ):
        with program(site, *arguments, PYTHONIOENCODING="ascii") as process:
            told, said = process.communicate()
        assert (process.returncode, said) == (0, b"")
        assert told.startswith(expected)
    with program(site, "members", "--json", "ant@example.com", PYTHONIOENCODING="ascii") as process:
        told, _ = process.communicate()
    assert json.loads(told)[0]["display_name"] == "太郎"


@pytest.mark.parametrize("arguments", [["bans", "add", "^\udcff"], ["create", "\udcff@example.com"]])
def test_arguments_that_are_no_utf_8_are_refused(site: SiteInDirectory, arguments: list[str]) -> None:
    with program(site, *arguments) as process:
        _, said = process.communicate()

    assert process.returncode == 2
    assert said.startswith(b"Error: ")
    assert b"\\udcff" in said
    assert said.count(b"\n") == 1
