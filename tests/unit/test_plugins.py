"""Entry points become rules and handlers, or an error that says which one does not work."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mlcore import plugins
from mlcore.base.errors import BadInput

Install = Callable[[str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a package with these entry points where Python finds it."""

    def do(entry_points: str) -> None:
        (tmp_path / "odd_plugin.py").write_text("def f(*_): return None\nx = 5\n")
        info = tmp_path / "odd-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1\n")
        (info / "entry_points.txt").write_text(entry_points)
        monkeypatch.syspath_prepend(str(tmp_path))

    yield_ = do
    sys.modules.pop("odd_plugin", None)
    return yield_


def test_in_the_order_of_the_configuration(install: Install) -> None:
    install("[mlcore.rules]\na = odd_plugin:f\nb = odd_plugin:f\n[mlcore.handlers]\nh = odd_plugin:f\n")
    more = plugins.load(("b", "a"), ("h",))
    assert [rule.name for rule in more.rules] == ["b", "a"]
    assert [handler.name for handler in more.handlers] == ["h"]
    assert more.rules[0].function is sys.modules["odd_plugin"].f


def test_none() -> None:
    more = plugins.load((), ())
    assert (more.rules, more.handlers) == ((), ())


def test_one_that_is_not_installed(install: Install) -> None:
    install("[mlcore.rules]\na = odd_plugin:f\n")
    with pytest.raises(BadInput, match=r"^no plug-in x is installed for mlcore\.rules: installed are: a$"):
        plugins.load(("x",), ())
    with pytest.raises(
        BadInput, match=r"^no plug-in a is installed for mlcore\.handlers: installed are: none$"
    ):
        plugins.load((), ("a",))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("odd_plugin:x", r"^the plug-in a is no function: see odd_plugin:x$"),
        ("odd_plugin:y", r"^the plug-in a cannot be loaded: AttributeError"),
        ("no_such_module_at_all:f", r"^the plug-in a cannot be loaded: ModuleNotFoundError"),
    ],
)
def test_one_that_does_not_work(install: Install, value: str, text: str) -> None:
    install(f"[mlcore.rules]\na = {value}\n")
    with pytest.raises(BadInput, match=text):
        plugins.load(("a",), ())
