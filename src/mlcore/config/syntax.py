"""Text of a configuration file → sections of keys and texts; nothing is judged but the form."""

import configparser

from mlcore.base.errors import ConfigError

Raw = dict[str, dict[str, str]]
"""Section → key in lower case → text of the value, continuation lines joined by line feeds."""


def sections(text: str, file: str) -> tuple[Raw, list[ConfigError]]:
    """The sections of `text` in their order, and what of it cannot be read. file: what the errors call it.

    Lines that cannot be read are left out; after a key or section that stands twice, all is left out."""
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        return {}, [ConfigError(f"line {line} has a zero octet", "write the line again", file=file)]
    parser = configparser.RawConfigParser(
        delimiters=(":", "="),
        comment_prefixes=("#",),
        inline_comment_prefixes=None,
        empty_lines_in_values=False,
        default_section="\0",
        strict=True,
    )
    problems: list[ConfigError] = []
    try:
        parser.read_string(text)
    except configparser.MissingSectionHeaderError as error:
        wrong = f"line {error.lineno} stands before any section"
        return {}, [ConfigError(wrong, "write a line like [mta] above it", file=file)]
    except (configparser.DuplicateSectionError, configparser.DuplicateOptionError) as error:
        return {}, [_twice(error, file)]
    except configparser.ParsingError as error:
        # What could be read is there nevertheless: the parser goes on and raises at the end.
        problems = [
            ConfigError(f"line {line} cannot be read", "write key: value", file=file)
            for line, _ in error.errors
        ]
    return {name: dict(parser.items(name)) for name in parser.sections()}, problems


def _twice(
    error: configparser.DuplicateSectionError | configparser.DuplicateOptionError, file: str
) -> ConfigError:
    wrong = f"stands twice, again in line {error.lineno}"
    if isinstance(error, configparser.DuplicateOptionError):
        return ConfigError(wrong, "keep one of the two", file=file, section=error.section, key=error.option)
    return ConfigError(wrong, "put its keys together", file=file, section=error.section)
