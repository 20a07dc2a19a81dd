"""What a new configuration does to the parts of a server; a whole server is tested in test_main."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlcore.config.settings import Settings
from mlcore.server.logs import LogFile, make_log
from mlcore.server.reload import reload
from support.site import SiteInDirectory


class Texts:
    """Counts how often it is asked to look at its files."""

    looks = 0

    def look_again(self) -> None:
        self.looks += 1


class Parts:
    """The only parts that are asked."""

    def __init__(self) -> None:
        self.adopted: list[Settings] = []
        self.live = [self.adopted.append]
        self.texts = Texts()


@pytest.fixture
def old(tmp_path: Path) -> Settings:
    return SiteInDirectory(tmp_path).settings


def reloaded(old: Settings, log_file: LogFile, **changes: Any) -> tuple[Parts, Any]:
    parts: Any = Parts()
    return parts, reload(old, replace(old, **changes), parts, make_log(log_file), log_file)


def test_without_a_change_nobody_is_bothered(old: Settings, tmp_path: Path) -> None:
    parts, done = reloaded(old, LogFile())

    assert (done.settings, done.changed, done.restart) == (old, (), ())
    assert parts.adopted == []


def test_files_with_texts_are_looked_at_though_no_setting_has_changed(old: Settings, tmp_path: Path) -> None:
    parts, _ = reloaded(old, LogFile())

    assert parts.texts.looks == 1


def test_the_log_moves_to_another_directory(old: Settings, tmp_path: Path) -> None:
    file = LogFile()
    path = tmp_path / "elsewhere" / "mlcore.log"

    parts, done = reloaded(old, file, logging=replace(old.logging, path=str(path)))

    file.write("a line\n")
    file.close()
    assert path.read_text() == "a line\n"
    assert done.changed == ("[logging.root] path",)
    assert parts.adopted == [done.settings]


def test_a_log_that_cannot_be_there_leaves_everything_as_it_was(old: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    parts: Any = Parts()
    file = LogFile(str(tmp_path / "log"))
    new = replace(old, logging=replace(old.logging, path=f"{tmp_path}/file/log"))

    with pytest.raises(OSError, match="Not a directory"):
        reload(old, new, parts, make_log(file), file)

    assert parts.adopted == []
    assert file.path == str(tmp_path / "log")
    file.close()
