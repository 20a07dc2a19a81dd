"""Sections of texts → keyword arguments of the records of `settings`; problems and notices are gathered."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import Field, fields
from typing import Any

from mlcore.base.errors import ConfigError
from mlcore.config import archivers, incumbent
from mlcore.config.archivers import ArchiverOptions, ArchiverSettings
from mlcore.config.settings import LAYOUTS, Paths, Settings
from mlcore.config.syntax import Raw
from mlcore.config.values import Kind

_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
_DOLLAR = "\0"  # a $ of the working directory itself, which names nothing


class _NoValue(Exception):
    """A `$name` that cannot be replaced. text: what is wrong; remedy: what to write instead."""

    def __init__(self, text: str, remedy: str) -> None:
        super().__init__(text)
        self.text = text
        self.remedy = remedy


class Reader:
    """The sections of one file. problems: what is wrong; notices: what of it means nothing here."""

    def __init__(self, raw: Raw, file: str) -> None:
        self._raw = raw
        self._file = file
        self.problems: list[ConfigError] = []
        self.notices: list[str] = []
        for section in raw:
            self._check_section(section)

    def wrong(self, text: str, remedy: str, section: str, key: str = "") -> None:
        """One more problem."""
        self.problems.append(ConfigError(text, remedy, file=self._file, section=section, key=key))

    def is_wrong(self, section: str, key: str) -> bool:
        """Whether a problem with this key is known."""
        return any(problem.section == section and problem.key == key for problem in self.problems)

    def given(self, section: str, key: str) -> str:
        """The text in the file; empty if there is none."""
        return self._raw.get(section, {}).get(key, "").strip()

    def _check_section(self, section: str) -> None:
        if section in _real_sections():
            return
        category, dot, name = section.partition(".")
        if category == "paths" and name:
            self._check_keys(section, Paths)
        elif section.startswith(archivers.PREFIX):
            self._check_archiver(section, name)
        elif section in incumbent.KEYS:
            self._foreign_keys(section)
        elif dot and name and category in incumbent.CATEGORIES:
            self._foreign_category(section, category)
        else:
            layouts = [f"paths.{layout}" for layout in LAYOUTS]
            offered = [*_real_sections(), f"{archivers.PREFIX}NAME", *layouts]
            near = [*offered, *incumbent.KEYS]
            self.wrong("there is no such section", suggestion(section, offered, "section", near), section)

    def _check_archiver(self, section: str, name: str) -> None:
        if not archivers.NAME.fullmatch(name):
            self.wrong("this is no name of an archiver", "write one like hyperkitty", section)

    def _check_keys(self, section: str, record: type) -> None:
        known = [item.name for item in fields(record)]
        if record is ArchiverOptions:
            known.append("class")
        foreign = incumbent.KEYS.get(section.partition(".")[0] if record is Paths else section, {})
        for key in self._raw.get(section, {}):
            if key not in known and key not in foreign:
                remedy = suggestion(key, known, "key", [*known, *foreign])
                self.wrong("there is no such key", remedy, section, key)

    def _foreign_keys(self, section: str, base: str = "") -> None:
        """Notices for keys of the incumbent; others are problems in a section that is all the incumbent's."""
        foreign = incumbent.KEYS.get(base or section, {})
        whole = not base and section not in _real_sections()
        for key, value in self._raw.get(section, {}).items():
            if key in foreign:
                refused = incumbent.refusal(section, key, value)
                if refused:
                    self.wrong(*refused, section, key)
                else:
                    self.notices.append(f"[{section}] {key}: {incumbent.notice(section, key, value)}")
            elif whole:
                self.wrong("there is no such key", suggestion(key, list(foreign), "key"), section, key)

    def _foreign_category(self, section: str, category: str) -> None:
        known = incumbent.CATEGORIES[category]
        for key, value in self._raw[section].items():
            if key not in known.keys:
                self.wrong("there is no such key", suggestion(key, list(known.keys), "key"), section, key)
                continue
            refused = incumbent.refusal(section, key, value)
            if refused:
                self.wrong(*refused, section, key)
        self.notices.append(f"[{section}]: {known.reason}")

    def section(self, name: str, record: type, variables: Mapping[str, str]) -> dict[str, Any]:
        """Keyword arguments of `record`: what the file says, else the defaults with `$var` replaced.

        A key with a problem is left out."""
        self._check_keys(name, record)
        self._foreign_keys(name, "paths" if record is Paths else name)
        given = self._raw.get(name, {})
        result: dict[str, Any] = {}
        for item in fields(record):
            if item.name in given or item.metadata["kind"].paths:
                known = len(self.problems)
                written = variables[item.name] if record is Paths else given.get(item.name, str(item.default))
                self._take(result, name, item, written, variables)
                if item.name not in given and self._paths_are_wrong(known):
                    del self.problems[known:]  # a default is wrong only because of what it is made of
        return result

    def _paths_are_wrong(self, count: int) -> bool:
        return any(problem.section.startswith("paths") for problem in self.problems[:count])

    def archivers(self) -> tuple[ArchiverSettings, ...]:
        """Those that are switched on, in the order of the file."""
        master = self.section(archivers.MASTER, ArchiverOptions, {})
        found = []
        for section in self._raw:
            if not section.startswith(archivers.PREFIX) or section == archivers.MASTER:
                continue
            known = len(self.problems)
            given = self.section(section, ArchiverOptions, {})
            if len(self.problems) > known:
                continue  # what is missing might only be misspelt
            name = section.removeprefix(archivers.PREFIX)
            try:
                made, notices = archivers.read(
                    master, archivers.Section(name=name, given=given, of_class=self.given(section, "class"))
                )
            except archivers.Unusable as error:
                self.wrong(error.text, error.remedy, section, error.key)
                continue
            self.notices += [f"[{section}] {notice}" for notice in notices]
            if made is not None:
                found.append(made)
        return tuple(found)

    def _take(
        self,
        result: dict[str, Any],
        section: str,
        item: "Field[Any]",
        written: str,
        variables: Mapping[str, str],
    ) -> None:
        """Puts the value of `written` into `result`, or notes what is wrong with it."""
        kind: Kind = item.metadata["kind"]
        secret: bool = item.metadata["secret"]
        text = self._translated(section, item, written.strip())
        try:
            if kind.paths:
                seen = (item.name,) if section.startswith("paths.") else ()
                text = _expand(text, variables, seen).replace(_DOLLAR, "$")
            result[item.name] = kind.parse(text)
        except _NoValue as error:
            if secret:
                self.wrong("a $ in it stands for nothing", "write %24 for a $ of its own", section, item.name)
            else:
                self.wrong(error.text, error.remedy, section, item.name)
        except ValueError as error:
            shown = "" if secret else f"{written!r}: "
            self.wrong(f"{shown}{error}", kind.remedy, section, item.name)

    def _translated(self, section: str, item: "Field[Any]", text: str) -> str:
        translation: incumbent.Translation | None = item.metadata["translation"]
        meant = translation(text) if translation else None
        if meant is None:
            return text
        self.notices.append(f"[{section}] {item.name}: {meant[1]}")
        return meant[0]

    def layout(self, layout: str) -> str:
        """`layout` if there is one of that name, else the default one and a problem."""
        if layout in LAYOUTS or f"paths.{layout}" in self._raw:
            return layout
        own = [name.partition(".")[2] for name in self._raw if name.startswith("paths.")]
        remedy = suggestion(layout, [*LAYOUTS, *own], "layout")
        self.wrong(f"{layout!r}: there is no such layout", remedy, "mailman", "layout")
        return next(iter(LAYOUTS))

    def variables(self, layout: str, *, cwd: str, file: str, var_dir: str) -> dict[str, str]:
        """Texts, not yet expanded, of everything that `$name` may stand for under `layout`.

        var_dir: stands in the place of the layout's own; empty: does not."""
        return {
            **{item.name: str(item.default) for item in fields(Paths)},
            **LAYOUTS.get(layout, {}),
            **self._raw.get(f"paths.{layout}", {}),
            **({"var_dir": var_dir.replace("$", _DOLLAR)} if var_dir else {}),
            "cwd": cwd.replace("$", _DOLLAR),
            "cfg_file": file.replace("$", _DOLLAR),
        }


def is_section(name: str) -> bool:
    """Whether there is such a section here or in a mailman.cfg; those of the paths are not asked about."""
    category = name.partition(".")[0]
    return (
        name in _real_sections()
        or name in incumbent.KEYS
        or category in incumbent.CATEGORIES
        or f"{category}." == archivers.PREFIX
    )


def suggestion(word: str, offered: list[str], noun: str, near: Iterable[str] = ()) -> str:
    """What to write instead of `word`: the nearest of `near` (`offered` if empty), else all of `offered`."""
    found = difflib.get_close_matches(word.lower(), list(near) or offered, n=1, cutoff=0.6)
    return f"write {found[0]}" if found else f"the {noun}s are {' '.join(offered)}"


def _real_sections() -> list[str]:
    names = [item.metadata.get("section") for item in fields(Settings)]
    return [name for name in names if name and name != "paths"]


def _expand(text: str, variables: Mapping[str, str], seen: tuple[str, ...]) -> str:
    """`text` with each `$name` replaced, in turn. seen: the names being replaced. Raises _NoValue."""

    def replace(match: re.Match[str]) -> str:
        name = (match[1] or match[2]).lower()
        if name in seen:
            raise _NoValue(f"${name} is defined by itself", "write a path that begins with /")
        if name not in variables:
            raise _NoValue(f"${name} stands for nothing", suggestion(name, list(variables), "name"))
        return _expand(variables[name], variables, (*seen, name))

    return _VARIABLE.sub(replace, text)
