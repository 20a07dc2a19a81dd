"""`mlcore lists_members`: memberships as JSON Lines, for scripts."""

from collections.abc import Iterator
from typing import Final

import click

from mlcore.cli.lists_conf import chosen
from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.site import Site
from mlcore.lists.model import Membership, Role

_ROLES: Final[dict[str, tuple[Role | None, ...]]] = {
    "any": (None,),
    "member": (Role.MEMBER,),
    "owner": (Role.OWNER,),
    "moderator": (Role.MODERATOR,),
    "nonmember": (Role.NONMEMBER,),
    "administrator": (Role.OWNER, Role.MODERATOR),
}
_AT_ONCE: Final = 2_000
"""Memberships ended in one transaction: nobody else can write for longer than that takes."""


@click.command(name="lists_members")
@click.option("--role", type=click.Choice(list(_ROLES)), help="Only memberships in this role; default: any.")
@click.option("--delete", is_flag=True, help="End those memberships, and print them.")
@click.argument("specs", metavar="[LISTSPEC]...", type=LISTSPEC, nargs=-1)
@click.pass_obj
def lists_members(site: Site, *, role: str | None, delete: bool, specs: tuple[str, ...]) -> None:
    """Print the members of lists, as JSON Lines: one object for each membership.

    Without LISTSPEC: those of every list. Lists come sorted by List-ID, the memberships of each in the order
    in which they were made. --delete asks nothing and tells nobody, neither members nor owners; --role and
    LISTSPEC have to be given with it. Addresses and users stay known.
    """
    from mlcore.cli.jsonlines import shown_membership, write_lines

    if delete and not (role and specs):
        raise click.UsageError("--delete requires --role and LISTSPEC")
    roles = _ROLES[role or "any"]
    with site.connection(read_only=True) as connection:
        list_ids = [policy.list_id for policy in chosen(connection, specs)]
    for list_id in list_ids:
        for one_role in roles:
            found = (_deleted if delete else _found)(site, list_id, one_role)
            write_lines(map(shown_membership, found))


def _found(site: Site, list_id: str, role: Role | None) -> Iterator[Membership]:
    """As they are read: a list of any length is never held as a whole."""
    from mlcore.store.memberships import all_memberships

    with site.connection(read_only=True) as connection:
        yield from all_memberships(connection, list_id=list_id, role=role)


def _deleted(site: Site, list_id: str, role: Role | None) -> Iterator[Membership]:
    """Each batch once it is committed; after an error the ones before it are gone, and were printed."""
    from mlcore.store.memberships import all_memberships, remove

    while True:
        with site.connection() as connection:
            batch = list(all_memberships(connection, list_id=list_id, role=role, most=_AT_ONCE))
            remove(connection, [membership.member_id for membership in batch])
        yield from batch
        if len(batch) < _AT_ONCE:
            return
