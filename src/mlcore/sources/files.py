"""Texts in files of this site: a directory of them, and files that URIs name.

    TEMPLATE-DIR/lists/LIST-ID/LANGUAGE/NAME.txt
    TEMPLATE-DIR/domains/MAIL-HOST/LANGUAGE/NAME.txt
    TEMPLATE-DIR/site/LANGUAGE/NAME.txt

Where links lead is the operator's business. What cannot be read is told of, and is as if it were not
there."""

import os
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, NamedTuple

from mlcore.sources.plain import MOST_OCTETS, NoText, text_of
from mlcore.texts.book import Leaves
from mlcore.texts.languages import is_directory
from mlcore.texts.names import SUFFIX

MOST_FILES: Final = 20_000
MOST_TOGETHER: Final = 32 << 20
"""Octets of all of them: they stay in memory."""

_KINDS: Final = ("lists", "domains")
_OPEN: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY  # a pipe must not hold up anybody


@dataclass(frozen=True, slots=True)
class Trouble:
    """A file or directory that is not used, and why, on one line."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Tree:
    """What was found. texts: by directory, as `texts.book.Book` has them; named: those of single files, by
    path; strange: directories that are passed over because of their names."""

    texts: Mapping[str, Leaves] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)
    troubles: tuple[Trouble, ...] = ()
    strange: tuple[str, ...] = ()


class _Seen(NamedTuple):
    """What a file came to when it was read. signature: of its state then."""

    signature: tuple[int, ...]
    text: str
    reason: str


class Files:
    """Reads what has changed since it looked before. It blocks, and is used by one thread at a time.

    most_files, most_together: see `MOST_FILES`, `MOST_TOGETHER`."""

    def __init__(
        self, directory: str, *, most_files: int = MOST_FILES, most_together: int = MOST_TOGETHER
    ) -> None:
        self._directory = directory
        self._most_files = most_files
        self._most_together = most_together
        self._seen: dict[str, _Seen] = {}
        self._tree = Tree()

    def look(self, named: Collection[str] = ()) -> Tree:
        """All texts as they are now; the very same tree as before where nothing has changed.

        named: paths of single files. Never raises OSError."""
        look = _Look(self._directory, self._seen, self._most_files, self._most_together)
        tree = look.tree(named)
        self._seen = look.seen
        if tree != self._tree:
            self._tree = tree
        return self._tree


class _Look:
    """One walk. seen: what is known of the files that it has come to; before: from the walk before it."""

    def __init__(self, directory: str, before: Mapping[str, _Seen], files: int, octets: int) -> None:
        self.seen: dict[str, _Seen] = {}
        self._directory = directory
        self._before = before
        self._most_files = files
        self._files_left = files
        self._octets_left = octets
        self._troubles: list[Trouble] = []
        self._strange: list[str] = []

    def tree(self, named: Collection[str]) -> Tree:
        """See `Files.look`."""
        singles = {path: text for path in sorted(named) if (text := self._read(path)) is not None}
        texts: dict[str, Leaves] = {}
        for scope, path in self._scopes():
            leaves = dict(self._leaves(path))
            if leaves:
                texts[scope] = leaves
        if self._files_left < 0:
            reason = f"more than {self._most_files:,} files: the rest is not read"
            self._troubles.append(Trouble(self._directory, reason))
        return Tree(texts, singles, tuple(self._troubles), tuple(self._strange))

    def _scopes(self) -> Iterator[tuple[str, str]]:
        yield "site", os.path.join(self._directory, "site")
        for kind in _KINDS:
            top = os.path.join(self._directory, kind)
            for name in self._names(top):
                yield f"{kind}/{name.lower()}", os.path.join(top, name)

    def _leaves(self, scope: str) -> Iterator[tuple[tuple[str, str], str]]:
        for language in self._names(scope):
            path = os.path.join(scope, language)
            if not is_directory(language):
                self._strange.append(_shown(path))
                continue
            for name in self._names(path):
                if not name.endswith(SUFFIX) or name.startswith("."):
                    continue  # what an editor leaves behind
                self._files_left -= 1
                if self._files_left < 0:
                    return
                text = self._read(os.path.join(path, name))
                if text is not None:
                    yield (language, name), text

    def _names(self, path: str) -> list[str]:
        """What is in a directory, sorted; at most one more than there may be files."""
        if self._files_left < 0:
            return []
        try:
            with os.scandir(path) as entries:
                return sorted(entry.name for entry in islice(entries, self._most_files + 1))
        except FileNotFoundError:
            return []
        except OSError as error:
            self._troubles.append(Trouble(_shown(path), error.strerror or str(error)))
            return []

    def _read(self, path: str) -> str | None:
        """The text of a file; None, and a trouble, where there is none."""
        try:
            signature = _signature(os.stat(path))
            seen = self._before.get(path)
            if seen is None or seen.signature != signature:
                seen = _Seen(signature, *_opened(path))
        except OSError as error:
            self._troubles.append(Trouble(_shown(path), error.strerror or str(error)))
            return None
        self.seen[path] = seen
        reason = seen.reason
        if not reason:
            self._octets_left -= signature[0]
            if self._octets_left >= 0:
                return seen.text
            reason = "left out: the texts of this site are too large together"
        self._troubles.append(Trouble(_shown(path), reason))
        return None


def _signature(status: os.stat_result) -> tuple[int, ...]:
    """The size, and what changes with the content."""
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev)


def _opened(path: str) -> tuple[str, str]:
    """Text, and reason why there is none. Raises OSError."""
    descriptor = os.open(path, _OPEN)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return "", "no plain file"
        octets = stream.read(MOST_OCTETS + 1)
    try:
        return text_of(octets), ""
    except NoText as error:
        return "", str(error)


def _shown(path: str) -> str:
    """A path as logs take it, whatever its octets are."""
    return path.encode("utf-8", "backslashreplace").decode()
