"""Configuration file → `Settings`. A mistake is one line: file, section, key, what to write instead."""

import configparser
import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any

from mlcore.base.errors import ConfigError
from mlcore.config.settings import (
    LAYOUTS,
    UNUSED,
    DatabaseSettings,
    LoggingSettings,
    MailmanSettings,
    MtaSettings,
    Paths,
    ProcessSettings,
    Settings,
)
from mlcore.config.values import Kind

ENVIRONMENT = "MLCORE_CONFIG_FILE"
_SEARCHED = (
    "{cwd}/mlcore.cfg",
    "{cwd}/var/etc/mlcore.cfg",
    "{home}/.mlcore.cfg",
    "/etc/mlcore.cfg",
    "/etc/mlcore/mlcore.cfg",
)
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
_BUILT_IN = "(built-in defaults)"
_DOLLAR = "\0"  # a $ of the working directory itself, which names nothing

Raw = dict[str, dict[str, str]]


def load(
    explicit: str | None = None, *, environ: Mapping[str, str] | None = None, cwd: str | None = None
) -> Settings:
    """The configuration of this process: the file `find` names, or the built-in defaults.

    environ and cwd: those of the process where they are None. Raises ConfigError."""
    cwd = cwd or os.getcwd()
    file = find(explicit, environ=os.environ if environ is None else environ, cwd=cwd)
    return read(file, cwd=cwd) if file else parse("", file="", cwd=cwd)


def find(explicit: str | None, *, environ: Mapping[str, str], cwd: str) -> str:
    """Path of the file to read; empty if there is none: `explicit`, else $MLCORE_CONFIG_FILE, else the first
    that exists of ./mlcore.cfg, ./var/etc/mlcore.cfg, ~/.mlcore.cfg, /etc/mlcore.cfg, /etc/mlcore/mlcore.cfg.

    Raises ConfigError if a file is named and is not there."""
    for named, where in ((explicit, "-C"), (environ.get(ENVIRONMENT), f"${ENVIRONMENT}")):
        if named:
            path = os.path.join(cwd, named)
            if not os.path.isfile(path):
                raise ConfigError(
                    f"{where} names it, and there is no such file", "name one that exists", file=path
                )
            return path
    home = environ.get("HOME", "")
    for pattern in _SEARCHED:
        if "{home}" in pattern and not home:
            continue
        path = pattern.format(cwd=cwd, home=home)
        if os.path.isfile(path):
            return path
    return ""


def read(file: str, *, cwd: str | None = None) -> Settings:
    """The configuration in `file` (UTF-8). Raises ConfigError, also where it cannot be read."""
    file = os.path.abspath(file)
    try:
        with open(file, encoding="utf-8") as source:
            text = source.read()
    except UnicodeDecodeError as error:
        raise ConfigError(f"octet {error.start} is not UTF-8", "save the file as UTF-8", file=file) from error
    except OSError as error:
        raise ConfigError(
            f"cannot be read ({error.strerror})", "name a file that this user may read", file=file
        ) from error
    return parse(text, file=file, cwd=cwd or os.getcwd())


def parse(text: str, *, file: str, cwd: str) -> Settings:
    """The configuration in `text`; file: what messages call it, and $cfg_file. Raises ConfigError."""
    raw = _sections(text, file or _BUILT_IN)
    reader = _Reader(raw, file or _BUILT_IN)
    mailman = MailmanSettings(**reader.section("mailman", MailmanSettings, {}))
    variables = reader.variables(mailman.layout, cwd=cwd, file=file)
    paths = Paths(**reader.section(f"paths.{mailman.layout}", Paths, variables))
    settings = Settings(
        mailman=mailman,
        paths=paths,
        mta=MtaSettings(**reader.section("mta", MtaSettings, variables)),
        database=DatabaseSettings(**reader.section("database", DatabaseSettings, variables)),
        logging=LoggingSettings(**reader.section("logging.root", LoggingSettings, variables)),
        process=ProcessSettings(**reader.section("process", ProcessSettings, variables)),
        config_file=file,
    )
    reader.check_pairs(settings.mta)
    return settings


def _sections(text: str, file: str) -> Raw:
    parser = configparser.RawConfigParser(
        delimiters=(":", "="),
        comment_prefixes=("#",),
        inline_comment_prefixes=None,
        empty_lines_in_values=False,
        default_section="\0",
        strict=True,
    )
    try:
        parser.read_string(text)
    except configparser.DuplicateSectionError as error:
        raise ConfigError(
            "stands twice", "put its keys together", file=file, section=error.section
        ) from error
    except configparser.DuplicateOptionError as error:
        raise ConfigError(
            "stands twice", "keep one of the two", file=file, section=error.section, key=error.option
        ) from error
    except configparser.MissingSectionHeaderError as error:
        raise ConfigError(
            f"line {error.lineno} stands before any section", "write a line like [mta] above it", file=file
        ) from error
    except configparser.ParsingError as error:
        line = error.errors[0][0] if error.errors else 0
        raise ConfigError(f"line {line} cannot be read", "write key: value", file=file) from error
    return {name: dict(parser.items(name)) for name in parser.sections()}


def _known_sections() -> tuple[str, ...]:
    return tuple(str(item.metadata["section"]) for item in fields(Settings) if "section" in item.metadata)


class _Reader:
    """The sections of one file, and what is wrong with them."""

    def __init__(self, raw: Raw, file: str) -> None:
        self._raw = raw
        self._file = file
        for section in raw:
            self._check_section(section)

    def _wrong(self, text: str, remedy: str, section: str, key: str = "") -> ConfigError:
        return ConfigError(text, remedy, file=self._file, section=section, key=key)

    def _check_section(self, section: str) -> None:
        known = [name for name in _known_sections() if name != "paths"]
        if section in known:
            return
        if section.startswith("paths.") and len(section) > len("paths."):
            self._check_keys(section, Paths, "paths")
            return
        offered = [*known, *(f"paths.{layout}" for layout in LAYOUTS)]
        raise self._wrong("there is no such section", _suggestion(section, offered, "section"), section)

    def _check_keys(self, section: str, record: type, base: str) -> None:
        known = [item.name for item in fields(record)]
        for key in self._raw.get(section, {}):
            if key in known:
                continue
            why = UNUSED.get(base, {}).get(key)
            if why:
                raise self._wrong("this key is not used", f"delete it, {why}", section, key)
            raise self._wrong("there is no such key", _suggestion(key, known, "key"), section, key)

    def section(self, name: str, record: type, variables: Mapping[str, str]) -> dict[str, Any]:
        """Keyword arguments of `record`: what the file says, else the defaults with `$var` replaced."""
        self._check_keys(name, record, "paths" if record is Paths else name)
        given = self._raw.get(name, {})
        result = {}
        for item in fields(record):
            if item.name in given or item.metadata["kind"].paths:
                written = variables[item.name] if record is Paths else given.get(item.name, str(item.default))
                result[item.name] = self._value(name, item, written, variables)
        return result

    def _value(self, section: str, item: "Field[Any]", written: str, variables: Mapping[str, str]) -> object:
        kind: Kind = item.metadata["kind"]
        text = written.strip()
        if kind.paths:
            seen = (item.name,) if section.startswith("paths.") else ()
            text = self._expand(section, item.name, text, variables, seen).replace(_DOLLAR, "$")
        try:
            return kind.parse(text)
        except ValueError as error:
            shown = "" if item.metadata["secret"] else f"{written!r}: "
            raise self._wrong(f"{shown}{error}", kind.remedy, section, item.name) from error

    def variables(self, layout: str, *, cwd: str, file: str) -> dict[str, str]:
        """Texts, not yet expanded, of everything that `$name` may stand for under `layout`."""
        written = self._raw.get(f"paths.{layout}")
        if written is None and layout not in LAYOUTS:
            known = [*LAYOUTS, *(name[6:] for name in self._raw if name.startswith("paths."))]
            remedy = _suggestion(layout, known, "layout")
            raise self._wrong(f"{layout!r}: there is no such layout", remedy, "mailman", "layout")
        return {
            **{item.name: str(item.default) for item in fields(Paths)},
            **LAYOUTS.get(layout, {}),
            **(written or {}),
            "cwd": cwd.replace("$", _DOLLAR),
            "cfg_file": file.replace("$", _DOLLAR),
        }

    def _expand(
        self, section: str, key: str, text: str, variables: Mapping[str, str], seen: tuple[str, ...]
    ) -> str:
        """`text` with each `$name` replaced, in turn. seen: the names being replaced."""

        def replace(match: re.Match[str]) -> str:
            name = (match[1] or match[2]).lower()
            if name in seen:
                remedy = "write a path that begins with /"
                raise self._wrong(f"${name} is defined by itself", remedy, section, key)
            if name not in variables:
                remedy = _suggestion(name, list(variables), "name")
                raise self._wrong(f"${name} stands for nothing", remedy, section, key)
            return self._expand(section, key, variables[name], variables, (*seen, name))

        return _VARIABLE.sub(replace, text)

    def check_pairs(self, mta: MtaSettings) -> None:
        """What no single key can tell."""
        if bool(mta.smtp_user) != bool(mta.smtp_pass):
            missing = "smtp_pass" if mta.smtp_user else "smtp_user"
            raise self._wrong("smtp_user and smtp_pass go together", "set both or none", "mta", missing)
        if mta.retry_base > mta.retry_cap:
            raise self._wrong("this is longer than retry_cap", "write a shorter span", "mta", "retry_base")


def _suggestion(word: str, offered: list[str], noun: str) -> str:
    near = difflib.get_close_matches(word.lower(), offered, n=1, cutoff=0.6)
    return f"write {near[0]}" if near else f"the {noun}s are {' '.join(offered)}"
