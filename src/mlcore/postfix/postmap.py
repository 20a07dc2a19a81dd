"""Runs postmap(1), which makes the database of a map from its text."""

import asyncio
from dataclasses import dataclass
from typing import Final

from mlcore.base.errors import LocalTrouble
from mlcore.postfix.children import environment

SUFFIXES: Final = {"hash": ".db", "btree": ".db", "lmdb": ".lmdb", "cdb": ".cdb"}
"""What postmap appends to the name of the text, by type of the map. Other types have no database."""

_OUTPUT = 2_000


class PostmapFailed(LocalTrouble):
    """postmap is missing, too slow, or ended with another status than 0; the text has what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmap:
    """command: the program; map_type: hash, lmdb, …; regexp, texthash and none have no database."""

    command: str
    map_type: str
    timeout_s: float = 20.0

    @property
    def suffix(self) -> str:
        """Of the database; empty: there is none."""
        return SUFFIXES.get(self.map_type, "")

    @property
    def in_place(self) -> bool:
        """Whether a database may be changed while Postfix reads it (LMDB: in one durable transaction)."""
        return self.map_type == "lmdb"

    async def make(self, path: str) -> None:
        """Makes `path` + `suffix` from the text in `path`, readable for whom the text is. No shell is used.

        Raises PostmapFailed. A caller that is cancelled takes the child process with it."""
        try:
            child = await asyncio.create_subprocess_exec(
                self.command,
                f"{self.map_type}:{path}",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=environment(),
            )
        except OSError as error:
            raise PostmapFailed(f"{self.command}: {error.strerror or error}") from error
        try:
            async with asyncio.timeout(self.timeout_s):
                said, _ = await child.communicate()
        except TimeoutError:
            raise PostmapFailed(f"{self.command} did not end within {self.timeout_s:g} s") from None
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        if child.returncode:
            text = said[-_OUTPUT:].decode("utf-8", "replace").strip()
            raise PostmapFailed(
                f"{self.command} ended with status {child.returncode}" + (f": {text}" if text else "")
            )
