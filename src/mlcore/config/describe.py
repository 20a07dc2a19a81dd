"""Settings → text: the commented example, and what is in force with secrets masked.

`python -m mlcore.config.describe` prints the example that is kept as `etc/mlcore.cfg`."""

import sys
import textwrap
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from mlcore.config.archivers import ArchiverOptions, shown
from mlcore.config.settings import LAYOUTS, Settings
from mlcore.config.values import Kind

_HEAD = """\
# Configuration of mlcore. Every key is shown with its default; take away the # to change it.
#
# Read from the first of: the file after -C, $MLCORE_CONFIG_FILE, ./mlcore.cfg, ./var/etc/mlcore.cfg,
# ~/.mlcore.cfg, /etc/mlcore.cfg, /etc/mlcore/mlcore.cfg. `mlcore conf --check` says whether it can be used.
# $MLCORE_VAR_DIR stands in the place of var_dir, whatever the layout. More is in docs/configuration.md.
#
# Lines are `key: value`; a # begins a comment line, not one behind a value. Spans of time are written
# like 1d12h (w d h m s), sizes like 64M (K M G), choices of two like yes and no.
"""


def example() -> str:
    """The commented example configuration: all sections, all keys, all defaults."""
    parts = [_HEAD]
    for item in fields(Settings):
        if "section" not in item.metadata:
            continue
        name = item.metadata["section"]
        parts += _section("paths.here" if name == "paths" else name, item.type)
    # There may be many of them; one serves as an example.
    parts += _section("archiver.hyperkitty", ArchiverOptions)
    for layout, differences in LAYOUTS.items():
        if differences:
            parts.append(f"\n{_comment(f'What `layout: {layout}` has instead.')}\n[paths.{layout}]\n")
            parts.extend(f"#{key}: {value}\n" for key, value in differences.items())
    return "".join(parts)


def _section(name: str, record: Any) -> Iterator[str]:
    yield f"\n{_comment(_sentence(record.__doc__))}\n[{name}]\n"
    for key in fields(record):
        kind: Kind = key.metadata["kind"]
        yield f"\n{_comment(key.metadata['doc'])}\n#{key.name}: {kind.show(key.default)}".rstrip() + "\n"


def effective(settings: Settings) -> dict[str, dict[str, str]]:
    """What is in force: section → key → text as one would write it; secrets are masked."""
    result = {}
    for item in fields(settings):
        if "section" not in item.metadata:
            continue
        record = getattr(settings, item.name)
        result[settings.section_name(item.name)] = {
            key.name: _shown(key.metadata["kind"], getattr(record, key.name), secret=key.metadata["secret"])
            for key in fields(record)
        }
    for archiver in settings.archivers:
        result[archiver.section] = {
            key: _shown(kind, value, secret=secret) for key, kind, value, secret in shown(archiver)
        }
    return result


def _shown(kind: Kind, value: object, *, secret: bool) -> str:
    text = kind.show(value)
    return kind.mask(text) if secret and text else text


def _sentence(doc: str) -> str:
    return " ".join(doc.split())


def _comment(text: str) -> str:
    return textwrap.fill(
        text,
        width=110,
        initial_indent="# ",
        subsequent_indent="# ",
        break_on_hyphens=False,
        break_long_words=False,
    )


if __name__ == "__main__":
    sys.stdout.write(example())
