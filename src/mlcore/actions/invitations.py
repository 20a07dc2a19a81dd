"""Members that others bring: invited, or made members at once where the site trusts its owners so far."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from mlcore.actions import members
from mlcore.actions.members import Added, Person
from mlcore.actions.subscriptions import Office
from mlcore.lists.model import DeliveryMode, DeliveryStatus, ListPolicy
from mlcore.lists.subscriptions import Outcome

CHUNK = 100
"""People invited in one transaction: each costs a dozen statements, and others wait to write."""


@dataclass(frozen=True, slots=True)
class Invited:
    """What became of the people; each part in their order. pending: something was open already; of_lists:
    addresses that a list reads itself; too_many: they have had as many as they may, for today."""

    invited: tuple[Person, ...]
    already: tuple[Person, ...]
    pending: tuple[Person, ...]
    banned: tuple[Person, ...]
    of_lists: tuple[Person, ...]
    too_many: tuple[Person, ...]


def invite(
    connection: Connection,
    office: Office,
    policy: ListPolicy,
    people: Iterable[Person],
    *,
    mode: DeliveryMode = DeliveryMode.REGULAR,
    status: DeliveryStatus = DeliveryStatus.ENABLED,
    welcome: bool | None = None,
    cause: str,
    now: float,
) -> Invited:
    """Invites `people`, at most some `CHUNK` of them; who accepts is a member, whatever the policy is.
    mode, status and welcome are for then; cause: who invites. now: Unix seconds. Raises NoSuchList."""
    found: dict[Outcome, list[Person]] = {}
    for one in people:
        outcome = office.join(
            connection,
            policy,
            one,
            mode=mode,
            status=status,
            invitation=True,
            welcome=welcome,
            cause=cause,
            now=now,
        )
        found.setdefault(outcome, []).append(one)

    def part(outcome: Outcome) -> tuple[Person, ...]:
        return tuple(found.get(outcome, ()))

    return Invited(
        invited=part(Outcome.INVITED),
        already=part(Outcome.ALREADY_MEMBER),
        pending=part(Outcome.PENDING),
        banned=part(Outcome.BANNED),
        of_lists=part(Outcome.OF_LIST),
        too_many=part(Outcome.TOO_MANY),
    )


def bring(
    connection: Connection,
    office: Office,
    policy: ListPolicy,
    people: Iterable[Person],
    *,
    mode: DeliveryMode = DeliveryMode.REGULAR,
    status: DeliveryStatus = DeliveryStatus.ENABLED,
    welcome: bool | None = None,
    notify: bool | None = None,
    cause: str,
    now: float,
) -> Added | Invited:
    """What owners of a list do with people who have not asked: `members.add`, or `invite` where the site
    wants everybody asked (`Office.invite_only`). At most some `CHUNK` people."""
    if office.invite_only:
        return invite(
            connection,
            office,
            policy,
            people,
            mode=mode,
            status=status,
            welcome=welcome,
            cause=cause,
            now=now,
        )
    return members.add(
        connection, policy, people, mode=mode, status=status, welcome=welcome, notify=notify, now=now
    )
