"""A defect of Python 3.11.2 (Debian 12), mended in 3.11.5: a possessive group may match too much."""

import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "mlcore"
POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{+[\d,]*\}+)\+|\(\?>")


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_pattern_has_a_possessive_or_atomic_group(path: Path) -> None:
    code = "\n".join(line.partition("  # ")[0] for line in path.read_text().splitlines())
    lines = [line for line in code.splitlines() if not line.lstrip().startswith("#")]
    found = [line for line in lines if POSSESSIVE_GROUP.search(line)]
    assert not found
