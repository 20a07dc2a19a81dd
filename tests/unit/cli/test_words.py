"""The catalogue of the command line has everything that can be read there, in words that fit."""

import re
from collections import Counter

import click
import pytest
from click.testing import CliRunner

from mlcore.cli.main import COMMANDS, cli
from support.japanese import JAPANESE, ROOT, english_in, extraction, is_japanese, translations

SAID = translations()
EXTRACTION = extraction()
WANTED = EXTRACTION.messages()
NAMES = frozenset({"layout", "Postfix", "JSON", "URI"})
HOLE = re.compile(r"\{\*?([^{}]*)\}")
UNLIKE = frozenset(
    {
        "Option {name!r} requires an argument.",
        "Takes {nargs} values but 1 was given.",
        "{value!r} is not {choice}.",
    }
)
"""Texts of which the translation is that of the plural, where more is filled in."""


def test_every_text_is_translated() -> None:
    """Otherwise: tools/extract-messages, then write what is missing, then tools/compile-catalogs."""
    assert sorted(text for context, text, _ in WANTED if not SAID.get((context, text))) == []


def test_nothing_is_left_over() -> None:
    assert set(SAID) - {(context, text) for context, text, _ in WANTED} == set()


def test_translations_are_japanese() -> None:
    wrong = []
    for (_, text), said in SAID.items():
        words = HOLE.sub("", said)
        is_odd = not is_japanese(words) and re.search("[A-Za-z]{2}", words) and text not in NAMES
        if is_odd or re.search("[\u3040-\u30ff\u4e00-\u9fff][,.!;]", said) or said != said.rstrip(" "):
            wrong.append(said)
    assert wrong == []


def test_translations_fill_in_the_same() -> None:
    """A star says what a hole holds, in the English text alone."""
    wrong = [
        said
        for (_, text), said in SAID.items()
        if (Counter(HOLE.findall(said)) != Counter(HOLE.findall(text)) and text not in UNLIKE) or "{*" in said
    ]
    assert wrong == []


def commands(group: click.Group, words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The words that call each command below `group`."""
    context = click.Context(group, info_name="cli", resilient_parsing=True)
    found = [words]
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found += commands(command, (*words, name)) if isinstance(command, click.Group) else [(*words, name)]
    return found


EVERY = commands(cli, ())


def test_these_are_all_commands() -> None:
    assert {words[0] for words in EVERY if words} == set(COMMANDS)
    assert len(EVERY) > len(COMMANDS)


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_help_is_japanese_throughout(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", JAPANESE)
    result = CliRunner().invoke(cli, ["help", *words])
    usage, *rest = result.output.split("\n\n")

    assert result.exit_code == 0
    assert usage.startswith("使い方: cli")
    prose = [part for part in rest if not part.startswith("    mlcore ")]  # examples
    assert english_in(re.sub(r"mlcore completion \w+", "", "\n\n".join(prose))) == []
    for part in prose:
        assert is_japanese(part)


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_option_is_explained_in_japanese(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", JAPANESE)
    output = CliRunner().invoke(cli, ["help", *words]).output
    options = output.partition("オプション:\n")[2].partition("\n\n")[0]

    assert options
    for line in re.split(r"\n(?=  -)", options.rstrip()):
        assert is_japanese(line), line


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_no_line_of_help_is_too_wide(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    from mlcore.texts.fill import width

    monkeypatch.setenv("LANG", JAPANESE)
    output = CliRunner().invoke(cli, ["help", *words]).output

    assert [line for line in output.splitlines() if width(line) > 80 and is_japanese(line)] == []


def test_the_japanese_page_says_of_every_command_what_help_says() -> None:
    page = (ROOT / "docs/ja/commands.md").read_text("utf-8")
    table = page.partition("|---|---|\n")[2].partition("\n\n")[0].splitlines()

    assert table == [f"| `{name}` | {SAID['', text]} |" for name, (_, text) in COMMANDS.items()]


def test_texts_of_errors_are_found_in_the_source() -> None:
    """What the extraction is to see: arguments, variables, alternatives, functions, constants."""
    texts = {text for context, text, _ in WANTED if context}

    assert "No such list: {spec}" in texts
    assert "`mlcore lists` shows those there are" in texts
    assert {"nobody reads mail about this site", "{owner} was never changed"} <= texts
    assert "cannot listen on {*where}: {*strerror}" in texts
    assert "write one of: {names}" in texts
    assert "No such file or directory" in texts
    assert not {"mailman", "site_owner"} & texts
