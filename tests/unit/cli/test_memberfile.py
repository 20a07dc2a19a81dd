"""Files of members as programs of all sorts write them."""

import io
from typing import IO, cast

import pytest

from mlcore.base.errors import BadInput
from mlcore.cli.memberfile import LONGEST, people_in

Told = tuple[list[str], list[str]]


def told(octets: bytes, *, all_or_none: bool = False) -> Told:
    """People and bad lines."""
    file = io.TextIOWrapper(io.BytesIO(octets), encoding="utf-8", errors="surrogateescape")
    people: list[str] = []
    bad: list[str] = []
    for lines in people_in(file, all_or_none=all_or_none):
        people += [one.shown for one in lines.people]
        bad += [f"{one.number}: {one.reason}" for one in lines.bad]
    return people, bad


@pytest.mark.parametrize(
    "octets",
    [
        b"Anne <anne@example.com>\r\n\r\n# more\r\nbart@example.com\r\n",
        b"\xef\xbb\xbfAnne <anne@example.com>\nbart@example.com",
        b"Anne <anne@example.com>" + b" " * 1_000 + b"\n# " + b"x" * 10_000 + b"\nbart@example.com\n",
    ],
    ids=["CRLF", "byte order mark", "long lines"],
)
def test_what_editors_write(octets: bytes) -> None:
    assert told(octets) == (["Anne <anne@example.com>", "bart@example.com"], [])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_is_refused_as_a_whole(encoding: str) -> None:
    """Line by line it would be as many complaints about addresses, all of them beside the point."""
    with pytest.raises(BadInput, match="is no text in UTF-8: convert it, as by `iconv -f UTF-16"):
        told("Anne <anne@example.com>\nbart@example.com\n".encode(encoding))


def test_a_name_in_another_encoding_is_not_taken_as_something_else() -> None:
    octets = "Zoë <zoe@example.com>\nbart@example.com\nanne\n".encode("iso-8859-1")

    assert told(octets) == (
        ["bart@example.com"],
        [
            "1: not UTF-8, convert the file with iconv(1)",
            "3: not an address: 'anne': write it as name@example.com",
        ],
    )


def test_who_is_not_understood_is_not_removed() -> None:
    """Members who are not in the file lose their membership: then a line like that stops all."""
    octets = "bart@example.com\nZoë <zoe@example.com>\n".encode("iso-8859-1")

    with pytest.raises(BadInput, match=r"line 2 of standard input is not UTF-8, .*: nothing was done"):
        told(octets, all_or_none=True)
    assert told(b"anne\nbart@example.com\n", all_or_none=True)[0] == ["bart@example.com"]


def test_a_line_without_end_is_not_kept_in_memory() -> None:
    class Endless:
        """Nothing but what is used of a file. longest: characters that were asked for at once."""

        def __init__(self, text: str) -> None:
            self._text = io.StringIO(text)
            self.longest = 0

        def readline(self, size: int) -> str:
            self.longest = max(self.longest, size)
            return self._text.readline(size)

    text = "x" * 1_000_000 + "@example.com\nbart@example.com\n" + "anne@example.com" + " " * 9_000
    file = Endless(text)
    (lines,) = people_in(cast("IO[str]", file))

    assert [one.shown for one in lines.people] == ["bart@example.com"]
    assert [(one.number, len(one.text) <= LONGEST + 1) for one in lines.bad] == [(1, True), (3, True)]
    assert lines.bad[1].reason == f"longer than {LONGEST} characters"
    assert file.longest <= LONGEST + 1


def test_numbers_go_on_over_the_parts_of_a_long_file() -> None:
    octets = b"".join(b"u%d@example.com\n" % number for number in range(4_500)) + b"Zo\xeb <z@example.com>\n"
    people, bad = told(octets)

    assert len(people) == 4_500
    assert [one.partition(":")[0] for one in bad] == ["4501"]
