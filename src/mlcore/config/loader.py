"""Configuration file → `Settings`. A mistake is one line: file, section, key, what to write instead."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from mlcore.base.errors import ConfigError
from mlcore.config import pairs
from mlcore.config.reader import Reader, is_section
from mlcore.config.settings import Origin, Settings
from mlcore.config.site import MailmanSettings
from mlcore.config.syntax import sections

ENVIRONMENT = "MLCORE_CONFIG_FILE"
VAR_DIR = "MLCORE_VAR_DIR"
_SEARCHED = (
    "{cwd}/mlcore.cfg",
    "{cwd}/var/etc/mlcore.cfg",
    "{home}/.mlcore.cfg",
    "/etc/mlcore.cfg",
    "/etc/mlcore/mlcore.cfg",
)
_BUILT_IN = "(built-in defaults)"
_MAILMAN = frozenset(item.name for item in fields(MailmanSettings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What became of a configuration. settings: None where anything is wrong; problems: all that was seen.

    standing: what could be understood, with defaults in the place of what is wrong, if that leaves no doubt
    about the paths: enough to reach a server that runs by what the file said before."""

    settings: Settings | None
    problems: tuple[ConfigError, ...]
    standing: Settings | None

    def usable(self) -> Settings:
        """The settings. Raises the first of the problems."""
        if self.settings is None:
            raise self.problems[0]
        return self.settings


def load(
    explicit: str | None = None, *, environ: Mapping[str, str] | None = None, cwd: str | None = None
) -> Settings:
    """The configuration of this process: the file `find` names, or the built-in defaults; $MLCORE_VAR_DIR
    stands in the place of var_dir.

    environ and cwd: those of the process where they are None. Raises ConfigError."""
    return examine(explicit, environ=environ, cwd=cwd).usable()


def examine(
    explicit: str | None = None, *, environ: Mapping[str, str] | None = None, cwd: str | None = None
) -> Examined:
    """As `load`, but with all that is wrong. Raises ConfigError only if a file is named and not there."""
    cwd = cwd or os.getcwd()
    environ = os.environ if environ is None else environ
    var_dir = environ.get(VAR_DIR, "")
    file = find(explicit, environ=environ, cwd=cwd)
    return _examine(Origin(file=file, cwd=cwd, var_dir=os.path.join(cwd, var_dir) if var_dir else ""))


def reread(settings: Settings) -> Settings:
    """The configuration that `settings` came from, as its file is now. Raises ConfigError."""
    return _examine(settings.origin).usable()


def find(explicit: str | None, *, environ: Mapping[str, str], cwd: str) -> str:
    """Path of the file to read; empty if there is none: `explicit`, else $MLCORE_CONFIG_FILE, else the first
    that exists of ./mlcore.cfg, ./var/etc/mlcore.cfg, ~/.mlcore.cfg, /etc/mlcore.cfg, /etc/mlcore/mlcore.cfg.

    Raises ConfigError if a file is named and is not there."""
    for named, where in ((explicit, "-C"), (environ.get(ENVIRONMENT), f"${ENVIRONMENT}")):
        if named:
            path = os.path.join(cwd, named)
            if not os.path.isfile(path):
                wrong = "this is no plain file" if os.path.exists(path) else "there is no such file"
                raise ConfigError(f"{where} names it, and {wrong}", "name one that exists", file=path)
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
    cwd = cwd or os.getcwd()
    return _examine(Origin(file=os.path.join(cwd, file), cwd=cwd)).usable()


def parse(text: str, *, file: str, cwd: str) -> Settings:
    """The configuration in `text`; file: what messages call it, and $cfg_file. Raises ConfigError."""
    return _judge(text, Origin(file=file, cwd=cwd)).usable()


def _examine(origin: Origin) -> Examined:
    try:
        octets = _octets(origin.file) if origin.file else b""
    except ConfigError as error:
        return Examined(settings=None, problems=(error,), standing=None)
    try:
        # Editors of other systems put a byte order mark before the first line.
        return _judge(_plain(octets.decode("utf-8-sig")), origin)
    except UnicodeDecodeError as error:
        wrong = ConfigError(
            f"octet {error.start} is not UTF-8", "save the file as UTF-8", file=origin.file or _BUILT_IN
        )
        standing = _judge(_plain(octets.decode("utf-8-sig", "replace")), origin).standing
        return Examined(settings=None, problems=(wrong,), standing=standing)


def _plain(text: str) -> str:
    """With the line ends of this system."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _octets(file: str) -> bytes:
    try:
        with open(file, "rb") as source:
            return source.read()
    except OSError as error:
        raise ConfigError(
            f"cannot be read ({error.strerror})", "name a file that this user may read", file=file
        ) from error


def _judge(text: str, origin: Origin) -> Examined:
    file = origin.file or _BUILT_IN
    raw, problems = sections(text, file)
    reader = Reader(raw, file)
    settings = _settings(reader, origin)
    pairs.check(settings, reader)
    problems += reader.problems
    return Examined(
        settings=None if problems else settings,
        problems=tuple(problems),
        standing=None if any(map(_may_concern_paths, problems)) else settings,
    )


def _may_concern_paths(problem: ConfigError) -> bool:
    """Whether a problem may hide or change where files lie, also as a misspelt key or section."""
    if problem.section == "mailman":
        return problem.key not in _MAILMAN or problem.key == "layout"
    return problem.section.startswith("paths") or not is_section(problem.section)


def _settings(reader: Reader, origin: Origin) -> Settings:
    """What can be understood, with defaults in the place of what cannot."""
    records: dict[str, Any] = {}
    variables: Mapping[str, str] = {}
    layout = ""
    for item in fields(Settings):
        if "section" not in item.metadata:
            continue
        record: Any = item.type
        section = item.metadata["section"]
        if section == "paths":
            # After [mailman], which names the layout, and before all that may use the names in it.
            layout = reader.layout(records["mailman"].layout)
            variables = reader.variables(layout, cwd=origin.cwd, file=origin.file, var_dir=origin.var_dir)
            section = f"paths.{layout}"
        records[item.name] = record(**reader.section(section, record, variables))
    records["archivers"] = reader.archivers()
    return Settings(**records, config_file=origin.file, notices=tuple(reader.notices), origin=origin)
