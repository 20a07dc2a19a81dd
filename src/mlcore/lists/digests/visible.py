"""Text of posts and of templates made fit to stand in a digest."""

import re
from typing import Final

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_SEPARATOR: Final = re.compile(r"^(?=-{30,}[ \t]*$)", re.MULTILINE)


def visible(text: str) -> str:
    """`text` with LF line ends, without control characters, blanks at its end and empty lines at its
    beginning; empty if there is nothing to see in it."""
    text = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text.lstrip("\n").rstrip()


def without_separators(text: str) -> str:
    """`text` with a blank before each line of 30 hyphens or more: such lines part the messages of a digest
    (RFC 1153), and no author can end his or begin another one's. Linear."""
    return _SEPARATOR.sub(" ", text) if "-" * 30 in text else text
