"""P27: one event is one line, whatever the values are."""

import errno
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.server.logs import LogFile, make_log

_VALUES = st.one_of(
    st.text(st.characters(), max_size=60),
    st.binary(max_size=20),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.booleans(),
    st.none(),
    st.lists(st.text(max_size=5), max_size=3),
)
_CONTROLS = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, 0x202E, 0xFEFF, 0xE0001]))


class Lines:
    """A log file in memory."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str) -> None:
        self.lines.append(line)


def log_to(lines: Lines, **options: str) -> Any:
    return make_log(lines, **options)  # type: ignore[arg-type]


@given(_VALUES)
def test_p27_one_event_is_one_text_line_whatever_the_value(value: object) -> None:
    lines = Lines()
    log_to(lines).info("held", subject=value)
    (line,) = lines.lines
    assert line.endswith("\n")
    assert line.count("\n") == 1
    assert line[:-1].isprintable()
    assert len(line.splitlines()) == 1


@given(_VALUES)
def test_p27_one_event_is_one_json_line_whatever_the_value(value: object) -> None:
    lines = Lines()
    log_to(lines, style="json").info("held", subject=value)
    (line,) = lines.lines
    assert line[:-1].isprintable()
    assert len(line.splitlines()) == 1
    assert set(json.loads(line)) == {"time", "level", "event", "subject"}


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_says_what_was_said(value: str) -> None:
    lines = Lines()
    log_to(lines, style="json").info("held", subject=value)
    assert json.loads(lines.lines[0])["subject"] == value


def test_p27_control_characters_are_escaped() -> None:
    lines = Lines()
    for style in ("text", "json"):
        log_to(lines, style=style).info("held", subject=_CONTROLS)
    for line in lines.lines:
        assert line[:-1].isprintable()
        assert "u2028" in line
    assert r"\n" in lines.lines[0]


def test_p9_p27_no_value_can_pretend_to_be_another_field_or_line() -> None:
    lines = Lines()
    log_to(lines).info(
        "held", sender='a" queue=in', subject="x\n2026-01-01T00:00:00.000Z info delivered", a="b=c"
    )
    assert lines.lines[0].split(" ", 2)[2] == (
        r'held sender="a\" queue=in" subject="x\n2026-01-01T00:00:00.000Z info delivered" a="b=c"' + "\n"
    )


@pytest.mark.parametrize("style", ["text", "json"])
def test_p27_octets_that_are_no_text_are_written_all_the_same(style: str) -> None:
    lines = Lines()
    log_to(lines, style=style).info("held", sender="\udcff@example.org")
    assert "udcff@example.org" in lines.lines[0]
    assert lines.lines[0][:-1].isprintable()


def test_text_is_readable() -> None:
    lines = Lines()
    log_to(lines).warning(
        "waiting", queue="in", reply="250 2.0.0 Ok", count=3, share=0.5, nothing="", none=None, name="お茶"
    )
    (line,) = lines.lines
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warning waiting queue=in "
        r'reply="250 2.0.0 Ok" count=3 share=0.5 name="お茶"\n',
        line,
    )


def test_what_weighs_too_little_is_not_written() -> None:
    lines = Lines()
    log = log_to(lines, level="warning")
    log.debug("a")
    log.info("b")
    log.warning("c")
    log.error("d")
    assert [line.split()[2] for line in lines.lines] == ["c", "d"]


# -- the file ------------------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mlcore.log"


@pytest.fixture
def file(path: Path) -> Iterator[LogFile]:
    file = LogFile(str(path))
    yield file
    file.close()


def test_p26_the_file_is_for_nobody_else(file: LogFile, path: Path) -> None:
    file.write("x\n")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_continued(path: Path) -> None:
    for line in ("one\n", "two\n"):
        file = LogFile(str(path))
        file.write(line)
        file.close()
    assert path.read_text() == "one\ntwo\n"


def test_reopen_goes_on_in_a_new_file_after_the_old_one_was_moved(file: LogFile, path: Path) -> None:
    file.write("old\n")
    moved = path.rename(path.with_suffix(".1"))
    file.write("still old\n")
    file.reopen()
    file.write("new\n")
    assert moved.read_text() == "old\nstill old\n"
    assert path.read_text() == "new\n"


def test_a_reopen_that_fails_keeps_the_old_file(file: LogFile, path: Path) -> None:
    moved = path.rename(path.with_suffix(".1"))
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        file.reopen()
    file.write("old\n")
    assert moved.read_text() == "old\n"


class FullDisk:
    """A stream on a disk without room."""

    def write(self, _line: str) -> None:
        raise OSError(errno.ENOSPC, "no space")

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "no space")

    def close(self) -> None:
        raise OSError(errno.ENOSPC, "no space")


def test_a_log_on_a_full_disk_stops_nothing(file: LogFile, path: Path) -> None:
    """Neither a line nor the move to a new file, nor the end of the process."""
    good, file._stream = file._stream, FullDisk()  # type: ignore[assignment]
    file.write("lost\n")
    file.reopen()
    file.write("kept\n")
    assert path.read_text() == "kept\n"
    file._stream.close()
    file._stream = FullDisk()  # type: ignore[assignment]
    file.close()
    file._stream = good


def test_without_a_path_it_is_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    file = LogFile()
    file._stream = sys.stderr
    file.write("x\n")
    file.reopen()
    file.close()
    assert capsys.readouterr().err == "x\n"


def test_a_log_in_use_gets_another_level_and_style() -> None:
    lines = Lines()
    log = log_to(lines)
    log.debug("unheard")
    log.change(level="debug", style="json")
    log.debug("heard", number=1)
    log.change(level="error", style="text")
    log.warning("unheard")
    log.error("heard")

    first, second = lines.lines
    assert json.loads(first)["event"] == "heard"
    assert second.endswith(" error heard\n")


def test_a_log_goes_on_under_another_name_or_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = LogFile(str(tmp_path / "one"))
    file.write("1\n")
    file.reopen(str(tmp_path / "two"))
    file.write("2\n")
    with pytest.raises(OSError, match="No such file"):
        file.reopen(str(tmp_path / "nowhere" / "three"))
    file.write("3\n")
    assert file.path == str(tmp_path / "two")
    file.reopen("")
    file.write("4\n")
    file.reopen("")
    file.reopen(str(tmp_path / "one"))
    file.write("5\n")
    file.close()

    assert (tmp_path / "one").read_text() == "1\n5\n"
    assert (tmp_path / "two").read_text() == "2\n3\n"
    assert capsys.readouterr().err == "4\n"


def test_what_the_interpreter_says_goes_into_the_log_even_after_it_was_moved(tmp_path: Path) -> None:
    program = (
        "import os, sys; from mlcore.server.logs import LogFile; file = LogFile(sys.argv[1]);"
        "file.take_stderr(); os.write(2, b'first\\n'); os.rename(sys.argv[1], sys.argv[1] + '.1');"
        "file.reopen(); os.write(1, b'second\\n'); LogFile().take_stderr(); raise ValueError('at the end')"
    )
    path = tmp_path / "log"
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, check=False)

    assert (done.stdout, done.stderr) == (b"", b"")
    assert (tmp_path / "log.1").read_text() == "first\n"
    assert path.read_text().startswith("second\nTraceback")
    assert path.read_text().endswith("ValueError: at the end\n")


@pytest.mark.parametrize("style", ["text", "json"])
@given(st.lists(st.text(max_size=40), max_size=6))
def test_p27_lines_for_each_of_some_texts_are_those_of_one_by_one(style: str, each: list[str]) -> None:
    together, alone = Lines(), Lines()
    log_to(together, style=style).info_each("delivered", "recipient", each, queue="out", reply="250 Ok")
    for one in each:
        log_to(alone, style=style).info("delivered", queue="out", reply="250 Ok", recipient=one or None)
    found = "".join(together.lines).splitlines(keepends=True)
    assert len(found) == len(each)
    for line, wanted, one in zip(found, alone.lines, each, strict=True):
        if one:
            assert line.split(maxsplit=1)[1:] == wanted.split(maxsplit=1)[1:] or style == "json"
        if style == "json":
            assert json.loads(line)["recipient"] == one


def test_lines_for_each_are_not_written_below_their_level() -> None:
    lines = Lines()
    log_to(lines, level="warning").info_each("delivered", "recipient", ["a@example.org"], queue="out")
    assert lines.lines == []
