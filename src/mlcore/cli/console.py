"""A Python prompt on the database that holds the write lock only while there is something to commit."""

import code
import contextlib
import sys
from collections.abc import Callable, Iterator
from types import CodeType
from typing import TYPE_CHECKING, Any

from mlcore.cli.site import Site

if TYPE_CHECKING:
    from sqlalchemy import Connection

_READS = frozenset({"SELECT", "VALUES", "EXPLAIN", "SHOW", "PRAGMA", "BEGIN", "SET", "SAVEPOINT", "RELEASE"})
"""First words of statements that leave nothing to commit; whatever else there is counts as a change."""
_PROMPT = ">>> "
_PENDING = "*>>> "


class Session:
    """One connection whose transaction begins with its first statement. changed: something was written that
    `commit` has not kept yet."""

    def __init__(self, site: Site, connection: "Connection") -> None:
        self._site = site
        self.connection = connection
        self.changed = False

    def commit(self) -> None:
        """Keeps what was changed, and tells a running server of it."""
        self.connection.commit()
        if self.changed:
            self.changed = False
            with self._site.connection(maps=True):
                pass  # an empty transaction tells as those of all commands do; lists may have come and gone

    def abort(self) -> None:
        """Forgets what was changed since the last `commit`."""
        self.changed = False
        self.connection.rollback()

    def rest(self) -> None:
        """Ends a transaction that has only read: nobody who writes has to wait for a person who thinks."""
        if not self.changed:
            self.connection.rollback()


@contextlib.contextmanager
def session(site: Site) -> Iterator[Session]:
    """A session; what is not committed when this ends is forgotten. Raises BadInput, StoreTrouble."""
    from sqlalchemy import event

    from mlcore.store.connect import make_engine, troubles

    with site.connection(read_only=True):
        pass  # the database is there, and of use
    engine = make_engine(site.settings.database.url, writes=True)
    with troubles(), engine.connect() as connection:
        found = Session(site, connection)

        def on_execute(_conn: object, _cursor: object, statement: str, *_more: object) -> None:
            words = statement.split(None, 1)
            if words and words[0].upper() not in _READS:
                found.changed = True

        event.listen(engine, "before_cursor_execute", on_execute)
        yield found


class _Console(code.InteractiveConsole):
    """The prompt; it shows by a star that something waits for `commit()`."""

    def __init__(self, names: dict[str, Any], current: Session) -> None:
        super().__init__(names, filename="<mlcore>")
        self._session = current

    def runcode(self, code: CodeType) -> None:
        super().runcode(code)
        self._session.rest()

    def raw_input(self, prompt: str = "") -> str:
        return super().raw_input(_PENDING if prompt == _PROMPT and self._session.changed else prompt)


def interact(names: dict[str, Any], current: Session, banner: str) -> None:
    """Reads and runs Python until the end of the input, and then commits. Raises SystemExit for `exit()`."""
    if sys.stdin.isatty():
        _with_history(names)
    with _prompts():
        _Console(names, current).interact(banner=banner, exitmsg="")
    current.commit()


def _with_history(names: dict[str, Any]) -> None:
    """Arrow keys and completion, where this Python has them."""
    with contextlib.suppress(ImportError):
        import readline
        import rlcompleter

        readline.set_completer(rlcompleter.Completer(names).complete)
        readline.parse_and_bind("tab: complete")


@contextlib.contextmanager
def _prompts() -> Iterator[None]:
    """`code.interact` takes them from `sys`, where programs do not have any."""
    missing: list[str] = []
    for name, prompt in (("ps1", _PROMPT), ("ps2", "... ")):
        if not hasattr(sys, name):
            setattr(sys, name, prompt)
            missing.append(name)
    try:
        yield
    finally:
        for name in missing:
            delattr(sys, name)


def function_named(text: str) -> Callable[..., Any]:
    """What `MODULE[.CALLABLE]` names; `name` alone is `name.name`. Raises BadInput."""
    import importlib

    from mlcore.base.errors import BadInput

    module_name, _, name = text.rpartition(".")
    if not module_name:
        module_name = name
    if not all(part.isidentifier() for part in [*module_name.split("."), name]):
        raise BadInput(f"{text} is no name of a function", "write MODULE.FUNCTION")
    try:
        found = getattr(importlib.import_module(module_name), name, None)
    except ImportError as error:
        raise BadInput(
            f"cannot import {module_name}: {error}", "put its directory into PYTHONPATH, readable for mlcore"
        ) from error
    if not callable(found):
        raise BadInput(f"{module_name} has no function {name}", "write MODULE.FUNCTION")
    function: Callable[..., Any] = found
    return function
