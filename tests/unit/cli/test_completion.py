"""What a shell is told, and what it hears when it asks."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from mlcore.cli.main import COMMANDS, cli
from support.site import SiteInDirectory

_PROGRAM = Path(sys.executable).with_name("mlcore")


def completed(*words: str) -> list[str]:
    """What `mlcore WORDS` completes to, the last word being begun."""
    *before, begun = words
    return [item.value for item in ShellComplete(cli, {}, "mlcore", "_X").get_completions(before, begun)]


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    for name in ("ant@example.com", "ape@example.com", "bee@example.net"):
        assert site.run("create", "-q", name).exit_code == 0
    return site


def test_commands_and_options_are_completed() -> None:
    assert completed("") == list(COMMANDS)
    assert completed("res") == ["restart"]
    assert "--queue" in completed("inject", "--q")
    assert completed("completion", "") == ["bash", "zsh", "fish"]


def test_names_of_commands_are_completed_without_importing_them() -> None:
    program = (
        "import sys; from click.shell_completion import ShellComplete; from mlcore.cli.main import cli;"
        "ShellComplete(cli, {}, 'mlcore', '_X').get_completions([], '');"
        "print([name for name in sys.modules if name.startswith(('mlcore.cli.', 'sqlalchemy'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    modules = ["streams", "language", "text", "site", "spoken", "main"]
    assert done.stdout == f"{[f'mlcore.cli.{name}' for name in modules]}\n"


def test_lists_are_completed(site: SiteInDirectory) -> None:
    config = ("-C", str(site.config))

    assert completed(*config, "inject", "") == ["ant@example.com", "ape@example.com", "bee@example.net"]
    assert completed(*config, "inject", "A") == ["ant@example.com", "ape@example.com"]
    assert completed(*config, "inject", "ant@") == ["ant@example.com"]
    assert completed(*config, "inject", "bee.") == ["bee.example.net"]
    assert completed(*config, "held", "list", "b") == ["bee@example.net"]


def test_without_a_site_nothing_is_completed_and_nothing_made(tmp_path: Path) -> None:
    config = tmp_path / "mlcore.cfg"
    config.write_text(f"[paths.here]\nvar_dir: {tmp_path}/var\n")

    assert completed("-C", str(config), "inject", "") == []
    assert completed("-C", str(tmp_path / "nothing"), "inject", "") == []
    assert [path.name for path in tmp_path.iterdir()] == ["mlcore.cfg"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script_that_asks(shell: str) -> None:
    result = CliRunner().invoke(cli, ["completion", shell])

    assert result.exit_code == 0
    assert f"_MLCORE_COMPLETE={shell}_complete" in result.output


@pytest.mark.parametrize(
    ("line", "replies"),
    [
        ("mlcore resta", ["restart"]),
        ("mlcore -C {config} inject a", ["ant@example.com", "ape@example.com"]),
        ("mlcore -C {config} inject ant@ex", ["example.com"]),
        ("mlcore -C {config} inject -q in ", ["ant@example.com", "ape@example.com", "bee@example.net"]),
        ("mlcore -C {config} held list --js", ["--json"]),
    ],
)
def test_bash_itself_completes(site: SiteInDirectory, line: str, replies: list[str]) -> None:
    """The library readline begins a new word behind an @, and gets back only what follows it."""
    bash = shutil.which("bash")
    assert bash
    script = (
        'eval "$(mlcore completion bash)"\n'
        'COMP_LINE=$1 COMP_POINT=${#1}\n_mlcore_completion mlcore\nprintf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        [bash, "-c", script, "bash", line.format(config=site.config)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PATH": f"{_PROGRAM.parent}:{os.environ['PATH']}"},
    )

    assert done.stdout.splitlines() == replies
    assert done.stderr == ""
