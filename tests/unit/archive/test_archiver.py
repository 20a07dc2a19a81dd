"""What all archivers share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.archive.archiver import safe_name
from support.archives import archived


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ant@example.com", "ant@example.com"),
        ("../x", "%2E.%2Fx"),
        ("-outdir", "%2Doutdir"),
        ("a b", "a%20b"),
        ("蟻", "%E8%9F%BB"),
        ("", "%"),
    ],
)
def test_p9_a_name_is_one_component_of_a_path(text: str, name: str) -> None:
    assert safe_name(text) == name


@given(st.text())
def test_p9_no_text_leaves_its_directory(text: str) -> None:
    name = safe_name(text)
    assert "/" not in name
    assert name.isascii()
    assert name.isprintable()
    assert not name.startswith((".", "-"))


def test_files_have_the_line_ends_of_this_system() -> None:
    assert archived(octets=b"A: b\r\n\r\nx\r\n").unix() == b"A: b\n\nx\n"
