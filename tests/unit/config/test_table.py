"""The tables of the document say what the code does."""

from pathlib import Path

import pytest

from mlcore.config import incumbent
from mlcore.config.describe import effective
from mlcore.config.loader import parse
from mlcore.config.table import foreign_keys, keys, main, with_tables

DOCUMENT = Path(__file__).parents[3] / "docs" / "configuration.md"


def test_the_document_has_the_tables_of_the_code() -> None:
    """Mended with `python -m mlcore.config.table docs/configuration.md`."""
    text = DOCUMENT.read_text("utf-8")

    assert text == with_tables(text)


def test_every_key_is_there() -> None:
    for section in effective(parse("", file="", cwd="/")).values():
        for key in section:
            assert f"| `{key}` |" in keys()
    for reasons in incumbent.KEYS.values():
        for key in reasons:
            assert f"`{key}`" in foreign_keys()


def test_a_document_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="no part keys"):
        with_tables("# Configuration\n")


def test_a_file_is_mended_in_its_place(tmp_path: Path) -> None:
    file = tmp_path / "configuration.md"
    text = DOCUMENT.read_text("utf-8")
    head, _, tail = text.partition("| `retry_base`")
    file.write_text(head + tail.partition("\n")[2])

    main(str(file))

    assert file.read_text("utf-8") == text
