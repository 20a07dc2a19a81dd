"""`mlcore shell` and `mlcore withlist`: Python for administrators, on this site.

What runs here is what whoever gave the command wrote or named, with that person's rights over the site.
Nothing of it comes from mail, from the database or from the configuration (P25)."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import click

from mlcore.base.errors import BadInput
from mlcore.cli.language import noted, spoken
from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.site import Site
from mlcore.lists.model import ListPolicy

if TYPE_CHECKING:
    from mlcore.cli.console import Session

_DETAILS = noted("""\
Python on this site: a prompt, or with --run a function of yours.

At the prompt there are

  m           the list of --listspec, as a value (mlcore.lists.model.ListPolicy)
  r           what the function of --run returned
  connection  the database (a SQLAlchemy Connection)
  commit()    keeps what was changed; abort() forgets it
  store       the modules of mlcore.store: store.members.members(connection, …)
  actions     the modules of mlcore.actions, which also check what they are given
  settings    the configuration;  site  what commands stand on

The end of the input (Ctrl-D) commits; exit() does not. A star before the
prompt says that something waits for commit(): until then nobody else can
write to the database, so do not keep the server waiting for long.

--run MODULE.FUNCTION imports the module from PYTHONPATH and calls the
function; --run NAME means NAME.NAME. It gets the list, if --listspec names
one, and then the further arguments, as text. Keyword-only parameters that
are named like something above get that:

    # count.py
    from mlcore.lists.model import Role

    def count(m, *, connection, store):
        print(m.posting_address, len(store.members.members(connection, m.list_id, Role.MEMBER)))

    PYTHONPATH=/srv/scripts mlcore withlist --run count --listspec ant@example.com

With a --listspec that begins with ^, a regular expression, the function is
called for each list whose posting address or List-ID it matches, and r is a
dictionary by List-ID. What the function changed is committed at the end,
with --interactive at the end of the input; after an exception nothing is.

As root this becomes the owner of the site first; root's own files may then
not be readable.
""")


@click.command()
@click.option(
    "-i", "--interactive", is_flag=True, help="A prompt after --run; without --run there is one anyway."
)
@click.option("-r", "--run", "function", metavar="MODULE[.CALLABLE]", help="Call this function.")
@click.option(
    "-l",
    "--listspec",
    "spec",
    type=LISTSPEC,
    help="The list to work on, or with --run ^ and a regular expression for several.",
)
@click.option("--details", is_flag=True, help="Print how to use this, and end.")
@click.argument("run_args", metavar="[RUN_ARGS]...", nargs=-1)
@click.pass_obj
def shell(
    site: Site,
    *,
    interactive: bool,
    function: str | None,
    spec: str | None,
    details: bool,
    run_args: tuple[str, ...],
) -> None:
    """A Python prompt on this site, or a function run on it."""
    if details:
        click.echo(spoken(_DETAILS), nl=False)
        return
    if spec is not None and spec.startswith("^") and function is None:
        raise click.UsageError("Regular expression requires --run")
    if run_args and function is None:
        raise click.UsageError("RUN_ARGS require --run")
    from mlcore.cli.console import function_named, interact, session

    site.settings  # noqa: B018  (root becomes the owner of the site before anything is imported for it)
    with session(site) as current:
        names = _names(site, current)
        banner = spoken(
            "mlcore: end of input (Ctrl-D) commits, exit() does not; `mlcore shell --details` says more."
        )
        if spec is not None and not spec.startswith("^"):
            policy = names["m"] = _find(current, spec)
            banner += "\n" + spoken("The variable m is the list {address}.", address=policy.posting_address)
        if function is not None:
            names["r"] = _run(function_named(function), names, current, spec, run_args)
            banner += "\n" + spoken("The variable r is what the function returned.")
        if interactive or function is None:
            current.rest()
            interact(names, current, banner)
        else:
            current.commit()


withlist = click.Command("withlist", params=shell.params, callback=shell.callback, help=shell.help)


def _names(site: Site, current: "Session") -> dict[str, Any]:
    from mlcore import actions, store

    return {
        "__name__": "__console__",
        "__doc__": None,
        "site": site,
        "settings": site.settings,
        "connection": current.connection,
        "commit": current.commit,
        "abort": current.abort,
        "actions": _modules(actions),
        "store": _modules(store),
    }


def _modules(package: ModuleType) -> SimpleNamespace:
    """Its modules by name; those of them that cannot be imported here (a missing driver) are left out."""
    found: dict[str, ModuleType] = {}
    for item in pkgutil.iter_modules(package.__path__):
        if item.ispkg:
            continue
        try:
            found[item.name] = importlib.import_module(f"{package.__name__}.{item.name}")
        except ImportError:
            continue
    return SimpleNamespace(**found)


def _find(current: "Session", spec: str) -> ListPolicy:
    from mlcore.actions import lists

    return lists.find(current.connection, spec)


def _run(
    function: Callable[..., Any],
    names: dict[str, Any],
    current: "Session",
    spec: str | None,
    arguments: tuple[str, ...],
) -> object:
    """What the function returns; a dictionary by List-ID where `spec` is a regular expression."""
    wanted = {name: names[name] for name in _keywords(function) if name in names and name != "m"}
    if spec is None:
        return function(*arguments, **wanted)
    if not spec.startswith("^"):
        return function(names["m"], *arguments, **wanted)
    return {policy.list_id: function(policy, *arguments, **wanted) for policy in _matching(current, spec)}


def _matching(current: "Session", spec: str) -> list[ListPolicy]:
    from mlcore.store import lists

    try:
        pattern = re.compile(spec, re.IGNORECASE)
    except re.error as error:
        raise BadInput(f"{spec} is no regular expression: {error}", "see `mlcore shell --details`") from error
    found = [
        policy
        for policy in lists.all(current.connection)
        if pattern.search(policy.posting_address) or pattern.search(policy.list_id)
    ]
    return sorted(found, key=lambda policy: policy.list_id)


def _keywords(function: Callable[..., Any]) -> list[str]:
    """The names of its keyword-only parameters; none for what does not tell (some of C)."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [one.name for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY]
