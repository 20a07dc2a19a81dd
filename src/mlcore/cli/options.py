"""Options and output that several commands share."""

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from mlcore.cli.text import json_text
from mlcore.lists.model import ListPolicy

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """Adds `--json`, as the parameter `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def print_json(value: object) -> None:
    """Prints `value` as JSON that people can read too; non-ASCII stays as it is."""
    click.echo(json_text(value, sys.stdout, indent=2))


def shown_list(policy: ListPolicy) -> dict[str, object]:
    """A list as `--json` shows it; the names are those of its attributes."""
    return {
        "list_id": policy.list_id,
        "fqdn_listname": policy.posting_address,
        "list_name": policy.list_name,
        "mail_host": policy.mail_host,
        "display_name": policy.display_name,
        "description": policy.description,
    }


def age(seconds: float) -> str:
    """`3d4h`, `5m`, `0s`: the two largest parts."""
    rest = max(0, int(seconds))
    parts: list[str] = []
    for letter, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count or (letter == "s" and not parts):
            parts.append(f"{count}{letter}")
    return "".join(parts[:2])
