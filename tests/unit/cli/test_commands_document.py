"""docs/commands.md names every command with every option and argument, and none that there is not."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from mlcore.cli.main import COMMANDS, cli

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "commands.md"
_OPTION = re.compile(r"(?<![\w-])-{1,2}[A-Za-z][A-Za-z-]*")


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command, and those below groups, by what a person types."""
    top = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(top, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            for below in command.list_commands(click.Context(command)):
                found = command.get_command(click.Context(command), below)
                assert found is not None
                yield f"{name} {below}", found


def sections() -> dict[str, str]:
    """What stands under each heading of a command."""
    parts = re.split(r"^#{1,3} (.+)$", DOCUMENT.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def options(command: click.Command) -> set[str]:
    """All spellings of the options that its help shows."""
    return {
        spelling
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
        for spelling in (*parameter.opts, *parameter.secondary_opts)
    }


def test_the_commands_are_those_of_the_program() -> None:
    documented = [title for title in sections() if title.split()[0] in COMMANDS]
    assert sorted(documented) == sorted(name for name, _ in commands())


@pytest.mark.parametrize(("name", "command"), [pytest.param(*one, id=one[0]) for one in commands()])
def test_each_command_has_its_options_and_arguments(name: str, command: click.Command) -> None:
    section = sections()[name]
    tables = [line for line in section.splitlines() if line.startswith("| `-")]
    # the first cell; a choice has bars of its own, without blanks beside them
    cells = "\n".join(line.split(" | ")[0] for line in tables)
    documented = {found for part in re.findall(r"`([^`]*)`", cells) for found in _OPTION.findall(part)}
    assert documented == options(command)
    words = "(?: LISTSPEC)? ".join(map(re.escape, name.split()))  # some groups take the list first
    usage = re.search(rf"`mlcore {words}(?: ([^`]*))?`", section)
    assert usage is not None, "no line of usage"
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            assert parameter.make_metavar(click.Context(command)).strip("[].{}") in (usage[1] or ""), (
                parameter.name
            )


def test_exit_statuses_are_explained() -> None:
    text = DOCUMENT.read_text("utf-8")
    for status in (0, 1, 2, 3, 75):
        assert f"| {status} |" in text


def test_lines_are_not_too_long_to_review() -> None:
    assert (
        max(len(line) for line in DOCUMENT.read_text("utf-8").splitlines() if not line.startswith("|")) <= 150
    )
