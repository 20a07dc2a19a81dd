"""Rules and handlers of a site: entry points of installed packages, named in the configuration.

A plug-in is a function with the same shape as the built-in ones, see docs/plugins.md. It runs with all the
rights of mlcore: who may install packages there may do anything anyway."""

from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from mlcore.base.errors import BadInput
from mlcore.lists.links import NamedRule
from mlcore.lists.pipelines import NamedHandler
from mlcore.lists.stages import Extensions

RULES: Final = "mlcore.rules"
HANDLERS: Final = "mlcore.handlers"


def load(rules: Sequence[str], handlers: Sequence[str]) -> Extensions:
    """What these entry points are, in this order. Raises BadInput with the name of one that is not installed,
    cannot be imported, or is no function."""
    return Extensions(
        rules=tuple(NamedRule(name, _loaded(RULES, name)) for name in rules),
        handlers=tuple(NamedHandler(name, _loaded(HANDLERS, name)) for name in handlers),
    )


def _loaded(group: str, name: str) -> Any:
    point = _found(group, name)
    try:
        function = point.load()
    except Exception as error:  # whatever an import may raise: the configuration names what does not work
        raise BadInput(f"the plug-in {name} cannot be loaded: {error!r}", f"see {point.value}") from error
    if not callable(function):
        raise BadInput(f"the plug-in {name} is no function", f"see {point.value}")
    return function


def _found(group: str, name: str) -> EntryPoint:
    points = entry_points(group=group)
    for point in points:
        if point.name == name:
            return point
    known = " ".join(sorted(points.names)) or "none"
    raise BadInput(f"no plug-in {name} is installed for {group}", f"installed are: {known}")
