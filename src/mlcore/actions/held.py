"""Held posts: what waits for a moderator, and what a moderator says."""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection

from mlcore.actions.members import reads_itself
from mlcore.base.errors import BadInput
from mlcore.lists import tokens
from mlcore.lists.model import Action, ListPolicy, Member, Membership, Role
from mlcore.mail.address import BadAddress, key_of, parse
from mlcore.store import addresses, held, lists, members, memberships
from mlcore.store.held import Decision, HeldPost

MOST_FORWARDED: Final = 20
"""Addresses that one post is forwarded to: a person writes them down."""
LONGEST_COMMENT: Final = 10_000
"""Characters of what a moderator writes to an author."""


def waiting(connection: Connection, list_id: str | None = None) -> list[HeldPost]:
    """Posts (of one list) without a decision, oldest first."""
    return held.matching(connection, list_id=list_id or "")


def chosen(
    connection: Connection, *, list_id: str = "", sender: str = "", held_before: float | None = None
) -> list[HeldPost]:
    """The posts without a decision that all of these are true of, oldest first. sender: an address in any
    spelling, or `@domain`; held_before: Unix seconds."""
    return held.matching(connection, list_id=list_id, sender=sender, held_before=held_before)


def find(connection: Connection, number: int) -> HeldPost:
    """The post that moderators call `number`, decided or not. Raises BadInput if there is none."""
    return find_all(connection, [number])[0]


def find_all(connection: Connection, numbers: Iterable[int]) -> list[HeldPost]:
    """As `find` for several, each once, in their order."""
    wanted = list(dict.fromkeys(numbers))
    found = held.by_ids(connection, wanted)
    for number in wanted:
        if number not in found:
            raise BadInput(f"No such held post: {number}", "`mlcore held list` shows those there are")
    return [found[number] for number in wanted]


def by_token(connection: Connection, list_id: str, token: str) -> HeldPost | None:
    """The post of this list that the owners were told this token of; None: there is none such, or a decision
    was taken."""
    if not tokens.is_token(token):
        return None
    return held.by_token(connection, list_id, tokens.token_hash(token))


def decide(
    connection: Connection,
    ids: Iterable[int],
    decision: Decision,
    *,
    comment: str = "",
    forward_to: Sequence[str] = (),
    preserve: bool = False,
    accept_sender: bool = False,
    now: float,
) -> tuple[list[HeldPost], list[HeldPost]]:
    """Writes down one decision for several posts: (decided now, decided by somebody before), in order.

    The commit of `connection` is the decision; the server that holds the file carries it out. comment: for
    the author of a post that is refused; forward_to: who gets a copy; preserve: whether one goes to bad/;
    accept_sender: from now on posts of these senders are let through, see `accept_sender`. now: Unix seconds.
    Raises BadInput for an id that no held post has, a comment that is too long and an address that cannot be
    forwarded to: then nothing may be committed."""
    posts = find_all(connection, ids)
    text = _comment(comment)
    copies = _checked(connection, posts, forward_to)
    decided: list[HeldPost] = []
    before: list[HeldPost] = []
    for post in posts:
        done = held.decide(
            connection,
            post.spool,
            post.entry,
            decision,
            now,
            comment=text,
            forward_to=copies,
            preserve=preserve,
        )
        (decided if done else before).append(post)
    if accept_sender:
        for list_id, sender in dict.fromkeys((post.list_id, post.sender) for post in decided):
            accept_from(connection, list_id, sender, now)
    return decided, before


def forward(connection: Connection, ids: Iterable[int], addresses: Sequence[str]) -> list[HeldPost]:
    """Copies of these posts go to `addresses`, and the posts go on waiting; those a decision was taken about
    are left out of the result, and go nowhere. Raises BadInput as `decide`."""
    posts = find_all(connection, ids)
    copies = _checked(connection, posts, addresses)
    if not copies:
        raise BadInput("nobody to forward to", "give an address")
    open_ = [post for post in posts if post.decision is None]
    for post in open_:
        held.forward(connection, post.spool, post.entry, copies)
    return open_


def accept_from(connection: Connection, list_id: str, sender: str, now: float) -> bool:
    """From now on posts of `sender` to this list are let through; whether anything had to change.

    A member who is moderated, by whichever of his addresses, gets the moderation action accept; who is no
    member becomes a nonmember with it. now: Unix seconds. False also for what is no address. Raises
    NoSuchList."""
    try:
        key = key_of(sender)
    except BadAddress:
        return False
    policy = lists.get(connection, list_id)
    if policy is None:
        raise lists.NoSuchList(list_id)
    found = _members(connection, policy, key)
    if found:
        changed = [one for one in found if _is_moderated(one, policy)]
    else:
        stranger = Member(address=sender, role=Role.NONMEMBER)
        members.add_many(connection, list_id, [stranger], now)
        found = memberships.on_list(connection, list_id, Role.NONMEMBER, [key])
        changed = [one for one in found if one.moderation_action is not Action.ACCEPT]
    for one in changed:
        memberships.change(connection, one.member_id, moderation_action=Action.ACCEPT)
    return bool(changed)


def _members(connection: Connection, policy: ListPolicy, key: str) -> list[Membership]:
    """The memberships by which posts from the address `key` are those of a member."""
    address = addresses.get(connection, key)
    if address is None:
        return []
    if not address.user_id:
        return memberships.on_list(connection, policy.list_id, Role.MEMBER, [key])
    return [
        one
        for one in memberships.memberships_of_user(connection, address.user_id)
        if one.list_id == policy.list_id and one.role is Role.MEMBER
    ]


def _is_moderated(one: Membership, policy: ListPolicy) -> bool:
    action = one.moderation_action or policy.default_member_action
    return action not in {Action.ACCEPT, Action.DEFER}


def _comment(text: str) -> str:
    """Without what no mail and no database takes: controls but line feeds and tabs. Raises BadInput."""
    if len(text) > LONGEST_COMMENT:
        raise BadInput("the reason is too long", f"at most {LONGEST_COMMENT} characters")
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join([sign for sign in unix if sign in "\n\t" or (sign >= " " and sign != "\x7f")])
    return kept.encode("utf-8", "replace").decode().strip()


def _checked(connection: Connection, posts: Iterable[HeldPost], wanted: Sequence[str]) -> tuple[str, ...]:
    """The addresses, each once, as they are spelt. Raises BadInput: too many, or one that a list of the posts
    reads itself, so that the copy would be a post, a command or a bounce."""
    if not wanted:
        return ()
    if len(wanted) > MOST_FORWARDED:
        raise BadInput("too many addresses to forward to", f"at most {MOST_FORWARDED}")
    parsed = {address.key: str(address) for address in map(parse, wanted)}
    for list_id in dict.fromkeys(post.list_id for post in posts):
        policy = lists.get(connection, list_id)
        for key, spelt in parsed.items():
            if policy is not None and reads_itself(connection, policy, key):
                raise BadInput(f"{spelt} cannot be forwarded to", "a list of this site reads it itself")
    return tuple(parsed.values())
