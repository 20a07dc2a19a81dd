"""The Japanese catalogue has every phrase that mail of ours may hold, and the compiled file is its own."""

import ast
import importlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

import mlcore
from mlcore.lists import command_answers
from mlcore.lists.digests import phrases as of_digests
from mlcore.lists.notices import phrases

ROOT = Path(mlcore.__file__).parent
PLACE = ROOT / "locale" / "ja" / "LC_MESSAGES"
UNTRANSLATED = {phrases.CONTROL_SUBJECT, "- Done."}
"""A command, and what may be the same."""


def catalogue() -> dict[str, str]:
    with (PLACE / "mlcore.po").open("rb") as stream:
        found = read_po(stream, locale="ja", abort_invalid=True)
    return {str(one.id): str(one.string) for one in found if one.id}


JAPANESE = catalogue()


def reasons() -> Iterator[tuple[str, str]]:
    """Every text that a `Reason` is made of in list logic, with the file it stands in."""
    for path in sorted((ROOT / "lists").rglob("*.py")):
        relative = path.relative_to(ROOT.parent).with_suffix("")
        tree = ast.parse(path.read_text())
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
        for call in calls:
            if isinstance(call.func, ast.Name) and call.func.id == "Reason":
                module = importlib.import_module(".".join(relative.parts))
                for text in texts(call.args[0], module):
                    yield text, path.name


def texts(node: ast.expr, module: ModuleType) -> list[str]:
    """The texts an expression may be: a literal, a constant of its module, one of a table; none where it is
    given to a function."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.IfExp):
        return [*texts(node.body, module), *texts(node.orelse, module)]
    if isinstance(node, ast.Subscript):
        return texts(node.value, module)
    value = getattr(module, node.id, None) if isinstance(node, ast.Name) else None
    if isinstance(value, str):
        return [value]
    return list(map(str, value.values())) if isinstance(value, dict) else []


def constants(module: ModuleType) -> Iterator[str]:
    """The English of a module that has nothing else in capitals: texts, tables and tuples of them."""
    for name, value in vars(module).items():
        if not name.isupper() or name.startswith("_"):
            continue
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from value.values()
        elif isinstance(value, tuple) and module is not command_answers:
            yield from value


WANTED = sorted(
    {text for text, _ in reasons()}
    | {text for module in (phrases, command_answers, of_digests) for text in constants(module)}
    - {phrases.CONTROL_SUBJECT}
)


@pytest.mark.parametrize("text", WANTED)
def test_every_phrase_is_there(text: str) -> None:
    assert JAPANESE.get(text), f"the Japanese catalogue lacks {text!r}"


def test_it_holds_nothing_else() -> None:
    assert sorted(set(JAPANESE) - set(WANTED)) == []


@pytest.mark.parametrize("text", sorted(JAPANESE))
def test_a_translation_is_japanese_and_fills_in_the_same(text: str) -> None:
    said = JAPANESE[text]
    slots = re.compile(r"\{[a-z_]*\}")
    assert sorted(slots.findall(said)) == sorted(slots.findall(text))
    assert re.search("[\u3040-\u30ff\u4e00-\u9fff]", said)
    assert "\n" not in said
    assert re.search("[\u3040-\u30ff\u4e00-\u9fff][,.!?;]", said) is None


def test_the_compiled_catalogue_is_that_of_the_text() -> None:
    """After a change: tools/compile-catalogs."""
    with (PLACE / "mlcore.po").open("rb") as stream:
        fresh = io.BytesIO()
        write_mo(fresh, read_po(stream, locale="ja"))
    with (PLACE / "mlcore.mo").open("rb") as stream:
        compiled = {str(one.id): str(one.string) for one in read_mo(stream) if one.id}
    fresh.seek(0)
    assert compiled == {str(one.id): str(one.string) for one in read_mo(fresh) if one.id} == JAPANESE


def test_what_is_compiled_does_not_depend_on_the_day() -> None:
    """Babel writes the time of the compilation where the text names none."""
    head = (PLACE / "mlcore.po").read_text().partition("\n\n")[0]
    assert "POT-Creation-Date" in head
    assert "PO-Revision-Date" in head
