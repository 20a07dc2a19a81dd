"""Owners and moderators of a list."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from mlcore.base.errors import BadInput
from mlcore.lists.addressing import candidates
from mlcore.lists.bans import BanTest
from mlcore.lists.model import ListPolicy, Member, Role
from mlcore.mail.address import BadAddress, key_of, parse_line
from mlcore.store import bans, members


class Outcome(NamedTuple):
    """Who was added or deleted, and of whom it was true already; as they were written, in order."""

    done: tuple[str, ...]
    without_effect: tuple[str, ...]


def people(texts: Sequence[str], role: Role, wrong: str) -> list[Member]:
    """Those named by `texts`, `a@b` or `Name <a@b>` each, in this role. Raises BadInput with `wrong` and all
    that are no addresses."""
    found, illegal = [], []
    for text in texts:
        try:
            name, address = parse_line(text)
        except BadAddress:
            illegal.append(text)
            continue
        found.append(Member(address=str(address), display_name=name, role=role))
    if illegal:
        raise BadInput(f"{wrong}: {', '.join(illegal)}")
    return found


def install(connection: Connection, policy: ListPolicy, wanted: Sequence[Member], now: float) -> list[Member]:
    """Gives them their roles; those who had theirs already. now: Unix seconds. Raises BadInput for the
    list's own addresses, whose mail would come back to it, and for addresses that are banned."""
    for member in wanted:
        if any(
            (one.list_name, one.mail_host) == (policy.list_name, policy.mail_host)
            for one in candidates(member.address)
        ):
            raise BadInput(f"{member.address} is an address of the list itself", "name a person")
    is_banned = BanTest(bans.for_list(connection, policy.list_id))
    banned = [member.address for member in wanted if is_banned(key_of(member.address))]
    if banned:
        raise BadInput(f"Membership is banned: {', '.join(banned)}", "`mlcore bans` shows by what")
    return members.add_many(connection, policy.list_id, wanted, now)[1]


def add(
    connection: Connection, policy: ListPolicy, texts: Sequence[str], *, role: Role, now: float
) -> Outcome:
    """Makes owners or moderators of them. now: Unix seconds. Raises BadInput, see `people` and `install`."""
    wanted = people(texts, role, "Invalid email address")
    already = {key_of(member.address) for member in install(connection, policy, wanted, now)}
    return _split([member.address for member in wanted], already)


def delete(connection: Connection, policy: ListPolicy, texts: Sequence[str], *, role: Role) -> Outcome:
    """Ends this role of theirs; their addresses, users and other roles stay. Raises BadInput for what is no
    address."""
    named = [member.address for member in people(texts, role, "Invalid email address")]
    absent = {
        key_of(address)
        for address in named
        if not members.remove_many(connection, policy.list_id, [address], role=role)
    }
    return _split(named, absent)


def _split(addresses: Sequence[str], idle: set[str]) -> Outcome:
    return Outcome(
        tuple(address for address in addresses if key_of(address) not in idle),
        tuple(address for address in addresses if key_of(address) in idle),
    )
