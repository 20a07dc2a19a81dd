"""What the source imports is declared, and locked with hashes: not merely there because of something else."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def imported(tree: ast.AST) -> set[str]:
    """The packages that a module imports, at its top or later; `import_module("NAME")` too."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(str(node.module))
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            found |= {str(one.value) for one in node.args if isinstance(one, ast.Constant)}
    return {name.partition(".")[0] for name in found}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_import_is_declared_and_locked() -> None:
    named = set[str]().union(
        *(imported(ast.parse(path.read_text("utf-8"))) for path in (ROOT / "src").rglob("*.py"))
    )
    distributions = packages_distributions()
    needed = {plain(distributions[name][0]) for name in named - sys.stdlib_module_names - {"mlcore"}}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {plain(re.split(r"[\[<>=~! ]", one)[0]) for one in project["dependencies"]}
    locks = (ROOT / "requirements" / "run.txt").read_text("utf-8")
    locked = {
        plain(name) for name in re.findall(r"^([\w.-]+)(?:\[\w+\])?==\S+ \\\n +--hash=", locks, re.MULTILINE)
    }

    assert {"lxml", "sqlalchemy"} <= needed
    assert needed <= declared
    assert declared <= locked
