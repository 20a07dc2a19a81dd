"""A maildir for each list, for whoever wants to make something of it.

    DIRECTORY/ant@example.com/new/0190a1b2c3d40000a1b2c3.a

The file name is the entry: the same post written twice is one file."""

from collections.abc import Sequence
from typing import Protocol

from mlcore.archive.archiver import ArchivedPost, Unavailable, safe_name
from mlcore.base.errors import LocalTrouble


class Publisher(Protocol):
    """Writes files that last."""

    async def publish(self, directory: str, name: str, pieces: Sequence[bytes]) -> None:
        """Makes `directory` with tmp, new and cur where missing, writes the pieces to a new file in tmp,
        and renames it to new/`name`, replacing one of that name. Durable when it returns.

        Raises OSError or LocalTrouble; then new/`name` is what it was."""
        ...


class Prototype:
    """See `Archiver`. directory: where the maildirs are."""

    repeatable = True

    def __init__(self, name: str, directory: str, publisher: Publisher) -> None:
        self.name = name
        self._directory = directory
        self._publisher = publisher

    async def archive(self, post: ArchivedPost) -> None:
        """See `Archiver.archive`."""
        maildir = f"{self._directory}/{safe_name(post.policy.posting_address)}"
        try:
            await self._publisher.publish(maildir, safe_name(post.entry), (post.unix(),))
        except (OSError, LocalTrouble) as error:
            raise Unavailable(str(error)) from error

    async def close(self) -> None:
        """See `Archiver.close`."""
