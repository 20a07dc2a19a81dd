"""Text of a configuration file → sections of keys and texts; nothing is judged but the form."""

import configparser
import contextlib
import re

from mlcore.base.errors import ConfigError

_HEADER = re.compile(r"\[([^]]+)\]")
Raw = dict[str, dict[str, str]]
"""Section → key in lower case → text of the value, continuation lines joined by line feeds."""


def sections(text: str, file: str) -> tuple[Raw, list[ConfigError]]:
    """The sections of `text` in their order, and what of it cannot be read. file: what the errors call it.

    Lines that cannot be read are left out; of keys that stand twice, the last is taken."""
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        return {}, [ConfigError(f"line {line} has a zero octet", "write the line again", file=file)]
    parser = _parser(strict=True)
    problems: list[ConfigError] = []
    try:
        parser.read_string(text)
    except configparser.MissingSectionHeaderError as error:
        wrong = f"line {error.lineno} stands before any section"
        return {}, [ConfigError(wrong, "write a line like [mta] above it", file=file)]
    except (configparser.DuplicateSectionError, configparser.DuplicateOptionError) as error:
        problems = [_twice(error, file)]
        parser = _parser(strict=False)  # it has stopped there, and the rest is to be judged too
        with contextlib.suppress(configparser.ParsingError):
            parser.read_string(text)
    except configparser.ParsingError as error:
        # What could be read is there nevertheless: the parser goes on and raises at the end.
        problems = [_unreadable(line, text, file) for line, _ in error.errors]
    return {name: dict(parser.items(name)) for name in parser.sections()}, problems


def _parser(*, strict: bool) -> configparser.RawConfigParser:
    return configparser.RawConfigParser(
        delimiters=(":", "="),
        comment_prefixes=("#",),
        inline_comment_prefixes=None,
        empty_lines_in_values=False,
        default_section="\0",
        strict=strict,
    )


def _unreadable(number: int, text: str, file: str) -> ConfigError:
    """number: of the line, counted from 1."""
    headers = [found[1] for line in text.splitlines()[: number - 1] if (found := _HEADER.match(line))]
    return ConfigError(
        f"line {number} cannot be read", "write key: value", file=file, section=headers[-1] if headers else ""
    )


def _twice(
    error: configparser.DuplicateSectionError | configparser.DuplicateOptionError, file: str
) -> ConfigError:
    wrong = f"stands twice, again in line {error.lineno}"
    if isinstance(error, configparser.DuplicateOptionError):
        return ConfigError(wrong, "keep one of the two", file=file, section=error.section, key=error.option)
    return ConfigError(wrong, "put its keys together", file=file, section=error.section)
