"""One setting: a field of a frozen record that carries its documentation and its kind of value."""

from dataclasses import field
from typing import Any

from mlcore.config.incumbent import Translation
from mlcore.config.values import Kind


def option(
    default: object,
    doc: str,
    kind: Kind,
    *,
    secret: bool = False,
    live: bool = False,
    translation: Translation | None = None,
) -> Any:
    """A field of a section. default: the value, or the text of a path before `$var` is replaced.

    secret: the value is in no repr, log line or error message. live: a running server takes a change over
    when it reads the configuration again. translation: what texts of a mailman.cfg mean here."""
    metadata = {"doc": doc, "kind": kind, "secret": secret, "live": live, "translation": translation}
    return field(default=default, repr=not secret, metadata=metadata)
