"""Comparing delimiters with a postconf that says what the test wants."""

from pathlib import Path

import pytest

from mlcore.postfix.delimiter import check


def _postconf(directory: Path, script: str) -> str:
    path = directory / "postconf"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("theirs", ["+", "-+", "+_"])
def test_they_agree(tmp_path: Path, theirs: str) -> None:
    assert (
        check("+", postconf=_postconf(tmp_path, f'test "$*" = "-h recipient_delimiter" && echo "{theirs}"'))
        == ""
    )


@pytest.mark.parametrize(("theirs", "shown"), [("", "is empty"), ("-", "is -")])
def test_they_do_not(tmp_path: Path, theirs: str, shown: str) -> None:
    text = check("+", postconf=_postconf(tmp_path, f'echo "{theirs}"'))
    assert shown in text
    assert f"'recipient_delimiter = +{theirs}'" in text


@pytest.mark.parametrize("script", ["exit 1", "echo +x >&2; exit 75"])
def test_a_postconf_that_fails_says_nothing(tmp_path: Path, script: str) -> None:
    assert check("+", postconf=_postconf(tmp_path, script)) == ""


def test_without_postfix_there_is_nothing_to_compare(tmp_path: Path) -> None:
    assert check("+", postconf=str(tmp_path / "missing")) == ""


def test_the_postfix_of_this_host_can_be_asked() -> None:
    assert isinstance(check("+"), str)
