"""postfix/*.cf: what the ways have in common is the same in all of them."""

from pathlib import Path

import pytest

_DIRECTORY = Path(__file__).resolve().parents[3] / "postfix"
_MAIN = ("main.cf", "main-socketmap.cf", "main-verify.cf")


def _text(name: str) -> str:
    return (_DIRECTORY / name).read_text("utf-8")


def test_all_files_are_known() -> None:
    assert {path.name for path in _DIRECTORY.iterdir()} == {*_MAIN, "master.cf"}


def test_the_common_part_is_common() -> None:
    parts = {_text(name).partition("# -- for all three ways")[2] for name in _MAIN}
    assert len(parts) == 1
    (part,) = parts
    assert "recipient_delimiter = +\n" in part


@pytest.mark.parametrize("name", [*_MAIN, "master.cf"])
def test_lines_are_not_too_long_for_an_editor(name: str) -> None:
    assert max(map(len, _text(name).splitlines())) <= 120
