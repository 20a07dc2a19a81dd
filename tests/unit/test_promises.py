"""docs/promises.md is true: every promise is there, every linked test exists and carries its number."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "promises.md"
NUMBERS = range(1, 28)
_PROMISE = re.compile(r"^\*\*P(\d+)\.\*\*", re.MULTILINE)
_KEPT = re.compile(r"^- kept: `([^`]+)`$", re.MULTILINE)
_NOT_YET = re.compile(r"^- not yet: \S", re.MULTILINE)


def promises(text: str) -> dict[int, str]:
    """Number → what stands below it, from the text of the page."""
    _, *parts = _PROMISE.split(text)
    numbers = [int(number) for number in parts[::2]]
    assert len(set(numbers)) == len(numbers), "a number stands there twice"
    return dict(zip(numbers, parts[1::2], strict=True))


def numbers_of(link: str) -> set[int] | None:
    """The promises whose numbers the linked test carries; None if there is no such test."""
    path, _, name = link.partition("::")
    file = ROOT / path
    if not file.is_file():
        return None
    if not name:  # a dialog is a test by its file
        return {int(number) for number in re.findall(r"(?:^|_)p(\d+)(?=_)", file.name)}
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            found = re.findall(r"_p(\d+)(?=_)", name) + re.findall(
                r"\bP(\d+)\b", ast.get_docstring(node) or ""
            )
            return {int(number) for number in found}
    return None


def faults(text: str) -> list[str]:
    """What is wrong with the page, one line each."""
    found = promises(text)
    wrong = [f"P{number} is not there" for number in NUMBERS if number not in found]
    for number, below in found.items():
        links = _KEPT.findall(below)
        if not links and not _NOT_YET.search(below):
            wrong.append(f"P{number} has no test, and nothing says that it is not kept yet")
        for link in links:
            carried = numbers_of(link)
            if carried is None:
                wrong.append(f"P{number}: there is no {link}")
            elif number not in carried:
                wrong.append(f"P{number}: {link} does not carry its number")
    return wrong


def test_every_promise_is_listed_and_every_link_is_true() -> None:
    assert faults(PAGE.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("**P20.**", "**P99.**", "P20 is not there"),
        ("test_p12_a_lost_reply_is_one_more_try", "test_p12_gone", "there is no tests/unit/runners/"),
        ("tests/dialogs/p20_unknown_list.txt", "tests/dialogs/p20_gone.txt", "there is no tests/dialogs/"),
        ("- not yet: there is no REST API so far.", "It is safe.", "P22 has no test, and nothing says"),
        ("test_p16_the_peer_owes_a_reply", "test_p16_p10_stopped_under_load", ""),
        (
            "test_p2_a_thousand_recipients_have_a_thousand_replies_in_order",
            "test_p5_content_is_not_parsed",
            "number",
        ),
    ],
)
def test_the_check_sees_what_is_wrong(old: str, new: str, fault: str) -> None:
    text = PAGE.read_text("utf-8")
    assert old in text
    found = faults(text.replace(old, new))
    assert any(fault in line for line in found) if fault else found == []


# -- P25 --------------------------------------------------------------------------------------------------

_MODULES = frozenset({"pickle", "cPickle", "_pickle", "shelve", "marshal", "dill", "cloudpickle", "commands"})
_CALLS = frozenset({"eval", "exec", "compile", "__import__", "system", "popen", "create_subprocess_shell"})


def _dangers(tree: ast.AST) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.partition(".")[0] in _MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in _MODULES:
            found.append(str(node.module))
        elif isinstance(node, ast.Call):
            found += _dangers_of_call(node)
    return found


def _dangers_of_call(call: ast.Call) -> list[str]:
    found = [f"{word.arg}=True" for word in call.keywords if word.arg == "shell"]
    function = call.func
    if isinstance(function, ast.Name) and function.id in _CALLS:
        found.append(function.id)
    if isinstance(function, ast.Attribute) and function.attr in _CALLS and _is_module(function.value):
        found.append(function.attr)
    return found


def _is_module(value: ast.expr) -> bool:
    return isinstance(value, ast.Name) and value.id in {"os", "builtins", "asyncio", "subprocess"}


def test_p25_no_source_unpickles_evaluates_or_calls_a_shell() -> None:
    sources = sorted((ROOT / "src" / "mlcore").rglob("*.py"))
    assert len(sources) > 100
    found = {str(path): _dangers(ast.parse(path.read_text("utf-8"))) for path in sources}
    assert {path: words for path, words in found.items() if words} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "eval('1')",
        "os.system('ls')",
        "asyncio.create_subprocess_shell('ls')",
        "subprocess.run('ls', shell=True)",
    ],
)
def test_p25_the_check_sees_each_of_them(source: str) -> None:
    assert _dangers(ast.parse(source))
