"""The argument that names a list; how it is completed stands in test_completion."""

import click
import pytest

from mlcore.cli.listspec import LISTSPEC


def test_it_is_taken_as_it_is_written() -> None:
    assert LISTSPEC.convert(" Ant@Example.com ", None, None) == "Ant@Example.com"


def test_nothing_names_no_list() -> None:
    with pytest.raises(click.BadParameter, match="names no list"):
        LISTSPEC.convert("  ", None, None)
