"""What strangers wrote, as a terminal may see it."""

import io
import json
import re
from pathlib import Path

import pytest
from sqlalchemy import update

from mlcore.cli.text import json_text, line, lines
from mlcore.store import schema
from support.site import SiteInDirectory


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("太郎 é", "太郎 é"),
        ("a\x1b[31mb\x07", "a\\x1b[31mb\\x07"),
        ("\x9b2J\x7f", "\\x9b2J\\x7f"),
        ("one\ntwo\r\tthree", "one\\ntwo\\r\\tthree"),
        ("\u202egpj.exe\u2066", "\\u202egpj.exe\\u2066"),
        ("a\u2028b", "a\\u2028b"),
        ("\udcff", "\\udcff"),
    ],
)
def test_p9_what_steers_a_terminal_is_shown_instead(text: str, shown: str) -> None:
    assert line(text) == shown


def test_several_lines_stay_several_lines() -> None:
    assert lines("one\n\ttwo\x1b\r\udc80") == "one\n\ttwo\\x1b\\r\\udc80"


def test_a_long_line_is_cut_where_a_person_sees_it() -> None:
    assert line("x" * 10, 10) == "x" * 10
    assert line("x" * 11, 10) == "x" * 10 + "…"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "iso-8859-1"])
def test_json_is_valid_in_every_encoding(encoding: str) -> None:
    value = {"name": "太郎 \x9b\x7f\x1b é\u2028 \U0001f41c \u202e", "list": ["x"]}
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)

    text = json_text(value, stream, indent=2)

    assert json.loads(text.encode(encoding)) == value
    assert not set(text) & set("\x9b\x7f\x1b\u2028\u202e")
    assert ("太郎" in text) == (encoding == "utf-8")


def test_json_has_no_surrogates() -> None:
    assert json_text({"a": "x\ud800"}, io.StringIO()) == '{"a": "x?"}'


def test_p9_no_command_lets_a_name_steer_the_terminal(tmp_path: Path) -> None:
    """Whatever came into the database, and however."""
    site = SiteInDirectory(tmp_path)
    site.run("create", "ant@example.com")
    site.run("addmembers", "-W", "-", "ant@example.com", stdin="Anne <anne@example.com>")
    site.run("bans", "add", "^spam")
    evil = "E\x1b]0;vil\x07\x9b2J"
    with site.connection() as connection:
        for table, columns in (
            (schema.lists, ("display_name", "description", "info")),
            (schema.domains, ("description", "base_url")),
            (schema.addresses, ("display_name",)),
            (schema.users, ("display_name",)),
            (schema.members, ("display_name",)),
            (schema.bans, ("pattern",)),
        ):
            connection.execute(update(table).values(dict.fromkeys(columns, evil)))

    for words in (
        "lists -nd",
        "lists --json",
        "domains",
        "domains --json",
        "bans",
        "members ant@example.com",
        "members --json ant@example.com",
        "syncmembers -n /dev/null ant@example.com",
        "settings ant@example.com",
        "settings ant@example.com info",
        "settings ant@example.com --json",
        "lists_conf",
        "lists_members",
        "users",
    ):
        result = site.run(*words.split(" "))
        assert result.exit_code == 0, words
        assert re.search(r"E(\\x1b|\\u001b)]0;vil", result.output), words
        assert not set(result.output) & set("\x1b\x07\x9b"), words
