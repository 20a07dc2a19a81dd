"""What came within the last day, in memory: posts that came twice, and how often a member posted.

Read from the numbers that were taken when the server starts; from then on kept up to date by the server
itself. With several hosts on one database each would know its own posts until its next start: a duplicate
that comes by way of two of them is not seen, and nothing worse."""

from collections import deque
from typing import Final, NamedTuple

from mlcore.base.clock import Clock
from mlcore.base.ids import root_of
from mlcore.store import numbers
from mlcore.store.engine import Store

DAY_S: Final = 86_400.0
MOST: Final = 200_000
"""Posts that are remembered; beyond that the oldest are forgotten early (some 60 MiB)."""


class _Seen(NamedTuple):
    at: float
    list_id: str
    root: str
    sender_key: str
    content_key: str


class RecentPosts:
    """Asked before the rules, told after the decision."""

    def __init__(self, clock: Clock, *, most: int = MOST) -> None:
        self._clock = clock
        self._most = most
        self._seen: deque[_Seen] = deque()
        self._content: dict[tuple[str, str], str] = {}
        self._held: dict[tuple[str, str], str] = {}
        """Content keys of those that wait for a moderator, by list and root."""
        self._senders: dict[tuple[str, str], int] = {}
        self._counted: set[tuple[str, str]] = set()
        self._begun: dict[tuple[str, str], str] = {}
        self._places: dict[str, tuple[str, str]] = {}

    async def load(self, store: Store) -> None:
        """Reads what is in the database. Raises StoreTrouble."""
        since = self._clock.time() - DAY_S
        for post in await store.read(numbers.recent, since, self._most):
            self._note(
                _Seen(post.taken_at, post.list_id, root_of(post.entry), post.sender_key, post.content_key)
            )

    def note(self, list_id: str, entry: str, *, sender_key: str = "", content_key: str = "") -> None:
        """A post was accepted. Empty keys are not remembered; a repeated step counts once."""
        root, place = root_of(entry), (list_id, content_key)
        self._held.pop((list_id, root), None)
        if (list_id, self._content.get(place, "")) in self._held:
            self._content[place] = root
        self._note(_Seen(self._clock.time(), list_id, root, sender_key, content_key))

    def note_held(self, list_id: str, entry: str, content_key: str) -> None:
        """A post waits for a moderator."""
        root = root_of(entry)
        self._note(_Seen(self._clock.time(), list_id, root, "", content_key))
        if self._content.get((list_id, content_key)) == root:
            self._held[list_id, root] = content_key

    def refused(self, list_id: str, entry: str) -> None:
        """A moderator did not let a held post go: the same may come again. Its author has joined meanwhile,
        or was asked to send it once more."""
        root = root_of(entry)
        content_key = self._held.pop((list_id, root), "")
        if self._content.get((list_id, content_key)) == root:
            del self._content[list_id, content_key]

    def begin(self, list_id: str, entry: str, content_key: str, *, approved: bool = False) -> str:
        """`duplicate_of`, also of a post that is being decided now; if it is none, others are such of this
        one until `end`: two copies of a post mostly come at the same moment."""
        found = self.duplicate_of(list_id, entry, content_key, approved=approved)
        if found or not content_key:
            return found
        root, place = root_of(entry), (list_id, content_key)
        first = self._begun.setdefault(place, root)
        if first != root:
            return first
        self._places[root] = place
        return ""

    def end(self, entry: str) -> None:
        """It is decided. What was neither accepted nor held, and so not noted, may come again: whoever is
        refused first and lets in then sends the same message once more."""
        place = self._places.pop(root_of(entry), None)
        if place is not None:
            del self._begun[place]

    def duplicate_of(self, list_id: str, entry: str, content_key: str, *, approved: bool = False) -> str:
        """The root id of another entry by which this list got the same within a day; empty: none.

        approved: with the moderators' password; then those that wait do not count. A moderator may take the
        post out of the notice about it, and send it to the list with the password."""
        self._forget()
        root = self._content.get((list_id, content_key), "") if content_key else ""
        if root == root_of(entry) or (approved and (list_id, root) in self._held):
            return ""
        return root

    def posts_of(self, list_id: str, sender_key: str) -> int:
        """How many posts of this sender the list has accepted within a day."""
        self._forget()
        return self._senders.get((list_id, sender_key), 0)

    def _note(self, seen: _Seen) -> None:
        if seen.content_key:
            self._content.setdefault((seen.list_id, seen.content_key), seen.root)
        sender_key = seen.sender_key
        if sender_key and (seen.list_id, seen.root) not in self._counted:
            self._counted.add((seen.list_id, seen.root))
            place = (seen.list_id, sender_key)
            self._senders[place] = self._senders.get(place, 0) + 1
        else:
            sender_key = ""
        if sender_key or seen.content_key:
            self._seen.append(seen._replace(sender_key=sender_key))
        self._forget()

    def _forget(self) -> None:
        oldest = self._clock.time() - DAY_S
        while self._seen and (self._seen[0].at < oldest or len(self._seen) > self._most):
            gone = self._seen.popleft()
            if self._content.get((gone.list_id, gone.content_key)) == gone.root:
                del self._content[gone.list_id, gone.content_key]
                self._held.pop((gone.list_id, gone.root), None)
            if gone.sender_key:
                self._counted.discard((gone.list_id, gone.root))
                place = (gone.list_id, gone.sender_key)
                self._senders[place] -= 1
                if not self._senders[place]:
                    del self._senders[place]
