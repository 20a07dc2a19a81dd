"""Held posts: what waits for a moderator, and what a moderator says."""

from collections.abc import Sequence

from sqlalchemy import Connection

from mlcore.base.errors import BadInput
from mlcore.store import held
from mlcore.store.held import Decision, HeldPost


def waiting(connection: Connection, list_id: str | None = None) -> list[HeldPost]:
    """Posts (of one list) without a decision, oldest first."""
    return [post for post in held.rows(connection, list_id) if post.decision is None]


def find(connection: Connection, number: int) -> HeldPost:
    """The post that moderators call `number`, decided or not. Raises BadInput if there is none."""
    post = held.by_id(connection, number)
    if post is None:
        raise BadInput(f"No such held post: {number}", "`mlcore held list` shows those there are")
    return post


def decide(
    connection: Connection, ids: Sequence[int], decision: Decision, *, now: float
) -> tuple[list[HeldPost], list[HeldPost]]:
    """Writes down one decision for several posts: (decided now, decided by somebody before), in order.

    The commit of `connection` is the decision; the server that holds the file carries it out. now: Unix
    seconds. Raises BadInput for an id that no held post has: then nothing may be committed."""
    decided: list[HeldPost] = []
    before: list[HeldPost] = []
    for number in dict.fromkeys(ids):
        post = find(connection, number)
        done = held.decide(connection, post.spool, post.entry, decision, now)
        (decided if done else before).append(post)
    return decided, before
