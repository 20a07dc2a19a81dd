"""`mlcore addmembers` and `mlcore members`."""

from typing import IO

import click

from mlcore.cli.options import json_option, print_json
from mlcore.cli.site import Site
from mlcore.lists.model import DeliveryMode, DeliveryStatus, Member, Role

DELIVERY = {
    "regular": DeliveryMode.REGULAR,
    "mime": DeliveryMode.MIME_DIGESTS,
    "plain": DeliveryMode.PLAINTEXT_DIGESTS,
    "summary": DeliveryMode.SUMMARY_DIGESTS,
    "disabled": DeliveryMode.REGULAR,
}
ROLES = {
    "any": tuple(Role),
    "owner": (Role.OWNER,),
    "moderator": (Role.MODERATOR,),
    "nonmember": (Role.NONMEMBER,),
    "member": (Role.MEMBER,),
    "administrator": (Role.OWNER, Role.MODERATOR),
}
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


@click.command()
@click.option(
    "-d",
    "--delivery",
    type=click.Choice(list(DELIVERY), case_sensitive=False),
    default="regular",
    show_default=True,
    help="How posts reach them.",
)
@click.argument("file", metavar="FILENAME", type=click.File("r", encoding="utf-8", errors="surrogateescape"))
@click.argument("listspec")
@click.pass_context
def addmembers(ctx: click.Context, file: IO[str], listspec: str, delivery: str) -> None:
    """Add members to a list.

    FILENAME (- for standard input) holds one address in each line, `anne@example.com` or
    `Anne <anne@example.com>`; blank lines and those that begin with # are skipped. A line that is no
    address is reported and skipped; the exit status is then 1.
    """
    from mlcore.actions import lists
    from mlcore.actions import members as action
    from mlcore.lists.plain import escaped
    from mlcore.mail.words import one_line

    site: Site = ctx.obj
    status = DeliveryStatus.BY_MODERATOR if delivery == "disabled" else DeliveryStatus.ENABLED
    with site.connection() as connection:
        policy = lists.find(connection, listspec)
        result = action.add(
            connection, policy.list_id, file, mode=DELIVERY[delivery], status=status, now=site.now()
        )
    for line in result.bad:
        text = one_line(line.text) if line.text.isprintable() else escaped(line.text, 200)
        reason = one_line(line.reason)
        click.echo(
            f"Cannot parse as valid email address (skipping): {text} (line {line.number}: {reason})", err=True
        )
    for member in result.already:
        click.echo(f"Already subscribed (skipping): {member.address}", err=True)
    if result.bad:
        ctx.exit(1)


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.File("w", encoding="utf-8", lazy=False),
    default="-",
    metavar="FILENAME",
    help="Write to FILENAME.",
)
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
@json_option
@click.argument("listspec")
@click.pass_obj
def members(
    site: Site,
    *,
    listspec: str,
    output: IO[str],
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
    if as_json:
        print_json([_shown(member) for member in found])
    elif count_only:
        click.echo(len(found), file=output)
    elif not found:
        click.echo(f"{policy.list_id} has no members", file=output)
    else:
        click.echo("\n".join(_line(member, email_only=email_only) for member in found), file=output)


def _modes(regular: bool, digest: str | None) -> tuple[DeliveryMode, ...]:
    """The modes asked for; both options together mean either."""
    if not regular and not digest:
        return tuple(DeliveryMode)
    return ((DeliveryMode.REGULAR,) if regular else ()) + (DIGESTS[digest] if digest else ())


def _line(member: Member, *, email_only: bool) -> str:
    if email_only or not member.display_name:
        return member.address
    return f"{member.display_name} <{member.address}>"


def _shown(member: Member) -> dict[str, object]:
    return {
        "email": member.address,
        "display_name": member.display_name,
        "role": member.role.value,
        "delivery_mode": member.delivery_mode.value,
        "delivery_status": member.delivery_status.value,
    }
