"""`mlcore members` and `mlcore findmember`."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

import click

from mlcore.cli.language import spoken
from mlcore.cli.listspec import LISTSPEC
from mlcore.cli.options import json_option, print_json
from mlcore.cli.output import OUTPUT_FILE, Output
from mlcore.cli.site import Site
from mlcore.cli.text import json_text, line
from mlcore.lists.model import DeliveryMode, DeliveryStatus, Member, Membership, Role

ROLES = {
    "any": tuple(Role),
    "owner": (Role.OWNER,),
    "moderator": (Role.MODERATOR,),
    "nonmember": (Role.NONMEMBER,),
    "member": (Role.MEMBER,),
    "administrator": (Role.OWNER, Role.MODERATOR),
}
ROLES_TO_FIND = {"all" if name == "any" else name: roles for name, roles in ROLES.items()}
DIGESTS = {
    "any": (DeliveryMode.PLAINTEXT_DIGESTS, DeliveryMode.MIME_DIGESTS, DeliveryMode.SUMMARY_DIGESTS),
    "plaintext": (DeliveryMode.PLAINTEXT_DIGESTS,),
    "mime": (DeliveryMode.MIME_DIGESTS, DeliveryMode.SUMMARY_DIGESTS),
}
STATUSES = {
    "enabled": (DeliveryStatus.ENABLED,),
    "any": tuple(status for status in DeliveryStatus if status is not DeliveryStatus.ENABLED),
    "unknown": (DeliveryStatus.UNKNOWN,),
    "byadmin": (DeliveryStatus.BY_MODERATOR,),
    "byuser": (DeliveryStatus.BY_USER,),
    "bybounces": (DeliveryStatus.BY_BOUNCES,),
}


def _removed(_ctx: click.Context, option: click.Parameter, value: str | None) -> None:
    """For options of which older versions of the incumbent knew more."""
    if value is not None:
        name = option.opts[-1]
        command = {"--add": "addmembers", "--delete": "delmembers", "--sync": "syncmembers"}[name]
        raise click.UsageError(f"The {name} option is removed. Use `mlcore {command}` instead.")


@click.command()
@click.option("-a", "--add", hidden=True, expose_value=False, callback=_removed)
@click.option("-x", "--delete", hidden=True, expose_value=False, callback=_removed)
@click.option("-s", "--sync", hidden=True, expose_value=False, callback=_removed)
@click.option("-o", "--output", type=OUTPUT_FILE, default="-", metavar="FILENAME", help="Write to FILENAME.")
@click.option(
    "-R",
    "--role",
    type=click.Choice(list(ROLES)),
    default="member",
    show_default=True,
    help="Those with this role.",
)
@click.option("-r", "--regular", is_flag=True, help="Only those who get each post by itself.")
@click.option("-d", "--digest", type=click.Choice(list(DIGESTS)), help="Only those who get this digest.")
@click.option(
    "-n", "--nomail", type=click.Choice(list(STATUSES)), help="Only those with this delivery status."
)
@click.option("-e", "--email-only", is_flag=True, help="No names.")
@click.option("-c", "--count-only", is_flag=True, help="Only their number.")
@click.option(
    "-N", "--no-change", is_flag=True, expose_value=False, help="Accepted; nothing is changed anyway."
)
@json_option
@click.argument("listspec", type=LISTSPEC)
@click.pass_obj
def members(
    site: Site,
    *,
    listspec: str,
    output: Output,
    role: str,
    regular: bool,
    digest: str | None,
    nomail: str | None,
    email_only: bool,
    count_only: bool,
    as_json: bool,
) -> None:
    """Show the members of a list, sorted by address."""
    from mlcore.actions import lists
    from mlcore.actions import members as action

    if role == "any" and (regular or digest or nomail):
        raise click.UsageError("The --regular, --digest and --nomail options are incompatible with role=any.")
    if email_only and count_only:
        raise click.UsageError("The --email_only and --count_only options are mutually exclusive.")
    with site.connection(read_only=True) as connection:
        policy = lists.find(connection, listspec)
        found = action.chosen(
            connection,
            policy.list_id,
            ROLES[role],
            modes=_modes(regular, digest),
            statuses=STATUSES[nomail] if nomail else tuple(DeliveryStatus),
        )
    with output as stream:
        if as_json:
            text = json_text([_shown(member) for member in found], stream, indent=2)
        elif count_only:
            text = str(len(found))
        elif not found:
            text = spoken("{list} has no members", list=policy.list_id)
        else:
            text = "\n".join(_line(member, email_only=email_only) for member in found)
        click.echo(text, file=stream)


@click.command()
@click.option(
    "-r",
    "--role",
    type=click.Choice(list(ROLES_TO_FIND)),
    default="all",
    show_default=True,
    help="Only memberships with this role.",
)
@json_option
@click.argument("pattern")
@click.pass_obj
def findmember(site: Site, *, role: str, pattern: str, as_json: bool) -> None:
    """Show the lists of those whose address matches.

    PATTERN is a regular expression that is searched in every address, without regard to case. Of a user
    with several addresses all memberships are shown, whichever address matches.
    """
    from mlcore.actions import persons

    with site.connection(read_only=True) as connection:
        found = persons.memberships_matching(connection, pattern, ROLES_TO_FIND[role])
    if as_json:
        print_json([_found(one) for one in found])
    elif found:
        click.echo("\n".join(_tree(found)))


def _tree(found: Sequence[Membership]) -> Iterator[str]:
    """Address, lists, roles; `found` is sorted so."""
    for address, of_address in itertools.groupby(found, lambda one: one.address):
        yield f"{spoken('Email')}: {line(address)}"
        for list_id, of_list in itertools.groupby(of_address, lambda one: one.list_id):
            yield f"    {spoken('List')}: {list_id}"
            yield from (f"        {role}" for role in _once(one.role.value for one in of_list))


def _once(texts: Iterable[str]) -> Iterable[str]:
    """In their order; an address and its user may have the same role."""
    return dict.fromkeys(texts)


def _modes(regular: bool, digest: str | None) -> tuple[DeliveryMode, ...]:
    """The modes asked for; both options together mean either."""
    if not regular and not digest:
        return tuple(DeliveryMode)
    return ((DeliveryMode.REGULAR,) if regular else ()) + (DIGESTS[digest] if digest else ())


def _line(member: Member, *, email_only: bool) -> str:
    if email_only or not member.display_name:
        return line(member.address)
    return line(f"{member.display_name} <{member.address}>")


def _shown(member: Member) -> dict[str, object]:
    return {
        "email": member.address,
        "display_name": member.display_name,
        "role": member.role.value,
        "delivery_mode": member.delivery_mode.value,
        "delivery_status": member.delivery_status.value,
    }


def _found(one: Membership) -> dict[str, object]:
    return {
        "email": one.address,
        "display_name": one.display_name,
        "list_id": one.list_id,
        "role": one.role.value,
        "member_id": one.member_id,
        "user_id": one.user_id,
        "subscription_mode": "as_user" if one.as_user else "as_address",
    }
