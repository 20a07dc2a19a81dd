"""What differs between two readings of the configuration, and which of it a running server can take over."""

from dataclasses import dataclass, fields, replace

from mlcore.config.archivers import PREFIX, ArchiverOptions
from mlcore.config.settings import Settings


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One key with another value than before; the values are not in it. live: it counts without a restart."""

    section: str
    key: str
    live: bool

    def __str__(self) -> str:
        return f"[{self.section}] {self.key}"


def differences(old: Settings, new: Settings) -> list[Change]:
    """The keys whose values differ, in the order of the sections and of their keys.

    Keys of the paths stand under the layout of `new`."""
    found = []
    for item in fields(Settings):
        if "section" not in item.metadata:
            continue
        before, after = getattr(old, item.name), getattr(new, item.name)
        section = new.section_name(item.name)
        found += [
            Change(section, key.name, key.metadata["live"])
            for key in fields(after)
            if getattr(before, key.name) != getattr(after, key.name)
        ]
    return found + _archivers(old, new)


def _archivers(old: Settings, new: Settings) -> list[Change]:
    before, after = ({one.name: one for one in settings.archivers} for settings in (old, new))
    found = []
    for name in dict.fromkeys((*before, *after)):
        one, other = before.get(name), after.get(name)
        if one is None or other is None:
            found.append(Change(f"{PREFIX}{name}", "enable", live=False))
            continue
        found += [
            Change(one.section, key.name, live=key.metadata["live"])
            for key in fields(ArchiverOptions)
            if getattr(one, key.name) != getattr(other, key.name)
        ]
    return found


def take_over(old: Settings, new: Settings) -> Settings:
    """`old` with the live values of `new`: what a server that does not restart works by from now on."""
    records = {}
    for item in fields(Settings):
        if "section" in item.metadata:
            before, after = getattr(old, item.name), getattr(new, item.name)
            live = {key.name: getattr(after, key.name) for key in fields(after) if key.metadata["live"]}
            records[item.name] = replace(before, **live)
    return replace(old, **records, notices=new.notices)
