"""`mlcore settings`."""

import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from mlcore.base.errors import BadInput
from mlcore.cli.language import ENGLISH, language, spoken, spoken_error
from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.options import json_option, print_json
from mlcore.cli.site import Site
from mlcore.cli.text import lines

if TYPE_CHECKING:
    from mlcore.lists.attributes import Attribute

_WIDTH = 100
_INDENT = "    "


@click.command()
@click.option("--describe", is_flag=True, help="Say what settings mean, all or those that are named.")
@json_option
@click.argument("listspec", type=LISTSPEC, required=False)
@click.argument("words", metavar="[NAME[=VALUE]]...", nargs=-1)
@click.pass_obj
def settings(
    site: Site, *, listspec: str | None, words: tuple[str, ...], describe: bool, as_json: bool
) -> None:
    """Show or change the settings of a list.

    Without NAME all are shown, with one NAME its bare value. NAME=VALUE changes it; several are changed
    together or not at all. NAME= empties it.

    Several values have commas or line ends between them; a pattern (^…) ends with its line. NAME=@FILE takes
    the value from FILE (- for standard input); a value that itself begins with @ is written with two.

    \b
      mlcore settings ant@example.com description="All about ants" advertised=no
      mlcore settings ant@example.com info=@about.txt
      mlcore settings ant@example.com accept_these_nonmembers=@@bee@example.com
      mlcore settings --describe subject_prefix
    """  # noqa: D301  (click wants the backspace itself: the lines stay as they are)
    if describe:
        _describe([*([listspec] if listspec else []), *words], as_json=as_json)
        return
    if listspec is None:
        raise click.UsageError("Missing argument 'LISTSPEC'.")
    wanted = _changes(words)
    if wanted:
        _change(site, listspec, wanted, as_json=as_json)
    else:
        _show(site, listspec, words, as_json=as_json)


def _changes(words: Sequence[str]) -> dict[str, str]:
    """NAME=VALUE as they are given, files read; empty if nothing is to be changed. Comes before anything
    else: root may read files that the owner of the site may not."""
    pairs = [word.partition("=") for word in words]
    if not any(sign for _, sign, _ in pairs):
        return {}
    found: dict[str, str] = {}
    for name, sign, value in pairs:
        if not sign:
            raise click.UsageError(f"{name} is to be shown and others are to be changed: do one at a time.")
        if name in found:
            raise click.UsageError(f"{name} is given twice.")
        found[name] = _value(name, value)
    return found


def _value(name: str, text: str) -> str:
    if not text.startswith("@"):
        return text
    path = text[1:]
    if path.startswith("@"):
        return path
    try:
        if path == "-":
            octets = sys.stdin.buffer.read()
        else:
            with open(path, "rb") as file:
                octets = file.read()
        return octets.decode("utf-8").removesuffix("\n")
    except OSError as error:
        raise BadInput(
            f"{name}: {path}: {error.strerror}", "a value that begins with @ is written with two"
        ) from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{name}: {path} is not UTF-8", "convert it with iconv(1)") from error


def _change(site: Site, listspec: str, wanted: dict[str, str], *, as_json: bool) -> None:
    from mlcore.actions import lists
    from mlcore.actions import settings as action
    from mlcore.lists.attributes import attribute

    with site.connection() as connection:
        policy = lists.find(connection, listspec)
        changed = action.change(connection, policy, wanted)
        shown = action.plain(connection, changed)
    for name in wanted:
        if not attribute(name).in_force:
            click.echo(spoken("{name} is kept, but nothing acts on it in this version", name=name), err=True)
    if as_json:
        print_json({name: shown[name] for name in wanted})


def _show(site: Site, listspec: str, names: Sequence[str], *, as_json: bool) -> None:
    from mlcore.actions import lists
    from mlcore.actions import settings as action
    from mlcore.lists.attributes import ATTRIBUTES, attribute

    chosen = [attribute(name).name for name in names] or list(ATTRIBUTES)
    with site.connection(read_only=True) as connection:
        policy = lists.find(connection, listspec)
        if as_json:
            plain = action.plain(connection, policy)
            print_json({name: plain[name] for name in chosen})
            return
        shown = action.shown(connection, policy)
    if len(names) == 1:
        click.echo(lines(shown[chosen[0]]))
        return
    for name in chosen:
        # further lines stand under the first, so that each name begins a line
        click.echo(f"{name}: {lines(shown[name])}".replace("\n", "\n    "))


def _describe(names: Sequence[str], *, as_json: bool) -> None:
    from mlcore.lists.attributes import ATTRIBUTES, attribute

    chosen = [attribute(name) for name in names] or list(ATTRIBUTES.values())
    if as_json:
        print_json({one.name: _plain(one) for one in chosen})
        return
    click.echo("\n\n".join(_described(one) for one in chosen))


def _plain(one: "Attribute") -> dict[str, object]:
    return {"doc": one.doc, "values": one.values, "writable": one.writable, "in_force": one.in_force}


def _described(one: "Attribute") -> str:
    texts = [spoken(one.doc)]
    if not one.writable:
        texts.append(spoken("Cannot be set."))
    elif not one.in_force:
        texts.append(spoken("Nothing acts on it in this version."))
    if one.values:
        texts.append(spoken("Values: {values}.", values=spoken_error(one.values, inside=True)))
    return "\n".join([one.name, *_wrapped(texts)])


def _wrapped(sentences: Sequence[str]) -> list[str]:
    """As lines of a paragraph, indented."""
    if language() == ENGLISH:
        return textwrap.wrap(
            " ".join(sentences),
            _WIDTH,
            initial_indent=_INDENT,
            subsequent_indent=_INDENT,
            break_long_words=False,
        )
    from mlcore.texts.fill import wrap

    return wrap("".join(sentences), _WIDTH, _INDENT)
