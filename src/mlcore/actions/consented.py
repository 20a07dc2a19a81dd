"""What a request to join or leave comes to once everybody has consented, and why it may come to nothing."""

import msgspec
from sqlalchemy import Connection

from mlcore.actions import members
from mlcore.actions.members import Person
from mlcore.lists.model import DEFAULTS, ListPolicy, Membership, Role, User
from mlcore.lists.subscriptions import Outcome
from mlcore.mail.address import BadAddress, key_of
from mlcore.store import addresses, memberships, preferences, users
from mlcore.store.requests import Request


def refusal(conn: Connection, policy: ListPolicy, request: Request) -> Outcome | None:
    """Why nobody may become a member by this, or needs to; None: no reason."""
    _, banned, of_lists = members.sort_out(conn, policy, [_person(request)])
    if banned:
        return Outcome.BANNED
    if of_lists:
        return Outcome.OF_LIST
    user = _user(conn, request)
    keys = [request.address_key] if user is None else [key_of(user.preferred_address), request.address_key]
    if memberships.on_list(conn, policy.list_id, Role.MEMBER, keys):
        return Outcome.ALREADY_MEMBER
    return None


def carry_out(conn: Connection, policy: ListPolicy, request: Request, now: float) -> Outcome:
    """Makes or ends the membership; nothing keeps anybody from it (`refusal`), or it has ended already
    (NOT_MEMBER). now: Unix seconds. Raises NoSuchList."""
    if request.kind == "unsubscription":
        found = memberships_to_end(conn, policy, request)
        members.end(conn, found, goodbye=request.welcome, now=now)
        return Outcome.UNSUBSCRIBED if found else Outcome.NOT_MEMBER
    user = _user(conn, request)
    if user is not None:
        _subscribe_user(conn, policy, request, user, now)
        return Outcome.SUBSCRIBED
    members.add(
        conn,
        policy,
        [_person(request)],
        mode=request.delivery_mode,
        status=request.delivery_status,
        welcome=request.welcome,
        now=now,
    )
    if request.language:
        (made,) = memberships.on_list(conn, policy.list_id, Role.MEMBER, [request.address_key])
        wanted = msgspec.structs.replace(made.preferences, preferred_language=request.language)
        preferences.set_of_member(conn, made.member_id, wanted)
    return Outcome.SUBSCRIBED


def is_verified(conn: Connection, address: str) -> bool:
    """Whether somebody has shown before that it is his."""
    known = addresses.get(conn, address)
    return known is not None and known.verified_at is not None


def member_to_leave(conn: Connection, policy: ListPolicy, address: str) -> Membership | None:
    """The membership that mail from `address` can ask to end: its own, or else, if it is verified, the first
    of its user. None also for what is no address."""
    try:
        key = key_of(address)
    except BadAddress:
        return None
    found = memberships.on_list(conn, policy.list_id, Role.MEMBER, [key])
    if not found and is_verified(conn, address):
        user = users.of_address(conn, address)
        found = [] if user is None else _of_user(conn, policy, user)
    return next(iter(found), None)


def memberships_to_end(conn: Connection, policy: ListPolicy, request: Request) -> list[Membership]:
    """Those of the address that was asked about; of its user only if it was the user's that was meant."""
    found = memberships.on_list(conn, policy.list_id, Role.MEMBER, [request.address_key])
    user = users.of_address(conn, request.address) if request.as_user and not found else None
    return found if user is None else [one for one in _of_user(conn, policy, user) if one.as_user]


def _subscribe_user(conn: Connection, policy: ListPolicy, request: Request, user: User, now: float) -> None:
    addresses.verify(conn, request.address, now)
    member_id = memberships.subscribe_user(conn, policy.list_id, user.user_id, Role.MEMBER, now)
    mode, status = request.delivery_mode, request.delivery_status
    made = memberships.membership(conn, member_id)
    assert made is not None
    wanted = msgspec.structs.replace(
        made.preferences,
        delivery_mode=None if mode is DEFAULTS.delivery_mode else mode,
        delivery_status=None if status is DEFAULTS.delivery_status else status,
        preferred_language=request.language or None,
    )
    preferences.set_of_member(conn, member_id, wanted)
    told = [(made.address, request.display_name or made.display_name)]
    members.became_members(conn, policy, told, welcome=request.welcome, now=now)


def _of_user(conn: Connection, policy: ListPolicy, user: User) -> list[Membership]:
    """The memberships of the user and of all his addresses on this list."""
    found = memberships.memberships_of_user(conn, user.user_id)
    return [one for one in found if one.list_id == policy.list_id and one.role is Role.MEMBER]


def _person(request: Request) -> Person:
    return Person(0, request.display_name, request.address, request.address_key)


def _user(conn: Connection, request: Request) -> User | None:
    """Who is to be the member himself; None: the address is, also where the user is gone meanwhile or
    prefers no address."""
    user = users.of_address(conn, request.address) if request.as_user else None
    return user if user is not None and user.preferred_address else None
