"""Values filled into a text: `$name` and `${name}`, `$$` for a dollar sign (PEP 292)."""

from collections.abc import Mapping
from string import Template


def expand(template: str, values: Mapping[str, str]) -> str:
    """`template` with its values. A name without a value, and a dollar sign that begins no name, stay as they
    are; what a value holds is not filled in again."""
    return Template(template).safe_substitute(values)


def placeholders(template: str) -> tuple[str, ...]:
    """The names that `expand` looks for, each once, in order."""
    return tuple(Template(template).get_identifiers())
